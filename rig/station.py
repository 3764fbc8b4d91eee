"""The station, opened: a clock and connected, identified instruments; simulated or not, by the same code."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from instruments.clock import Clock, VirtualClock, WallClock
from instruments.errors import InstrumentError
from instruments.interfaces import AmbientSensor, Balance, Instrument, PressureInput, Pump, ValveLines
from rig.acquisition.acquisition import SampledInstruments
from rig.cases.sampling import burst_trip_kpa
from rig.opening import ROLES, Opening
from rig.ownership.hold import HeldByAnother, Hold
from rig.ownership.instruments import hold_instruments, release_all
from rig.ownership.state import state_folder
from rig.run_header import TWIN_IN_PROCESS, Prepared
from rig.safety.interlocks import InterlockLimits
from rig.safety.safe_state import SafeState
from rig.safety.undisturbed import undisturbed
from rig.stations.device import Device
from rig.stations.file import DeviceEntry, StationFile
from rig.stations.tables import SamplingTable
from rig.stations.twin import Addresses, RunningTwin, read_addresses, resolve, start_twin
from rig.valves import PUMP_POWER
from rig.watchdog.client import Watchdog, WatchdogError
from rig.watchdog.duty import Duty, Times


class StationError(Exception):
    """A station that cannot be used, with one message per instrument that is at fault."""

    def __init__(self, station: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join([f"station {station!r} cannot be used:", *(f"  {fault}" for fault in faults)]))


NOT_SAFE = "THE BENCH IS NOT SAFE"


class UnsafeStation(StationError):
    """A station that could not be opened, and whose bench could not be left safe either: somebody has to look."""


@dataclass(frozen=True, slots=True)
class Station:
    """A station whose instruments have all answered to their names.

    `close` gives back everything but the watchdog: it guards until the run is closed, and its user releases it.
    """

    file: StationFile
    clock: Clock
    pump: Pump
    balance: Balance
    ambient: AmbientSensor
    pressure: PressureInput
    lines: ValveLines
    safe_state: SafeState
    watchdog: Watchdog | None
    twin: RunningTwin | None
    close: Callable[[], None]

    def undisturbed(self, deferring: Callable[[], AbstractContextManager[None]]) -> Station:
        """Return the same station for a protocol: no signal comes between begin and end of a command."""
        return replace(
            self,
            pump=undisturbed(self.pump, deferring),
            balance=undisturbed(self.balance, deferring),
            ambient=undisturbed(self.ambient, deferring),
            pressure=undisturbed(self.pressure, deferring),
            lines=undisturbed(self.lines, deferring),
        )

    @property
    def id(self) -> str:
        """The station's name."""
        return self.file.id

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """The instruments by their names."""
        return {one.name: one for one in (self.pump, self.balance, self.ambient, self.pressure, self.lines)}

    def sampled(self, sampling: SamplingTable) -> SampledInstruments:
        """Return what is sampled, and how often."""
        return SampledInstruments(
            pump=self.pump,
            balance=self.balance,
            ambient=self.ambient,
            pressure=self.pressure,
            balance_period_s=sampling.balance_period_s,
            ambient_period_s=sampling.ambient_period_s,
            telemetry_period_s=sampling.telemetry_period_s,
            pressure_rate_hz=sampling.pressure_rate_hz,
            pressure_block_s=sampling.pressure_block_s,
        )

    def interlock_limits(self, sampling: SamplingTable) -> InterlockLimits:
        """What the interlocks watch for."""
        limits = self.file.limits
        return InterlockLimits(
            burst_pressure_kpa=burst_trip_kpa(self.file, sampling),
            vessel_full_g=limits.vessel_full_g,
            silent_after_s=limits.silent_after_s,
            air_temperature_c=limits.air_temperature_c,
        )

    def prepare(self) -> dict[str, Prepared]:
        """Set what matters on every instrument; raises `StationError` with all that could not be set."""
        prepared: dict[str, Prepared] = {}
        faults: list[str] = []
        for name, instrument in self.instruments.items():
            try:
                prepared[name] = Prepared(instrument.identify(), instrument.configure())
            except InstrumentError as error:
                faults.append(str(error))
        if faults:
            raise StationError(self.id, faults)
        return prepared

    def end_now(self, why: str) -> None:
        """Make the bench safe, unless it is; in any thread."""
        if not self.safe_state.is_entered:
            self.safe_state.enter(why)

    def write_truth(self, path: Path) -> None:
        """Save what the digital twin really did, where there is one in this process."""
        if self.twin is not None:
            self.twin.write_truth(path)


def open_station(
    file: StationFile,
    *,
    virtual: bool,
    seed: int,
    deferring: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Station:
    """Open a station: every instrument connected and identified, or `StationError` with the fault of each.

    On a shared bench its watchdog runs before anything else. A station that cannot be opened whole is left safe: a pump
    that was reached is stopped, a relay dropped. `deferring` keeps signals away from what must not be left half done.
    """
    clock: Clock = VirtualClock() if virtual else WallClock()
    with ExitStack() as unless_opened, ExitStack() as closing:
        twin: RunningTwin | None = None
        addresses: Addresses = {}
        if file.attach is not None:
            addresses = read_addresses(file.attach)
        elif file.is_simulated:
            twin = start_twin(file, clock=clock, seed=seed)
            closing.callback(twin.close)
            addresses = twin.addresses()
        entries = (file.lines, file.pump, file.balance, file.ambient, file.pressure)
        devices = {role: _device(role, entry, addresses) for role, entry in zip(ROLES, entries, strict=True)}
        if file.is_shared:
            closing.callback(release_all, _held(file, devices))
        watchdog = _start_watchdog(file, devices) if file.is_shared else None
        if watchdog is not None:
            unless_opened.callback(watchdog.release)
            devices["lines"] = devices["lines"].with_lines(without=PUMP_POWER)
        opening = Opening(devices, clock=clock, relay=watchdog if file.power.relay else None)
        try:
            opening.open_all(has_relay=file.power.relay, closing=closing, deferring=deferring)
            if opening.faults:
                raise StationError(file.id, opening.faults)
        except BaseException as error:
            with deferring():
                _leave_safe(file, opening.safe_state(), watchdog, error)
            raise
        unless_opened.pop_all()
        return Station(
            file=file,
            clock=clock,
            pump=cast(Pump, opening.opened["pump"]),
            balance=cast(Balance, opening.opened["balance"]),
            ambient=cast(AmbientSensor, opening.opened["ambient"]),
            pressure=cast(PressureInput, opening.opened["pressure"]),
            lines=cast(ValveLines, opening.opened["lines"]),
            safe_state=opening.safe_state(),
            watchdog=watchdog,
            twin=twin,
            close=closing.pop_all().close,
        )


def watchdog_words(station: Station) -> Mapping[str, object] | str:
    """Return what the record says of the watchdog that guards a run on this station."""
    if station.watchdog is None:
        return TWIN_IN_PROCESS
    return station.watchdog.describe()


def _leave_safe(file: StationFile, safe_state: SafeState, watchdog: Watchdog | None, error: BaseException) -> None:
    report = safe_state.enter(str(error) or type(error).__name__)
    if watchdog is not None:
        watchdog.note_end(report)
    if not report.is_safe:
        faults = error.faults if isinstance(error, StationError) else (str(error) or type(error).__name__,)
        raise UnsafeStation(file.id, [*faults, f"{NOT_SAFE}: {report.failures}"]) from error


def _held(file: StationFile, devices: Mapping[str, Device]) -> list[Hold]:
    try:
        return hold_instruments(devices.values(), run_on=f"station {file.id!r}")
    except (HeldByAnother, OSError) as error:
        raise StationError(file.id, [str(error)]) from error


def _start_watchdog(file: StationFile, devices: Mapping[str, Device]) -> Watchdog:
    duty = Duty(
        rig_pid=os.getpid(),
        station=file.id,
        times=Times(timeout_s=file.watchdog.timeout_s, closing_s=file.watchdog.closing_s),
        pump=devices["pump"],
        lines=devices["lines"],
        relay=file.power.relay,
        state=state_folder(file.path),
    )
    try:
        return Watchdog(duty)
    except (WatchdogError, OSError) as error:
        raise StationError(file.id, [f"watchdog: {error}"]) from error


def _device(role: str, entry: DeviceEntry, addresses: Addresses) -> Device:
    options, grpc_address = resolve(entry.options, addresses)
    return Device(role, entry.name, entry.driver, options, grpc_address)
