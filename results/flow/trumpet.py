"""The trumpet: extremes of the mean flow error over every observation window of a length P."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.grid import GridError, GridSeries, interval_count
from results.flow.marks import touching

PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
_MOST_FOR_PERCENTILES = 100_000


@dataclass(frozen=True, slots=True)
class WindowError:
    """Errors (%) of the windows of one length: m = intervals - k + 1 windows of k sample intervals, P = k S.

    `windows` were evaluated; `windows_excluded` more touch a stretch without usable readings and are left out: where
    that is all of them there is no statement, and the numbers are NaN. Of the windows evaluated, `windows_repaired`
    lie across a repair, `windows_doubtful` across what was kept although it may be no delivery.

    Extremes are of overlapping windows, no percentiles of independent ones; the percentiles stand beside them. Of more
    than 100 000 windows, which overlap all but entirely, every n-th makes the percentiles; the extremes are of all.
    """

    window_s: float
    samples: int
    windows: int
    ep_max_percent: float
    ep_min_percent: float
    percentiles_percent: tuple[float, ...]
    windows_excluded: int = 0
    windows_repaired: int = 0
    windows_doubtful: int = 0


def window_samples(*, window_s: float, sample_interval_s: float) -> int:
    """Return k = P / S. Raises `GridError` unless the window P is a whole multiple of S."""
    return interval_count(duration_s=window_s, sample_interval_s=sample_interval_s)


def window_errors_percent(series: GridSeries, *, set_flow_ul_per_h: float, samples: int) -> NDArray[np.float64]:
    """Return the mean flow error (%) of every window of `samples` intervals, shape (intervals - samples + 1,).

    The sum over a window of (S/P) 100 (Q_i - r)/r telescopes to the difference of the cumulative volume.
    Raises `GridError` when the window is longer than the period.
    """
    if not 1 <= samples <= series.intervals:
        raise GridError(f"a window of {samples} sample intervals does not fit a period of {series.intervals}")
    set_ul = set_flow_ul_per_h * series.sample_interval_s * samples / 3600.0
    errors = series.volume_ul[samples:] - series.volume_ul[:-samples]
    errors *= 100.0 / set_ul
    errors -= 100.0
    return errors


def trumpet(
    series: GridSeries, *, set_flow_ul_per_h: float, sample_counts: Sequence[int], percentiles: bool = True
) -> tuple[WindowError, ...]:
    """Return Ep(max) and Ep(min) for windows of `sample_counts` sample intervals, in that order.

    Windows longer than the period, and those that touch an excluded stretch, are left out. IEC 60601-2-24:2012,
    201.12.1.102 and following, restated.
    """
    return tuple(
        _window_error(series, set_flow_ul_per_h=set_flow_ul_per_h, samples=samples, percentiles=percentiles)
        for samples in sample_counts
        if samples <= series.intervals
    )


def _window_error(series: GridSeries, *, set_flow_ul_per_h: float, samples: int, percentiles: bool) -> WindowError:
    errors = window_errors_percent(series, set_flow_ul_per_h=set_flow_ul_per_h, samples=samples)
    begin_s, length_s, marks = series.window_begins_s(samples), samples * series.sample_interval_s, series.marks
    excluded = 0
    if marks.excluded_s.size:
        usable = series.usable_windows(samples)
        errors = errors[usable]
        excluded = usable.size - errors.size

    def count(stretches_s: NDArray[np.float64]) -> int:
        touched = touching(stretches_s, begin_s=begin_s, length_s=length_s)
        return int(np.count_nonzero(touched & usable if excluded else touched))

    every = max(-(-errors.size // _MOST_FOR_PERCENTILES), 1)
    quantiles = np.empty(0)
    if percentiles:
        quantiles = np.percentile(errors[::every], PERCENTILES) if errors.size else np.full(len(PERCENTILES), math.nan)
    return WindowError(
        window_s=length_s,
        samples=samples,
        windows=errors.size,
        ep_max_percent=float(errors.max()) if errors.size else math.nan,
        ep_min_percent=float(errors.min()) if errors.size else math.nan,
        percentiles_percent=tuple(float(value) for value in quantiles),
        windows_excluded=excluded,
        windows_repaired=count(marks.repaired.stretches_s),
        windows_doubtful=count(marks.doubtful.stretches_s),
    )
