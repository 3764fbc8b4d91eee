"""The outcome of an occlusion test: measured values, and the course of pressure and volume for its figure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from results.measured.outcome import MeasuredOutcome
from results.measured.weighing import Weighing
from results.occlusion.instants import Instant
from results.occlusion.pressure import PressureRecord

OCCLUSION_OUTCOME_SCHEMA = "occlusion-outcome/1.0.0"
_POINTS = 1500
_FINE_S = (10.0, 60.0)


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
    *,
    closed: Instant,
    released: Instant | None,
    begin_s: float,
    end_s: float,
    marks: tuple[Mark, ...],
    threshold_kpa: float | None = None,
) -> Course:
    """Return the course of a test: half as long before the closing, and as long after the release, as it was closed.

    No further than from `begin_s` to `end_s`. Around the release all is kept that a figure can show.
    """
    closed_s = (end_s if released is None else released.at_s) - closed.at_s
    begin_s = max(begin_s, closed.at_s - 0.5 * closed_s)
    end_s = end_s if released is None else min(end_s, released.at_s + max(closed_s, _FINE_S[1]))
    fine = (0.0, 0.0) if released is None else (released.at_s - _FINE_S[0], released.at_s + _FINE_S[1])
    rows = pressure.usable_rows(begin_s, end_s)
    times = pressure.time_s[rows]
    places = np.union1d(_extremes(pressure.pressure_kpa[rows]), _within(times, fine))
    readings = weighing.collection
    inside = (readings.time_s >= begin_s) & (readings.time_s <= end_s)
    weighed_s, volumes = readings.time_s[inside], readings.volume_ul[inside]
    step = max(1, weighed_s.size // _POINTS)
    chosen = np.union1d(np.arange(0, weighed_s.size, step), _within(weighed_s, fine))
    return Course(
        pressure_time_s=_floats(times[places]),
        pressure_kpa=_floats(pressure.pressure_kpa[rows][places]),
        volume_time_s=_floats(weighed_s[chosen]),
        volume_ul=_floats(volumes[chosen] - volumes[0]) if volumes.size else (),
        marks=marks,
        threshold_kpa=threshold_kpa,
    )


def _within(time_s: NDArray[np.float64], bounds_s: tuple[float, float]) -> NDArray[np.intp]:
    """Return the places of the times between two instants, thinned."""
    places = np.flatnonzero((time_s >= bounds_s[0]) & (time_s <= bounds_s[1]))
    return places[:: max(1, places.size // _POINTS)]


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
