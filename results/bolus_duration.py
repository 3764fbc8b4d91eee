"""How long a bolus took, as the balance shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.decision import MeasuredValue
from results.uncertainty.budget import combine
from results.uncertainty.lines import normal, rectangular

_SHARE = 0.05
"""Noise hides the first and the last twentieth of a bolus; the rest of it stands for the whole."""


def bolus_duration(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    total_ul: float,
    reading_sd_ul: float,
    stroke_ul: float,
    response_s: float,
    coverage_percent: float,
) -> MeasuredValue | None:
    """Return how long (s) a bolus took at a steady flow; None where the readings do not show its begin or its end.

    `volume_ul`: delivered since before the bolus, shape of `time_s`, from before its begin to after its end; a single
    reading out of line is passed over. An end lies between two readings, or, at the bend, next to them. `stroke_ul`: in
    which it comes, 0 where it flows. `response_s`: time constant of the balance's filter, which delays both ends alike,
    but not to the last bit.
    """
    if not total_ul > 0.0:
        return None
    plain_ul = np.asarray(ndimage.median_filter(volume_ul, size=3, mode="nearest"))
    begin, end = (_reaches(time_s, plain_ul, share * total_ul) for share in (_SHARE, 1.0 - _SHARE))
    if begin is None or end is None:
        return None
    (first_s, first_gap_s), (last_s, last_gap_s) = begin, end
    whole = 1.0 / (1.0 - 2.0 * _SHARE)
    duration_s = (last_s - first_s) * whole
    lines = [
        rectangular("readings about the begin", unit="s", half_width=first_gap_s, sensitivity=whole),
        rectangular("readings about the end", unit="s", half_width=last_gap_s, sensitivity=whole),
        rectangular("delivery in strokes", unit="uL", half_width=stroke_ul, sensitivity=duration_s / total_ul),
        normal("noise of the readings", unit="uL", u=reading_sd_ul, sensitivity=2.0**0.5 * duration_s / total_ul),
        rectangular("response of the balance", unit="s", half_width=response_s, sensitivity=1.0),
    ]
    return combine(value=duration_s, unit="s", lines=lines, coverage_percent=coverage_percent).measured


def _reaches(
    time_s: NDArray[np.float64], volume_ul: NDArray[np.float64], wanted_ul: float
) -> tuple[float, float] | None:
    """Return when a volume is first reached, between two readings by a straight line, and how far apart they are."""
    beyond = np.flatnonzero(volume_ul >= wanted_ul)
    if beyond.size == 0 or beyond[0] == 0:
        return None
    after, before = int(beyond[0]), int(beyond[0]) - 1
    gap_s = float(time_s[after] - time_s[before])
    share = (wanted_ul - volume_ul[before]) / (volume_ul[after] - volume_ul[before])
    return float(time_s[before]) + gap_s * float(share), gap_s
