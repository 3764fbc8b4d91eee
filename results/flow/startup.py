"""The start-up curve: flow of each sample interval from the start of the infusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from results.flow.grid import GridSeries


@dataclass(frozen=True, slots=True)
class StartupCurve:
    """Flow (uL/h) of consecutive sample intervals; interval i ends `(i + 1) * sample_interval_s` after `begin_s`.

    NaN for the `intervals_excluded` that touch a stretch without usable readings.
    """

    begin_s: float
    sample_interval_s: float
    flow_ul_per_h: tuple[float, ...]
    intervals_excluded: int = 0


def startup_curve(series: GridSeries) -> StartupCurve:
    """Return the flow of every sample interval of a series, as the standard's start-up graph plots it."""
    usable = series.usable_windows(1)
    flow_ul_per_h = np.where(usable, series.flow_ul_per_h, np.nan)
    return StartupCurve(
        begin_s=series.begin_s,
        sample_interval_s=series.sample_interval_s,
        flow_ul_per_h=tuple(float(flow) for flow in flow_ul_per_h),
        intervals_excluded=int(np.count_nonzero(~usable)),
    )
