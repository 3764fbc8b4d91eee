"""The tables of a station file, and what must not be said in one station together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from results.after_check import AfterCheck
from results.bench import GravimetricBench
from rig.configuration import Listed, Section
from rig.configuration.expected import Location
from rig.configuration.section import Contradictions

DEVICES = ("pump", "balance", "ambient", "pressure", "lines")
"""The device tables of a station."""

TWIN_SCHEME = "twin://"
TWIN_ADDRESSES = ("pump", "balance", "balance_serial", "balance_sbi", "ambient", "daq", "ports")
"""What can stand after `twin://`: the devices a twin has addresses for, and the pattern of all its serial ports."""

Text = Annotated[str, Field(min_length=1)]


class StationTable(Section):
    """`[station]`: what station this is."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="letters, digits, - and _")]
    title: Text
    kind: Literal["simulated", "hardware"]


class TwinTable(Section):
    """`[twin]`: where a simulated station's truth is, and where a twin already runs."""

    file: Text = "twin.toml"
    attach: Text | None = None


class SamplingTable(Section):
    """`[sampling]`: how often each instrument is read, s of station time."""

    balance_period_s: float = Field(default=1.0, ge=0.1, le=60)
    ambient_period_s: float = Field(default=10.0, ge=1, le=600)
    telemetry_period_s: float = Field(default=10.0, ge=1, le=600)
    pressure_rate_hz: float = Field(default=10.0, ge=0.1, le=1000)
    pressure_block_s: float = Field(default=10.0, ge=0.1, le=60)

    def slowest_s(self) -> float:
        """Return the longest time between two looks at an instrument."""
        return max(self.balance_period_s, self.ambient_period_s, self.telemetry_period_s, self.pressure_block_s)

    def fastest_s(self) -> float:
        """Return the shortest time between two looks at instruments: how often a heartbeat comes."""
        return min(self.balance_period_s, self.ambient_period_s, self.telemetry_period_s, self.pressure_block_s)


class LimitsTable(Section):
    """`[limits]`: what the rig must not exceed, whatever the pump is specified for."""

    burst_pressure_kpa: float = Field(gt=0, le=2000, description="gauge pressure the weakest part stands")
    pressure_rise_kpa_per_s: float | None = Field(
        default=None, gt=0, description="the pump's largest flow over the line's compliance: its fastest rise if closed"
    )
    vessel_full_g: float = Field(gt=0, description="balance reading at which the vessel is about to overflow")
    silent_after_s: float = Field(gt=0, le=3600, description="how long an instrument may give no number")
    air_temperature_c: Annotated[Listed[float], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="lowest and highest temperature of the air at the balance"
    )
    disk_reserve_mb: float = Field(
        default=256.0,
        ge=1,
        le=1e6,
        description="room left on the disk at which a run is ended, besides what sealing takes",
    )

    @property
    def disk_reserve_bytes(self) -> float:
        """The room on the disk that is kept, besides what sealing the run takes, bytes."""
        return 1e6 * self.disk_reserve_mb


class ChecksTable(Section):
    """`[checks]`: what a station asks of itself before and after a run. Without the table nothing is asked."""

    daily_check_valid_h: float | None = Field(
        default=None, gt=0, le=168, description="how long a passed daily check opens the station to other protocols"
    )
    after: AfterCheck | None = None


class PowerTable(Section):
    """`[power]`: whether the rig can cut the pump's power."""

    relay: bool
    reason: Text | None = None


class WatchdogTable(Section):
    """`[watchdog]`: how long the rig may be silent, s of host time, before its watchdog takes the bench from it.

    `closing_s`: how long it may take to close its run once the bench is safe.
    """

    timeout_s: float = Field(default=20.0, ge=1, le=600)
    closing_s: float = Field(default=900.0, ge=1, le=86400)


def heartbeat_faults(sampling: SamplingTable, timeout_s: float) -> Iterator[tuple[str, str]]:
    """Yield key and problem where a sound rig could be silent for as long as one that is lost."""
    needed_s = 2.0 * sampling.fastest_s()
    if timeout_s < needed_s:
        problem = f"{timeout_s:g} s is shorter than two of the fastest sampling period, {needed_s:g} s"
        yield "watchdog.timeout_s", problem


def block_faults(sampling: SamplingTable) -> Iterator[tuple[str, str]]:
    """Yield key and problem where a block of pressure is no whole number of samples."""
    samples = sampling.pressure_rate_hz * sampling.pressure_block_s
    if abs(samples - round(samples)) > 1e-9 * samples or round(samples) < 1:
        yield "sampling.pressure_block_s", f"{samples:g} samples at pressure_rate_hz; a block is a whole number of them"


def silence_faults(sampling: SamplingTable, limit_s: float) -> Iterator[tuple[str, str]]:
    """Yield key and problem where an instrument would be silent between two looks at it."""
    slowest_s = sampling.slowest_s()
    if limit_s <= slowest_s:
        yield "limits.silent_after_s", f"{limit_s:g} s is not longer than the slowest sampling period, {slowest_s:g} s"


def _block_is_whole(station: StationTables) -> Contradictions:
    yield from block_faults(station.sampling)


def _silence_is_longer_than_a_period(station: StationTables) -> Contradictions:
    yield from silence_faults(station.sampling, station.limits.silent_after_s)


def _heartbeats_come_in_time(station: StationTables) -> Contradictions:
    if station.is_shared:
        yield from heartbeat_faults(station.sampling, station.watchdog.timeout_s)


def _band_is_a_band(station: StationTables) -> Contradictions:
    band_c = station.limits.air_temperature_c
    if band_c is not None and not band_c[0] < band_c[1]:
        yield "limits.air_temperature_c", f"{band_c[0]:g} is not below {band_c[1]:g}; give the lower limit first"


def _relay_is_explained(station: StationTables) -> Contradictions:
    if not station.power.relay and station.power.reason is None:
        yield "power.reason", "missing; without a relay, say what stops the pump when the rig cannot"


def _twin_belongs_to_a_simulated_station(station: StationTables) -> Contradictions:
    if station.station.kind == "simulated" and station.twin is None:
        yield "twin", "missing; a simulated station needs its twin: [twin] with file"
    if station.station.kind == "hardware" and station.twin is not None:
        yield "twin", 'a station with kind = "hardware" has no twin; remove this table'


def _addresses_suit_the_kind(station: StationTables) -> Contradictions:
    simulated = station.station.kind == "simulated"
    for device in DEVICES:
        table = getattr(station, device, None)
        if table is None:
            continue
        addresses = list(twin_addresses(table))
        for location, name in addresses:
            if not simulated:
                yield (device, *location), 'twin:// addresses are for kind = "simulated"; give the real one'
            elif name not in TWIN_ADDRESSES:
                yield (device, *location), f"a twin has no {name!r}; it has: {', '.join(TWIN_ADDRESSES)}"
        if simulated and not addresses:
            yield device, 'has no twin:// address; with kind = "simulated" every device is the twin\'s'


class StationTables(Section):
    """A whole station file. Device tables hold `driver` and that driver's own options."""

    station: StationTable
    twin: TwinTable | None = None
    pump: dict[str, Any]
    balance: dict[str, Any]
    ambient: dict[str, Any]
    pressure: dict[str, Any]
    lines: dict[str, Any]
    sampling: SamplingTable = SamplingTable()
    setup: GravimetricBench
    limits: LimitsTable
    power: PowerTable
    watchdog: WatchdogTable = WatchdogTable()
    checks: ChecksTable = ChecksTable()

    @property
    def is_shared(self) -> bool:
        """Whether its devices live outside the rig's process: hardware, or a twin that runs already."""
        return self.station.kind == "hardware" or (self.twin is not None and self.twin.attach is not None)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (
        _block_is_whole,
        _silence_is_longer_than_a_period,
        _heartbeats_come_in_time,
        _band_is_a_band,
        _relay_is_explained,
        _twin_belongs_to_a_simulated_station,
        _addresses_suit_the_kind,
    )


def twin_addresses(table: Any, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """Yield (location, name) of each `twin://name` within a device table."""
    if isinstance(table, str) and table.startswith(TWIN_SCHEME):
        yield at, table.removeprefix(TWIN_SCHEME)
    elif isinstance(table, dict):
        for key, value in table.items():
            yield from twin_addresses(value, (*at, key))
    elif isinstance(table, list | tuple):
        for index, value in enumerate(table):
            yield from twin_addresses(value, (*at, index))
