"""The station, opened: a clock and connected, identified instruments; simulated or not, by the same code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from instruments.clock import Clock, VirtualClock, WallClock
from instruments.drivers import DriverError, load_driver
from instruments.errors import InstrumentError
from instruments.interfaces import AmbientSensor, Balance, Instrument, PressureInput, Pump, ValveLines
from rig.acquisition.acquisition import SampledInstruments
from rig.run_header import Prepared
from rig.safety.interlocks import InterlockLimits
from rig.station_file import DeviceEntry, StationFile
from rig.station_tables import SamplingTable
from rig.twin import Addresses, RunningTwin, read_addresses, resolve, start_twin
from rig.valves import PUMP_POWER

ROLES = ("lines", "pump", "balance", "ambient", "pressure")
"""In the order of opening: a pump behind a power relay answers only when the relay is on."""


class StationError(Exception):
    """A station that cannot be used, with one message per instrument that is at fault."""

    def __init__(self, station: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join([f"station {station!r} cannot be used:", *(f"  {fault}" for fault in faults)]))


@dataclass(frozen=True, slots=True)
class Station:
    """A station whose instruments have all answered to their names."""

    file: StationFile
    clock: Clock
    pump: Pump
    balance: Balance
    ambient: AmbientSensor
    pressure: PressureInput
    lines: ValveLines
    twin: RunningTwin | None
    close: Callable[[], None]

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

    @property
    def interlock_limits(self) -> InterlockLimits:
        """What the interlocks watch for."""
        limits = self.file.limits
        return InterlockLimits(
            burst_pressure_kpa=limits.burst_pressure_kpa,
            vessel_full_g=limits.vessel_full_g,
            silent_after_s=limits.silent_after_s,
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

    def write_truth(self, path: Path) -> None:
        """Save what the digital twin really did, where there is one in this process."""
        if self.twin is not None:
            self.twin.write_truth(path)


def open_station(file: StationFile, *, virtual: bool, seed: int) -> Station:
    """Open a station: every instrument connected and identified, or `StationError` with the fault of each."""
    clock: Clock = VirtualClock() if virtual else WallClock()
    with ExitStack() as closing:
        twin: RunningTwin | None = None
        addresses: Addresses = {}
        if file.attach is not None:
            addresses = read_addresses(file.attach)
        elif file.is_simulated:
            twin = start_twin(file, clock=clock, seed=seed)
            closing.callback(twin.close)
            addresses = twin.addresses()
        opened: dict[str, Instrument] = {}
        faults: list[str] = []
        devices = (file.lines, file.pump, file.balance, file.ambient, file.pressure)
        for role, entry in zip(ROLES, devices, strict=True):
            try:
                opened[role] = _open(role, entry, clock, addresses)
            except (InstrumentError, DriverError) as error:
                faults.append(str(error))
            else:
                closing.callback(opened[role].close)
                if role == "lines" and file.power.relay:
                    _power_on(cast(ValveLines, opened[role]), faults)
        if faults:
            raise StationError(file.id, faults)
        return Station(
            file=file,
            clock=clock,
            pump=cast(Pump, opened["pump"]),
            balance=cast(Balance, opened["balance"]),
            ambient=cast(AmbientSensor, opened["ambient"]),
            pressure=cast(PressureInput, opened["pressure"]),
            lines=cast(ValveLines, opened["lines"]),
            twin=twin,
            close=closing.pop_all().close,
        )


def _power_on(lines: ValveLines, faults: list[str]) -> None:
    try:
        lines.write(PUMP_POWER, True)
    except InstrumentError as error:
        faults.append(str(error))


def _open(role: str, entry: DeviceEntry, clock: Clock, addresses: Addresses) -> Instrument:
    driver = load_driver(role, entry.driver)
    options, grpc_address = resolve(entry.options, addresses)
    if grpc_address is None:
        return driver.open(entry.name, options, clock)
    if driver.open_on_server is None:
        raise DriverError(f"driver {entry.driver!r} for the {role} cannot talk to an NI device server")
    return driver.open_on_server(entry.name, options, clock, grpc_address)
