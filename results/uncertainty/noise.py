"""Noise of a balance as a model, and what it does to a result that is linear in the readings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

_LN2 = math.log(2.0)
_GROUPS = 64
FLICKER_SHORTEST_S = 20.0
"""1/f noise of shorter times than this is counted with the short-term noise."""


@dataclass(frozen=True, slots=True)
class ReadingWeights:
    """Weights with which readings enter a result: times (s, increasing) and weights (result unit per g).

    The weights add up to zero: a constant added to all readings changes no result.
    """

    time_s: NDArray[np.float64]
    weight: NDArray[np.float64]

    def applied_to(self, signal: NDArray[np.float64]) -> float:
        """Return the result's response to a signal added to the readings, sampled at `time_s`."""
        return float(np.dot(self.weight, signal))

    def scaled(self, factor: float) -> ReadingWeights:
        """Return the weights times a factor."""
        return ReadingWeights(time_s=self.time_s, weight=self.weight * factor)

    def random_walk_response_sqrt_s(self) -> float:
        """Return the standard deviation of the result for a random walk of 1 g per sqrt(s) added to the readings.

        A step of the walk at t moves every later reading, so Var = integral of (sum of weights after t)^2 dt.
        """
        later = np.cumsum(self.weight[::-1])[::-1][1:]
        return float(np.sqrt(np.dot(later * later, np.diff(self.time_s))))

    def flicker_response(self) -> float:
        """Return the standard deviation of the result for 1/f noise of 1 g per octave added to the readings.

        With PSD h / f, h = 1 / ln 2 per octave, cut off below `FLICKER_SHORTEST_S`, the structure function is
        2 h Cin(t / t0), Cin(x) = gamma + ln x - Ci(x), and Var = -h sum_ij w_i w_j Cin(|t_i - t_j| / t0).
        """
        coarse = self._grouped()
        apart = np.abs(coarse.time_s[:, None] - coarse.time_s[None, :]) / FLICKER_SHORTEST_S
        positive = np.maximum(apart, 1e-300)
        cin = np.where(apart > 0.0, np.euler_gamma + np.log(positive) - special.sici(positive)[1], 0.0)
        variance = -float(coarse.weight @ cin @ coarse.weight) / _LN2
        return math.sqrt(max(variance, 0.0))

    def _grouped(self) -> ReadingWeights:
        """Gather neighbouring readings so that no stretch of readings has more than a few dozen groups."""
        breaks = np.diff(self.time_s) > 10.0 * max(float(np.median(np.diff(self.time_s))), 1e-9)
        stretch = np.concatenate(([0], np.cumsum(breaks)))
        sizes = np.bincount(stretch)
        within = np.arange(self.time_s.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        group = stretch * _GROUPS + within * _GROUPS // np.repeat(sizes, sizes)
        _, index, counts = np.unique(group, return_inverse=True, return_counts=True)
        return ReadingWeights(
            time_s=np.bincount(index, weights=self.time_s) / counts,
            weight=np.asarray(np.bincount(index, weights=self.weight), dtype=np.float64),
        )


def merged(parts: list[ReadingWeights]) -> ReadingWeights:
    """Return the sum of several sets of weights, in order of time."""
    times = np.concatenate([part.time_s for part in parts])
    weights = np.concatenate([part.weight for part in parts])
    order = np.argsort(times, kind="stable")
    return ReadingWeights(time_s=times[order], weight=weights[order])
