"""What a station's devices must have for the rig to work with them, beyond what each driver checks by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from rig.configuration import Fault
from rig.stations.tables import SamplingTable, StationTables
from rig.valves import OCCLUDER, OUTLET, PUMP_POWER

_CHANNEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def device_contradictions(options: Mapping[str, BaseModel], station: StationTables) -> Iterator[Fault]:
    """Yield what is wrong between the devices' checked options and the rest of the station.

    `options` holds only devices without faults, and `station` lacks what is faulty: checks that need more are left out.
    """
    yield from telemetry_faults(options.get("pump"), getattr(station, "sampling", None))
    yield from _watchdog_comes_first(options.get("pump"), station)
    yield from _something_stops_the_pump(options.get("pump"), station)
    yield from _channels_name_streams(options.get("pressure"))
    yield from _lines_are_there(options.get("lines"), station)


def telemetry_faults(pump: BaseModel | None, sampling: SamplingTable | None) -> Iterator[Fault]:
    """Yield what is wrong where the pump would be asked too seldom to go on."""
    timeout_s = getattr(pump, "communication_timeout_s", 0)
    period_s = getattr(sampling, "telemetry_period_s", 0.0)
    if timeout_s != 0 and period_s >= timeout_s:
        problem = (
            f"{period_s:g} s is not shorter than the pump's communication time-out, {timeout_s:g} s: it would stop"
        )
        yield Fault("sampling.telemetry_period_s", problem)


def _watchdog_comes_first(pump: BaseModel | None, station: StationTables) -> Iterator[Fault]:
    communication_s = getattr(pump, "communication_timeout_s", 0)
    timeout_s = getattr(getattr(station, "watchdog", None), "timeout_s", 0.0)
    if getattr(station, "is_shared", False) and communication_s != 0 and timeout_s >= communication_s:
        problem = (
            f"{timeout_s:g} s is not shorter than the pump's communication time-out, {communication_s:g} s: "
            "the pump would stop before the watchdog acts"
        )
        yield Fault("watchdog.timeout_s", problem)


def _something_stops_the_pump(pump: BaseModel | None, station: StationTables) -> Iterator[Fault]:
    relay = getattr(getattr(station, "power", None), "relay", None)
    timeout_s = getattr(pump, "communication_timeout_s", None)
    if relay is False and timeout_s == 0:
        problem = "0 (off) in a station without a power relay: nothing would stop the pump when the rig cannot"
        yield Fault("pump.communication_timeout_s", problem)


def _channels_name_streams(pressure: BaseModel | None) -> Iterator[Fault]:
    for number, channel in enumerate(getattr(pressure, "channels", ()), start=1):
        if not _CHANNEL_NAME.fullmatch(channel.name):
            problem = f"found {channel.name!r}; wanted letters, digits and _, a letter first: it names a stream"
            yield Fault(f"pressure.channels[{number}].name", problem)


def _lines_are_there(lines: BaseModel | None, station: StationTables) -> Iterator[Fault]:
    if lines is None:
        return
    names = [line.name for line in getattr(lines, "lines", ())]
    for needed in (OUTLET, OCCLUDER):
        if needed not in names:
            yield Fault("lines.lines", f"no line is named {needed!r}; the rig needs it")
    relay = getattr(getattr(station, "power", None), "relay", None)
    if relay is True and PUMP_POWER not in names:
        yield Fault("power.relay", f"true, but no line is named {PUMP_POWER!r}")
    if relay is False and PUMP_POWER in names:
        yield Fault("power.relay", f"false, but there is a line named {PUMP_POWER!r}")
