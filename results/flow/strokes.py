"""Stroke-synchronous analysis: windows of whole strokes, for pumps that deliver in strokes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.error import flow_error_percent, line_fit
from results.flow.marks import NO_MARKS, Marks

_STARTS_PER_CYCLE = 20
_MOST_STARTS = 20_000


@dataclass(frozen=True, slots=True)
class StrokeWindow:
    """Extremes (%) over all windows of a whole number of strokes, the number that comes nearest to a window P.

    `excluded_share` of the windows touch a stretch without usable readings and are left out; NaN where all do.
    """

    strokes: int
    window_s: float
    nearest_to_s: float
    ep_max_percent: float
    ep_min_percent: float
    excluded_share: float = 0.0


@dataclass(frozen=True, slots=True)
class StrokeAnalysis:
    """Flow by whole strokes: the cycle is the stated stroke volume over the slope of the volume in time.

    `error_percent` is the flow error of the longest run of whole strokes from the start of the period.
    """

    stroke_volume_ul: float
    cycle_s: float
    strokes: int
    error_percent: float
    windows: tuple[StrokeWindow, ...]


def stroke_analysis(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    begin_s: float,
    end_s: float,
    stroke_volume_ul: float,
    set_flow_ul_per_h: float,
    windows_s: Sequence[float],
    marks: Marks = NO_MARKS,
) -> StrokeAnalysis | None:
    """Return the stroke-synchronous analysis of a period, or None when it does not hold one whole stroke.

    The practice of evaluating pulsatile pumps over an integer number of cycles: Bissig et al., Biomed. Tech. 68 (2023).
    """

    def volume_at(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(times, time_s, volume_ul))

    inside = np.linspace(begin_s, end_s, _MOST_STARTS)
    # The slope, not the end points: those are up to a stroke out, and a window must hold whole strokes.
    flow_ul_per_s = line_fit(inside, volume_at(inside)).slope
    if not flow_ul_per_s > 0.0:
        return None
    cycle_s = stroke_volume_ul / flow_ul_per_s
    strokes = int((end_s - begin_s) / cycle_s)
    if strokes < 1:
        return None
    stride_s = max(cycle_s / _STARTS_PER_CYCLE, (end_s - begin_s) / _MOST_STARTS)
    rows = []
    for nearest_s in windows_s:
        count = max(1, round(nearest_s / cycle_s))
        length_s = count * cycle_s
        if length_s > end_s - begin_s:
            continue
        starts = np.arange(begin_s, end_s - length_s + stride_s / 2.0, stride_s).clip(max=end_s - length_s)
        usable = marks.usable(begin_s=starts, length_s=length_s)
        excluded_share, starts = 1.0 - float(np.mean(usable)), starts[usable]
        flows = (volume_at(starts + length_s) - volume_at(starts)) * (3600.0 / length_s)
        errors = 100.0 * (flows - set_flow_ul_per_h) / set_flow_ul_per_h
        rows.append(
            StrokeWindow(
                strokes=count,
                window_s=length_s,
                nearest_to_s=nearest_s,
                ep_max_percent=float(errors.max()) if errors.size else math.nan,
                ep_min_percent=float(errors.min()) if errors.size else math.nan,
                excluded_share=excluded_share,
            )
        )
    whole_s = strokes * cycle_s
    first, last = volume_at(np.array([begin_s, begin_s + whole_s]))
    delivered = float(last - first)
    return StrokeAnalysis(
        stroke_volume_ul=stroke_volume_ul,
        cycle_s=cycle_s,
        strokes=strokes,
        error_percent=flow_error_percent(
            flow_ul_per_h=delivered / whole_s * 3600.0, set_flow_ul_per_h=set_flow_ul_per_h
        ),
        windows=tuple(rows),
    )
