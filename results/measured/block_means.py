"""Mean and slope of many samples with an uncertainty that slow noise does not fool: by the means of a few blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.error import line_fit
from results.refusal import EvaluationRefused

_BLOCKS = 12


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its standard uncertainty and degrees of freedom."""

    value: float
    u: float
    degrees_of_freedom: float


def mean_of(values: NDArray[np.float64], what: str) -> Estimate:
    """Return the mean of samples in order of time. Raises `EvaluationRefused` for fewer than two per block."""
    means = _block_means(values, what)
    u = float(np.std(means, ddof=1)) / float(np.sqrt(means.size))
    return Estimate(float(np.mean(values)), u, means.size - 1.0)


def slope_of(time_s: NDArray[np.float64], values: NDArray[np.float64], what: str) -> Estimate:
    """Return the slope (per s) of samples (shape of `time_s`) by a straight line through their blocks' means."""
    fit = line_fit(_block_means(time_s, what), _block_means(values, what))
    return Estimate(fit.slope, fit.u_slope, _BLOCKS - 2.0)


def _block_means(values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    if values.size < 2 * _BLOCKS:
        raise EvaluationRefused(f"{what}: {values.size} samples are too few; {2 * _BLOCKS} are needed")
    return np.array([float(np.mean(block)) for block in np.array_split(values, _BLOCKS)])
