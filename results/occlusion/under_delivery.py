"""When the balance tells that less is delivered: a sequential test on delivered mass, with a stated false-alarm rate.

Page's one-sided CUSUM (E. S. Page, Biometrika 41, 1954) on the volumes of equal intervals; its decision level is from
Siegmund's approximation of the average run length (D. Siegmund, Sequential Analysis, 1985, II.6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

_OVERSHOOT = 1.166
"""What a CUSUM of normal increments exceeds its level by, in standard deviations, for both sides together."""
_LARGEST_LEVEL = 1000.0


@dataclass(frozen=True, slots=True)
class UnderDelivery:
    """What the sequential test told: when it did (s), and since when by its own account (s); None: it never did.

    `decision_ul` is the deficit it decides at, beyond `allowance_ul` per interval.
    """

    detected_s: float | None
    since_s: float | None
    allowance_ul: float
    decision_ul: float


def average_run_length(*, level_sd: float, allowance_sd: float) -> float:
    """Return how many intervals a one-sided CUSUM runs until a false alarm (Siegmund's approximation).

    Level and allowance are in standard deviations of an interval.
    """
    b = level_sd + _OVERSHOOT
    x = 2.0 * allowance_sd * b
    if x > 700.0:
        return math.inf
    return (math.expm1(x) - x) / (2.0 * allowance_sd**2)


def decision_level_sd(*, intervals: int, allowance_sd: float, false_alarm_probability: float) -> float:
    """Return the level (in standard deviations) that keeps false alarms over so many intervals at a probability.

    Raises `ValueError` for a probability outside (0, 1), or without intervals or allowance.
    """
    if not (0.0 < false_alarm_probability < 1.0 and intervals >= 1 and allowance_sd > 0.0):
        raise ValueError("wanted are a probability between 0 and 1, an interval or more, and an allowance > 0")
    wanted = intervals / -math.log1p(-false_alarm_probability)

    def short(level_sd: float) -> float:
        run = average_run_length(level_sd=level_sd, allowance_sd=allowance_sd)
        return math.log(wanted) - (math.log(run) if math.isfinite(run) else 700.0)

    if short(0.0) <= 0.0:
        return 0.0
    return float(optimize.brentq(short, 0.0, _LARGEST_LEVEL))


def under_delivery(
    time_s: NDArray[np.float64],
    volume_ul: NDArray[np.float64],
    *,
    flow_ul_per_h: float,
    interval_sd_ul: float,
    false_alarm_probability: float,
) -> UnderDelivery:
    """Return when delivery at instants of equal distance fell below a flow (uL/h), as the test tells.

    `time_s` and `volume_ul` (cumulative) have shape (n,), n >= 2. `interval_sd_ul`: scatter of the volume of one
    interval while the pump delivers. Half of a full stop is allowed for: the test is quickest for a full one.
    """
    steps_s = np.diff(time_s)
    missing_ul = flow_ul_per_h / 3600.0 * steps_s - np.diff(volume_ul)
    allowance_ul = float(np.mean(steps_s)) * flow_ul_per_h / 7200.0
    level_sd = decision_level_sd(
        intervals=steps_s.size,
        allowance_sd=allowance_ul / interval_sd_ul,
        false_alarm_probability=false_alarm_probability,
    )
    decision_ul = level_sd * interval_sd_ul
    total_ul, since_s = 0.0, float(time_s[0])
    for at_s, deficit_ul in zip(time_s[1:], missing_ul - allowance_ul, strict=True):
        total_ul = max(total_ul + float(deficit_ul), 0.0)
        if total_ul == 0.0:
            since_s = float(at_s)
        elif total_ul > decision_ul:
            return UnderDelivery(float(at_s), since_s, allowance_ul, decision_ul)
    return UnderDelivery(None, None, allowance_ul, decision_ul)


def interval_sd_ul(volume_ul: NDArray[np.float64]) -> float:
    """Return the scatter of the volumes of equal intervals, from cumulative volumes (shape (n,), n >= 3)."""
    return float(np.std(np.diff(volume_ul), ddof=1))
