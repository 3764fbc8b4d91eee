"""The outcome of an occlusion test: measured values, and the course of pressure and volume for its figure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from results.measured.outcome import MeasuredOutcome
from results.measured.weighing import Weighing
from results.occlusion.pressure import PressureRecord
from results.series import Phase

OCCLUSION_OUTCOME_SCHEMA = "occlusion-outcome/1.0.0"
_POINTS = 1500


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant of the test (s) by its name."""

    at_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Course:
    """Pressure (kPa) and delivered volume (uL, zero at its first value) over time (s), thinned for a figure.

    Of pressure, the lowest and the highest sample of each stretch are kept, so that no peak is lost.
    """

    pressure_time_s: tuple[float, ...]
    pressure_kpa: tuple[float, ...]
    volume_time_s: tuple[float, ...]
    volume_ul: tuple[float, ...]
    marks: tuple[Mark, ...]
    threshold_kpa: float | None = None


@dataclass(frozen=True, slots=True)
class OcclusionOutcome(MeasuredOutcome):
    """A measured outcome with the course of the test; JSON as that of `MeasuredOutcome`, with `course` besides."""

    course: Course


def course_of(
    pressure: PressureRecord,
    weighing: Weighing,
    period: Phase,
    *,
    marks: tuple[Mark, ...],
    threshold_kpa: float | None = None,
) -> Course:
    """Return the course of a test over a period."""
    rows = pressure.rows(period.begin_s, period.end_s)
    places = _extremes(pressure.pressure_kpa[rows])
    readings = weighing.collection
    inside = (readings.time_s >= period.begin_s) & (readings.time_s <= period.end_s)
    step = max(1, int(np.count_nonzero(inside)) // _POINTS)
    times, volumes = readings.time_s[inside][::step], readings.volume_ul[inside][::step]
    return Course(
        pressure_time_s=_floats(pressure.time_s[rows][places]),
        pressure_kpa=_floats(pressure.pressure_kpa[rows][places]),
        volume_time_s=_floats(times),
        volume_ul=_floats(volumes - volumes[0]) if volumes.size else (),
        marks=marks,
        threshold_kpa=threshold_kpa,
    )


def _extremes(values: NDArray[np.float64]) -> NDArray[np.intp]:
    if values.size <= 2 * _POINTS:
        return np.arange(values.size)
    edges = np.linspace(0, values.size, _POINTS + 1).astype(np.intp)
    places = [
        begin + place
        for begin, end in pairwise(edges.tolist())
        for place in (int(np.argmin(values[begin:end])), int(np.argmax(values[begin:end])))
    ]
    return np.unique(np.array(places, dtype=np.intp))


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
