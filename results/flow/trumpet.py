"""The trumpet: extremes of the mean flow error over every observation window of a length P."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.grid import GridError, GridSeries, interval_count

PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
_MOST_FOR_PERCENTILES = 100_000


@dataclass(frozen=True, slots=True)
class WindowError:
    """Errors (%) of all windows of one length: m = intervals - k + 1 windows of k sample intervals, P = k S.

    Extremes are of overlapping windows, no percentiles of independent ones; the percentiles stand beside them. Of more
    than 100 000 windows, which overlap all but entirely, every n-th makes the percentiles; the extremes are of all.
    """

    window_s: float
    samples: int
    windows: int
    ep_max_percent: float
    ep_min_percent: float
    percentiles_percent: tuple[float, ...]


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

    Windows longer than the period are left out. IEC 60601-2-24:2012, 201.12.1.102 and following, restated.
    """
    rows = []
    for samples in sample_counts:
        if samples > series.intervals:
            continue
        errors = window_errors_percent(series, set_flow_ul_per_h=set_flow_ul_per_h, samples=samples)
        every = -(-errors.size // _MOST_FOR_PERCENTILES)
        quantiles = np.percentile(errors[::every], PERCENTILES) if percentiles else np.empty(0)
        rows.append(
            WindowError(
                window_s=samples * series.sample_interval_s,
                samples=samples,
                windows=errors.size,
                ep_max_percent=float(errors.max()),
                ep_min_percent=float(errors.min()),
                percentiles_percent=tuple(float(value) for value in quantiles),
            )
        )
    return tuple(rows)
