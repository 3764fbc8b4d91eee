"""One-sided CUSUM: delivery beyond what is allowed, summed up, and forgotten whenever there is none left.

Page, Biometrika 41 (1954). Fed with volume and time as they come, it is the alarm for over-infusion that a pump without
a flow sensor does not give: a sudden excess reaches the limit soon, a creeping one as soon as its sum does.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_OVERSHOOT = 1.166


class OverDelivery:
    """The CUSUM of a delivery, reading by reading, for a watch while the pump runs.

    `allowed_ul_per_h`: the flow that is still allowed: the set flow and an allowance on it, about half the excess that
    must be found. `decision_ul`: how much delivered beyond it decides.
    """

    def __init__(self, *, allowed_ul_per_h: float, decision_ul: float) -> None:
        if not (allowed_ul_per_h > 0.0 and decision_ul > 0.0):
            raise ValueError(f"allowed flow {allowed_ul_per_h!r} uL/h and decision {decision_ul!r} uL must be > 0")
        self._allowed_ul_per_s = allowed_ul_per_h / 3600.0
        self._decision_ul = decision_ul
        self._last: tuple[float, float] | None = None
        self.sum_ul = 0.0

    def add(self, *, time_s: float, volume_ul: float) -> bool:
        """Take a cumulative volume (uL, any zero) and its time (s); return whether the sum has reached the decision.

        A value that is not finite, or not later than the last one, is passed over: the next one makes up for it.
        """
        if not (math.isfinite(time_s) and math.isfinite(volume_ul)):
            return self.reached
        if self._last is not None:
            passed_s = time_s - self._last[0]
            if not passed_s > 0.0:
                return self.reached
            self.sum_ul = max(0.0, self.sum_ul + volume_ul - self._last[1] - self._allowed_ul_per_s * passed_s)
        self._last = (time_s, volume_ul)
        return self.reached

    @property
    def reached(self) -> bool:
        """Whether the sum has reached the decision."""
        return self.sum_ul >= self._decision_ul


def cusum_ul(
    time_s: NDArray[np.float64], volume_ul: NDArray[np.float64], *, allowed_ul_per_h: float
) -> NDArray[np.float64]:
    """Return the CUSUM (uL) after each cumulative volume (uL) at increasing times (s): equal to `OverDelivery`'s.

    S_i = max(0, S_(i-1) + x_i) is the excess less its smallest value so far.
    """
    excess = volume_ul - allowed_ul_per_h / 3600.0 * (time_s - time_s[0])
    return np.asarray(excess - np.minimum.accumulate(excess))


def average_run_length(*, mean: float, sd: float, decision: float) -> float:
    """Return how many values a one-sided CUSUM takes on average until it reaches its decision.

    `mean`, `sd`: of the independent, normal values added, allowance taken off; all in one unit. Siegmund's
    approximation (Sequential Analysis, 1985): ARL = (exp(-2 D b) + 2 D b - 1) / (2 D^2), D = mean / sd,
    b = decision / sd + 1.166; b^2 for D = 0. Within a few percent of the tables of Lucas and Crosier (1982).
    """
    if not (sd > 0.0 and decision > 0.0):
        raise ValueError(f"sd {sd!r} and decision {decision!r} must be > 0")
    shift, limit = mean / sd, decision / sd + _OVERSHOOT
    if abs(shift * limit) < 1e-6:
        return limit * limit
    exponent = -2.0 * shift * limit
    if exponent > 700.0:
        return math.inf
    return (math.exp(exponent) - exponent - 1.0) / (2.0 * shift * shift)
