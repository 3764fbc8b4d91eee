"""Blanks: the slope of the readings while the pump stands still, against evaporation's driving force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.gravimetry.residuals import ResidualNoise, residual_noise
from results.refusal import EvaluationRefused
from results.series import Phase
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

MINIMUM_READINGS = 20
_DISTURBANCE_WINDOW_S = 901.0
_DISTURBANCE_LIMIT_SIGMA = 6.0


@dataclass(frozen=True, slots=True)
class Blank:
    """One evaluated blank.

    `loss_g_per_s`: loss per second of driving force, positive for evaporation. `weights_per_s`: the linear weights
    with which each reading enters the reading slope (-loss), shape as `time_s`. `noise`: what the readings do about
    the line. `noise_u_g_per_s`: what their short-term noise alone contributes to the slope, autocorrelation counted.
    `disturbed`: readings left out as disturbances.
    """

    phase: Phase
    time_s: NDArray[np.float64]
    weights_per_s: NDArray[np.float64]
    loss_g_per_s: float
    noise: ResidualNoise
    noise_u_g_per_s: float
    disturbed: int


def evaluate_blank(
    phase: Phase, *, time_s: NDArray[np.float64], reading_g: NDArray[np.float64], drive_s: NDArray[np.float64]
) -> Blank:
    """Return the loss of a blank by least squares of readings (g) against cumulative driving force (s).

    Raises `EvaluationRefused` when the blank holds fewer than 20 readings or they span less than half of it.
    """
    inside = slice(*np.searchsorted(time_s, (phase.begin_s, phase.end_s), side="left"))
    times, readings, drive = time_s[inside], reading_g[inside], drive_s[inside]
    if times.size < MINIMUM_READINGS or times[-1] - times[0] < phase.duration_s / 2.0:
        raise EvaluationRefused(
            f"the blank from {phase.begin_s:g} s to {phase.end_s:g} s holds {times.size} usable readings of the "
            f"balance; at least {MINIMUM_READINGS} over half of it are needed"
        )
    keep = _undisturbed(times, readings, drive)
    times, readings, drive = times[keep], readings[keep], drive[keep]
    centred = drive - np.mean(drive)
    spread = float(np.dot(centred, centred))
    weights = centred / spread
    slope = float(np.dot(weights, readings))
    noise = residual_noise(times, readings - np.mean(readings) - slope * centred)
    return Blank(
        phase=phase,
        time_s=times,
        weights_per_s=weights,
        loss_g_per_s=-slope,
        noise=noise,
        noise_u_g_per_s=noise.sd_g * noise.inflation / float(np.sqrt(spread)),
        disturbed=int(keep.size - np.count_nonzero(keep)),
    )


def _undisturbed(
    time_s: NDArray[np.float64], reading_g: NDArray[np.float64], drive_s: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark the readings within six robust sigma of the running median of the detrended blank."""
    line = np.polynomial.Polynomial.fit(drive_s, reading_g, 1)
    residual = reading_g - line(drive_s)
    period_s = float(np.median(np.diff(time_s)))
    size = min(2 * round(_DISTURBANCE_WINDOW_S / (2.0 * period_s)) + 1, 2 * (time_s.size // 4) + 1)
    deviation = np.abs(residual - ndimage.median_filter(residual, size=size, mode="reflect"))
    sigma = max(SD_PER_MEDIAN_DEVIATION * float(np.median(deviation)), float(np.finfo(np.float64).tiny))
    return np.asarray(deviation <= _DISTURBANCE_LIMIT_SIGMA * sigma)
