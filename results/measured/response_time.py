"""The time a flow takes to reach, and stay within, a band of its new rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.decision import Verdict
from results.measured.weighing import Weighing
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal, rectangular

_PLACES_PER_WINDOW = 20
_SIGMA = 4.0
_SURELY, _PERHAPS = 1.5, 0.5
"""Out of this many times the band, the flow is surely, and perhaps, out of the band."""


@dataclass(frozen=True, slots=True)
class NotTold:
    """Why there is no response time, and the verdict of a criterion on it: the pump's fault, or the record's."""

    why: str
    verdict: Verdict


def resolution_s(weighing: Weighing, *, flow_ul_per_h: float, band_percent: float) -> float:
    """Return the shortest window (s) in which strokes and noise move a mean flow by no more than half the band."""
    stroke_ul = weighing.evaluation.stroke_volume_ul or 0.0
    noise_ul = _SIGMA * math.hypot(math.sqrt(2.0) * weighing.reading_sd_ul, weighing.bench.capillary_u_ul)
    half_band_ul_per_s = flow_ul_per_h / 3600.0 * band_percent / 100.0 / 2.0
    return max((stroke_ul + noise_ul) / half_band_ul_per_s, weighing.reading_period_s)


def response_time(weighing: Weighing, step: Phase, *, flow_ul_per_h: float, band_percent: float) -> Budget | NotTold:
    """Return how long after the begin of a step its flow is, and stays, within a band of the set flow; or why not.

    A mean over a window stands for the flow at some instant within it. Strokes and noise move it by up to half the
    band: the response is no earlier than the last window out of the band by more than that, and has come by the end of
    the last window that is out of the band less that.
    """
    window_s = resolution_s(weighing, flow_ul_per_h=flow_ul_per_h, band_percent=band_percent)
    if 2.0 * window_s > step.duration_s:
        return NotTold(
            f"the step of {step.duration_s:.0f} s is shorter than two windows of {window_s:.0f} s, which strokes and "
            f"noise need for a band of {band_percent:g} %",
            Verdict.INCONCLUSIVE,
        )
    place_s = window_s / _PLACES_PER_WINDOW
    begins = np.arange(step.begin_s, step.end_s - window_s + 1e-6, place_s)
    rise = weighing.volumes_ul(begins + window_s) - weighing.volumes_ul(begins)
    errors = 100.0 * (rise * 3600.0 / window_s / flow_ul_per_h - 1.0)
    surely, perhaps = (_last_outside(errors, band_percent * share) for share in (_SURELY, _PERHAPS))
    if perhaps == begins.size - 1:
        told = f"{errors[-1]:+.3g} % in the last {window_s:.0f} s of the step"
        if surely == perhaps:
            why = f"the flow did not reach and stay within {band_percent:g} % of {flow_ul_per_h:g} uL/h: {told}"
            return NotTold(why, Verdict.FAIL)
        return NotTold(f"the flow stays near the edge of {band_percent:g} %: {told}", Verdict.INCONCLUSIVE)
    earliest_s = 0.0 if surely < 0 else float(begins[surely]) - step.begin_s
    latest_s = float(begins[perhaps + 1]) + window_s - step.begin_s
    lines = [
        rectangular(
            "resolution: strokes, noise, and the window they need",
            unit="s",
            half_width=(latest_s - earliest_s) / 2.0,
            sensitivity=1.0,
        ),
        normal("timing of the readings", unit="s", u=weighing.bench.timing_u_s, sensitivity=1.0),
    ]
    return combine(
        value=(earliest_s + latest_s) / 2.0,
        unit="s",
        lines=lines,
        coverage_percent=weighing.evaluation.coverage_percent,
    )


def _last_outside(errors: NDArray[np.float64], band_percent: float) -> int:
    """Return the place of the last error not within a band, -1 without one."""
    outside = np.flatnonzero(~(np.abs(errors) <= band_percent))
    return int(outside[-1]) if outside.size else -1
