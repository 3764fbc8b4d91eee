"""Flow and overall mean error of a period, by its end points and by regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LineFit:
    """Least-squares line y = intercept + slope t with residual standard deviation s and u(slope) = s/sqrt(Sxx).

    `u_slope` holds for independent residuals only; pulsatile flow and balance drift are not.
    """

    intercept: float
    slope: float
    residual_sd: float
    u_slope: float


def mean_flow_ul_per_h(*, volume_ul: float, duration_s: float) -> float:
    """Return the mean flow (uL/h) of a volume (uL) over a duration (s)."""
    return volume_ul / duration_s * 3600.0


def flow_error_percent(*, flow_ul_per_h: float, set_flow_ul_per_h: float) -> float:
    """Return 100 (Q - r) / r, the percentage flow error A of IEC 60601-2-24:2012 for a mean flow Q and set rate r."""
    return 100.0 * (flow_ul_per_h - set_flow_ul_per_h) / set_flow_ul_per_h


def line_fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> LineFit:
    """Return the ordinary least-squares line through (x, y), at least three points with distinct x."""
    x_mean, y_mean = float(np.mean(x)), float(np.mean(y))
    dx, dy = x - x_mean, y - y_mean
    sxx = float(np.dot(dx, dx))
    if x.size < 3 or not sxx > 0.0:
        raise ValueError("a line fit needs at least three points at distinct times")
    slope = float(np.dot(dx, dy)) / sxx
    residual = dy - slope * dx
    sd = float(np.sqrt(np.dot(residual, residual) / (x.size - 2)))
    return LineFit(intercept=y_mean - slope * x_mean, slope=slope, residual_sd=sd, u_slope=sd / float(np.sqrt(sxx)))
