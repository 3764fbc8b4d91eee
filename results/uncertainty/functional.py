"""A result that is linear in the readings, and what noise and drift of the readings do to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ReadingWeights:
    """Weights with which readings enter a result: times (s, increasing) and weights (result unit per g)."""

    time_s: NDArray[np.float64]
    weight: NDArray[np.float64]

    def applied_to(self, signal: NDArray[np.float64]) -> float:
        """Return the result's response to a signal added to the readings, sampled at `time_s`."""
        return float(np.dot(self.weight, signal))

    def random_walk_response_sqrt_s(self) -> float:
        """Return the standard deviation of the result for a random walk of 1 g per sqrt(s) added to the readings.

        A step of the walk at t moves every later reading, so Var = integral of (sum of weights after t)^2 dt.
        """
        later = np.cumsum(self.weight[::-1])[::-1][1:]
        return float(np.sqrt(np.dot(later * later, np.diff(self.time_s))))


def merged(parts: list[ReadingWeights]) -> ReadingWeights:
    """Return the sum of several sets of weights, in order of time."""
    times = np.concatenate([part.time_s for part in parts])
    weights = np.concatenate([part.weight for part in parts])
    order = np.argsort(times, kind="stable")
    return ReadingWeights(time_s=times[order], weight=weights[order])
