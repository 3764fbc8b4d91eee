"""Cumulative volume on the grid of the sample interval S."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.marks import NO_MARKS, Marks
from results.refusal import EvaluationRefused

_STEP_TOLERANCE = 1e-9


class GridError(EvaluationRefused):
    """A time series, period or window that the sample interval S does not fit."""


@dataclass(frozen=True, slots=True)
class GridSeries:
    """Cumulative volume at begin + i S, i = 0..n, with the largest gap between the readings it was taken from.

    `marks`: the stretches that windows of it are left out or doubted for.
    """

    begin_s: float
    sample_interval_s: float
    volume_ul: NDArray[np.float64]
    largest_gap_s: float
    marks: Marks = NO_MARKS

    @property
    def intervals(self) -> int:
        """Number of sample intervals."""
        return self.volume_ul.size - 1

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Times of the grid points (s)."""
        return np.asarray(self.begin_s + self.sample_interval_s * np.arange(self.volume_ul.size))

    def window_begins_s(self, samples: int) -> NDArray[np.float64]:
        """Begins (s) of all windows of `samples` intervals, shape (intervals - samples + 1,)."""
        return np.asarray(self.begin_s + self.sample_interval_s * np.arange(self.volume_ul.size - samples))

    def usable_windows(self, samples: int) -> NDArray[np.bool_]:
        """Which of these windows touch no excluded stretch."""
        return self.marks.usable(begin_s=self.window_begins_s(samples), length_s=samples * self.sample_interval_s)

    @property
    def flow_ul_per_h(self) -> NDArray[np.float64]:
        """Flow of each interval (uL/h), shape (intervals,)."""
        return np.asarray(np.diff(self.volume_ul) * (3600.0 / self.sample_interval_s))


def interval_count(*, duration_s: float, sample_interval_s: float) -> int:
    """Return how many sample intervals make a duration. Raises `GridError` unless a whole number > 0 does."""
    if not (0.0 < sample_interval_s < math.inf and 0.0 < duration_s < math.inf):
        raise GridError(f"duration {duration_s!r} s and sample interval {sample_interval_s!r} s must be finite and > 0")
    exact = duration_s / sample_interval_s
    count = round(exact)
    if count < 1 or not abs(exact - count) <= _STEP_TOLERANCE * max(exact, 1.0):
        raise GridError(
            f"{duration_s:g} s is not a multiple of the sample interval S = {sample_interval_s:g} s; "
            "choose a period or window that is"
        )
    return count


def largest_gap_s(time_s: NDArray[np.float64], *, begin_s: float, end_s: float) -> float:
    """Return the longest time (s) without a reading that touches a period, by readings strictly increasing in time.

    Raises `GridError` when the readings do not span the period.
    """
    if time_s.size < 2 or time_s[0] > begin_s or time_s[-1] < end_s:
        span = f"{time_s[0]:g} to {time_s[-1]:g} s" if time_s.size else "nothing"
        raise GridError(f"the readings span {span}, not the period {begin_s:g} to {end_s:g} s")
    first = int(np.searchsorted(time_s, begin_s, side="right")) - 1
    last = int(np.searchsorted(time_s, end_s, side="left"))
    return float(np.max(np.diff(time_s[first : last + 1]), initial=0.0))


def on_grid(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    begin_s: float,
    end_s: float,
    sample_interval_s: float,
) -> GridSeries:
    """Return the cumulative volume at begin, begin + S, ... end, by linear interpolation between readings.

    `time_s` strictly increasing, jitter allowed. Raises `GridError` when the period is no multiple of S, the readings
    do not span it, or a gap between readings exceeds S.
    """
    intervals = interval_count(duration_s=end_s - begin_s, sample_interval_s=sample_interval_s)
    gap_s = largest_gap_s(time_s, begin_s=begin_s, end_s=end_s)
    if not gap_s <= sample_interval_s * (1.0 + _STEP_TOLERANCE):
        raise GridError(
            f"a gap of {gap_s:g} s between readings exceeds the sample interval S = {sample_interval_s:g} s; "
            "the period cannot be evaluated with this S"
        )
    times = begin_s + sample_interval_s * np.arange(intervals + 1)
    times[-1] = end_s
    return GridSeries(
        begin_s=begin_s,
        sample_interval_s=sample_interval_s,
        volume_ul=np.asarray(np.interp(times, time_s, volume_ul)),
        largest_gap_s=gap_s,
    )
