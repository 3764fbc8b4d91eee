"""The time a flow takes to reach, and stay within, a band of its new rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from results.measured.weighing import Weighing
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal, rectangular

_PLACES_PER_WINDOW = 20
_SIGMA = 4.0


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """The response time (s) with its lines, and the length (s) of the windows it was found with: its resolution."""

    budget: Budget
    window_s: float


def resolution_s(weighing: Weighing, *, flow_ul_per_h: float, band_percent: float) -> float:
    """Return the shortest window (s) in which strokes and noise move a mean flow by no more than half the band."""
    stroke_ul = weighing.evaluation.stroke_volume_ul or 0.0
    noise_ul = _SIGMA * math.hypot(math.sqrt(2.0) * weighing.reading_sd_ul, weighing.bench.capillary_u_ul)
    half_band_ul_per_s = flow_ul_per_h / 3600.0 * band_percent / 100.0 / 2.0
    return max((stroke_ul + noise_ul) / half_band_ul_per_s, weighing.reading_period_s)


def response_time(weighing: Weighing, step: Phase, *, flow_ul_per_h: float, band_percent: float) -> ResponseTime | str:
    """Return how long after the begin of a step its flow is, and stays, within a band of the set flow; or why not.

    A mean over a window stands for the flow at some instant within it: the last window out of the band began no later
    than the response and ended no earlier. The returned reason says whether pump or bench is the cause.
    """
    window_s = resolution_s(weighing, flow_ul_per_h=flow_ul_per_h, band_percent=band_percent)
    if 2.0 * window_s > step.duration_s:
        return (
            f"the step of {step.duration_s:.0f} s is shorter than two windows of {window_s:.0f} s, which strokes and "
            f"noise need for a band of {band_percent:g} %"
        )
    place_s = window_s / _PLACES_PER_WINDOW
    begins = np.arange(step.begin_s, step.end_s - window_s + 1e-6, place_s)
    rise = weighing.volumes_ul(begins + window_s) - weighing.volumes_ul(begins)
    errors = 100.0 * (rise * 3600.0 / window_s / flow_ul_per_h - 1.0)
    outside = np.flatnonzero(~(np.abs(errors) <= band_percent))
    if outside.size and outside[-1] == begins.size - 1:
        return (
            f"the flow did not reach and stay within {band_percent:g} % of {flow_ul_per_h:g} uL/h: "
            f"{errors[-1]:+.3g} % in the last {window_s:.0f} s of the step"
        )
    earliest_s = float(begins[outside[-1]]) - step.begin_s if outside.size else 0.0
    lines = [
        rectangular(
            "resolution: window that strokes and noise need",
            unit="s",
            half_width=(window_s + place_s) / 2.0,
            sensitivity=1.0,
        ),
        normal("timing of the readings", unit="s", u=weighing.bench.timing_u_s, sensitivity=1.0),
    ]
    middle_s = earliest_s + (window_s + place_s) / 2.0
    return ResponseTime(
        combine(value=middle_s, unit="s", lines=lines, coverage_percent=weighing.evaluation.coverage_percent), window_s
    )
