"""What a flow evaluation is made from: readings, air, and the instants that bound its phases."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from results.bench import ReferenceVessel
from results.refusal import EvaluationRefused
from results.trace.status import SampleStatus

__all__ = ["NUMBER_CODES", "AmbientSeries", "EvaluationRefused", "FlowPhases", "FlowSeries", "Phase", "ReferenceSeries"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time between two instants (s, on the time base of the readings)."""

    begin_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not self.begin_s < self.end_s:
            raise EvaluationRefused(f"a phase from {self.begin_s!r} s to {self.end_s!r} s has no duration")

    @property
    def duration_s(self) -> float:
        """Length of the phase (s)."""
        return self.end_s - self.begin_s

    @property
    def middle_s(self) -> float:
        """Middle of the phase (s)."""
        return (self.begin_s + self.end_s) / 2.0


@dataclass(frozen=True, slots=True)
class FlowPhases:
    """The phases of a flow test. `infusion_start_s` is when the pump was started; blanks have the pump stopped."""

    analysis: Phase
    stabilisation: Phase | None = None
    blank_before: Phase | None = None
    blank_after: Phase | None = None
    infusion_start_s: float | None = None

    @property
    def begin_s(self) -> float:
        """First instant any phase needs (s)."""
        return min(phase.begin_s for phase in self.all)

    @property
    def end_s(self) -> float:
        """Last instant any phase needs (s)."""
        return max(phase.end_s for phase in self.all)

    @property
    def all(self) -> tuple[Phase, ...]:
        """Every phase there is."""
        phases = (self.blank_before, self.stabilisation, self.analysis, self.blank_after)
        return tuple(phase for phase in phases if phase is not None)


@dataclass(frozen=True, slots=True)
class AmbientSeries:
    """Air at the balance: time (s, increasing), temperature (Celsius), humidity (%), pressure (hPa); equal lengths.

    NaN where the sensor gave no number. `constant` says that the values are stated for the whole test, not recorded.
    """

    time_s: NDArray[np.float64]
    temperature_c: NDArray[np.float64]
    humidity_percent: NDArray[np.float64]
    pressure_hpa: NDArray[np.float64]
    constant: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class ReferenceSeries:
    """Readings of a reference vessel's own balance: time (s), reading (g), equal lengths; NaN where it gave none."""

    time_s: NDArray[np.float64]
    mass_g: NDArray[np.float64]
    vessel: ReferenceVessel

    def __post_init__(self) -> None:
        if not (self.time_s.shape == self.mass_g.shape and self.time_s.ndim == 1):
            raise EvaluationRefused("time and reading of the reference vessel must be of equal length")


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """Balance readings of a flow test: time (s, shape n), reading (g), status (`SampleStatus` codes), and the air.

    `reference`: what a second vessel, which nothing flows into, read meanwhile; None without one.
    """

    time_s: NDArray[np.float64]
    mass_g: NDArray[np.float64]
    status: NDArray[np.uint8]
    phases: FlowPhases
    ambient: AmbientSeries | None = None
    reference: ReferenceSeries | None = None
    tare_s: tuple[float, ...] = ()
    run_id: str = ""
    title: str = "Flow accuracy"
    simulated: bool = False

    def __post_init__(self) -> None:
        if not (self.time_s.shape == self.mass_g.shape == self.status.shape and self.time_s.ndim == 1):
            raise EvaluationRefused("time, reading and status must be one-dimensional and of equal length")


NUMBER_CODES = tuple(status.value for status in SampleStatus if status.carries_number)
