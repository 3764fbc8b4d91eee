"""Delivery that comes too late or too early: pauses and surges that weighing alone cannot lay to the pump."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.continuity import BINS_PER_INTERVAL, binned

_UNUSUAL = 1.5
_SLACK_BINS = 2.0
_TWO_STROKES = 1.6
_HASTE = 0.7
_MISSING_SHARE = 0.5


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
    strokes of `quantum_ul` (0: no strokes): two strokes take less than 0.7 of what they take nine times in ten. Either
    may be the pump's doing, or a bubble passing the outlet, or something falling on the pan.
    """
    width_s = sample_interval_s / BINS_PER_INTERVAL
    times, volume = binned(time_s, volume_ul, width_s=width_s)
    if times.size < 2 * BINS_PER_INTERVAL:
        return ()
    flow = max(float(volume[-1] - volume[0]), 0.0) / float(times[-1] - times[0])
    highest = np.maximum.accumulate(volume)
    found = []
    waits, complete = _waits(times, volume, highest, detectable_ul)
    usual_s = float(np.percentile(waits[complete], 90.0)) if complete.any() else float("inf")
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
    return tuple(sorted(found, key=lambda entry: entry.begin_s))


def _waits(
    times: NDArray[np.float64], volume: NDArray[np.float64], highest: NDArray[np.float64], amount_ul: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how long (s) after each instant the amount has arrived, and where it did at all."""
    reached = np.searchsorted(highest, volume + amount_ul, side="left")
    return times[np.minimum(reached, times.size - 1)] - times, reached < times.size


def _runs(marked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
