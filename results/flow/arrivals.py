"""Delivery that comes too late or too early: pauses and surges that weighing alone cannot lay to the pump."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.continuity import BINS_PER_INTERVAL, binned
from results.flow.significance import RunScatter

_UNUSUAL = 1.5
_SLACK_BINS = 2.0
_TWO_STROKES = 1.6
_HASTE = 0.7
_MISSING_SHARE = 0.5
_PROPORTION = 3.0
_FEWEST_BINS = 4
"""A mean over fewer bins is not free of the noise of single readings."""


@dataclass(frozen=True, slots=True)
class Irregularity:
    """From `begin_s` to `end_s`, `volume_ul` less (a pause) or more (a surge, negative) arrived than usual."""

    begin_s: float
    end_s: float
    volume_ul: float


def irregularities(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    sample_interval_s: float,
    detectable_ul: float,
    quantum_ul: float,
) -> tuple[Irregularity, ...]:
    """Return the pauses and surges of a delivery that is meant to be even, over increasing times (s).

    A pause: `detectable_ul` takes more than half as long again as it does nine times in ten. A surge, of a delivery in
    strokes of `quantum_ul` (0: no strokes): two strokes take less than 0.7 of what they take nine times in ten. Both: a
    step from one stroke to the next. What the run's own noise explains is left out. Either may be the pump's doing, or
    a bubble passing the outlet, or something falling on the pan.
    """
    width_s = sample_interval_s / BINS_PER_INTERVAL
    times, volume = binned(time_s, volume_ul, width_s=width_s)
    if times.size < 2 * BINS_PER_INTERVAL:
        return ()
    flow = max(float(volume[-1] - volume[0]), 0.0) / float(times[-1] - times[0])
    highest = np.maximum.accumulate(volume)
    found = []
    waits, complete = _waits(times, volume, highest, detectable_ul)
    usual_s = _usual_s(waits[complete]) if complete.any() else float("inf")
    arrived = np.interp(times + waits, times, highest) - volume
    usual_ul = float(np.median(arrived[complete])) if complete.any() else 0.0
    for begin, end in _runs(waits > _UNUSUAL * usual_s + _SLACK_BINS * width_s):
        start = begin + int(np.argmax(waits[begin:end]))
        wait_s = float(waits[start])
        late_ul = flow * (wait_s - usual_s)
        # After a gap in the readings more than usual has arrived at once: that much was not missing.
        missing_ul = late_ul - max(float(arrived[start]) - usual_ul, 0.0)
        if missing_ul > _MISSING_SHARE * late_ul:
            found.append(Irregularity(float(times[start]), float(times[start]) + wait_s, missing_ul))
    if quantum_ul > 0.0:
        waits, complete = _waits(times, volume, highest, _TWO_STROKES * quantum_ul)
        hasty = np.zeros(times.size, dtype=np.bool_)
        if complete.any():
            hasty = complete & (waits < _HASTE * float(np.percentile(waits[complete], 10.0)) - _SLACK_BINS * width_s)
        for begin, end in _runs(hasty):
            start = begin + int(np.argmin(waits[begin:end]))
            found.append(Irregularity(float(times[start]), float(times[start] + waits[start]), -quantum_ul))
    stroke_s = quantum_ul / flow if flow > 0.0 else 0.0
    # Readings may be further apart than bins are wide.
    shortest_s = _FEWEST_BINS * max(width_s, float(np.median(np.diff(times))))
    whole_strokes_s = math.ceil(shortest_s / stroke_s) * stroke_s if stroke_s else shortest_s
    return tuple(_beyond_noise(found, RunScatter.of(times, volume, window_s=whole_strokes_s)))


def _beyond_noise(found: list[Irregularity], scatter: RunScatter) -> Iterator[Irregularity]:
    """Yield what noise does not explain, as large as the step it leaves, and what no step can be told of."""
    certain = {Irregularity(step.begin_s, step.end_s, step.missing_ul) for step in scatter.steps()}
    for group in _joined([*found, *certain]):
        begin_s, end_s = group[0].begin_s, max(entry.end_s for entry in group)
        largest_ul = max((entry.volume_ul for entry in group), key=abs)
        step = scatter.step_over(begin_s=begin_s, end_s=end_s)
        if step is not None:
            sign = math.copysign(1.0, largest_ul)
            if sign * step.missing_ul <= step.limit_ul and certain.isdisjoint(group):
                continue
            largest_ul = sign * max(sign * largest_ul, sign * step.missing_ul)
        yield Irregularity(begin_s, end_s, largest_ul)


def _joined(found: list[Irregularity]) -> list[list[Irregularity]]:
    """Gather what overlaps, pauses and surges apart: the same strokes came late, or early."""
    groups: list[list[Irregularity]] = []
    for entry in sorted(found, key=lambda entry: (entry.volume_ul < 0.0, entry.begin_s)):
        last = groups[-1] if groups else []
        if last and last[0].volume_ul * entry.volume_ul > 0.0 and entry.begin_s <= max(one.end_s for one in last):
            last.append(entry)
        else:
            groups.append([entry])
    return sorted(groups, key=lambda group: group[0].begin_s)


def _waits(
    times: NDArray[np.float64], volume: NDArray[np.float64], highest: NDArray[np.float64], amount_ul: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how long (s) after each instant the amount has arrived, and where it did at all."""
    # Where the volume falls, a pump taken for another's direction say, it had been there before: no wait at all.
    reached = np.maximum(np.searchsorted(highest, volume + amount_ul, side="left"), np.arange(times.size))
    return times[np.minimum(reached, times.size - 1)] - times, reached < times.size


def _usual_s(waits: NDArray[np.float64]) -> float:
    """Return what nine waits in ten do not exceed, those out of all proportion apart: one long pause makes many."""
    return float(np.percentile(waits[waits <= _PROPORTION * np.median(waits)], 90.0))


def _runs(marked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
