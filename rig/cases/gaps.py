"""Gaps a plan allows in the readings: how long the link to an instrument may be lost before it ends the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from results.trace.schema import AMBIENT, MASS, PUMP
from rig.faults import NotRun

if TYPE_CHECKING:
    from rig.stations.file import StationFile
    from rig.stations.tables import SamplingTable

PRESSURE = "pressure"
"""The sampler of all channels of the DAQ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedGaps:
    """Longest gap of each instrument, s of station time; 0: a lost link ends the run at once."""

    mass_s: float = 0.0
    ambient_s: float = 0.0
    pressure_s: float = 0.0
    pump_s: float = 0.0

    @property
    def by_stream(self) -> Mapping[str, float]:
        """The gaps by the name of the sampler they are for."""
        return {MASS: self.mass_s, AMBIENT: self.ambient_s, PRESSURE: self.pressure_s, PUMP: self.pump_s}


def refuse_unsound_gaps(station: StationFile, gaps: AllowedGaps, sampling: SamplingTable) -> None:
    """Raise `NotRun` with every gap that a station's own rules would end sooner."""
    faults = list(_faults(station, gaps, sampling))
    if faults:
        raise NotRun([f"the case's gaps do not suit station {station.id!r}: {fault}" for fault in faults])


def _faults(station: StationFile, gaps: AllowedGaps, sampling: SamplingTable) -> Iterator[str]:
    silent_after_s = station.limits.silent_after_s
    for name, gap_s in asdict(gaps).items():
        if gap_s > silent_after_s:
            yield (
                f"gaps.{name}: {gap_s:g} s is longer than the station lets an instrument be silent, "
                f"{silent_after_s:g} s (limits.silent_after_s)"
            )
    timeout_s = getattr(station.pump.options, "communication_timeout_s", 0)
    if gaps.pump_s > 0.0 and timeout_s != 0 and gaps.pump_s + sampling.telemetry_period_s >= timeout_s:
        yield (
            f"gaps.pump_s: {gaps.pump_s:g} s and a poll every {sampling.telemetry_period_s:g} s are not shorter than "
            f"the pump's communication time-out, {timeout_s:g} s: it would stop"
        )


NO_GAPS = AllowedGaps()
