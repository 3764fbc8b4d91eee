"""What readings do about a straight line: short-term noise, its autocorrelation, and slow wander."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNKS = 24
_FEWEST_READINGS = 20
_SHORTEST_S = 60.0
"""Wander is slower than this; the balance's filter and knocks are faster."""


@dataclass(frozen=True, slots=True)
class ResidualNoise:
    """Noise of readings about their line.

    `sd_g`: standard deviation of single readings about lines through short chunks of `chunk_s`. `inflation`: how much
    more than that independent readings of this sd a mean is uncertain, sqrt((1 + r) / (1 - r)) for lag-1 correlation r.
    `degrees_of_freedom`: of `sd_g`, autocorrelation counted. `wander_g2`: mean square of the differences between
    adjacent chunk means, with `wander_degrees_of_freedom`; `chunk_readings`: readings in a chunk.
    """

    sd_g: float
    inflation: float
    degrees_of_freedom: float
    wander_g2: float
    wander_degrees_of_freedom: float
    chunk_s: float
    chunk_readings: int

    @property
    def wander_from_noise_g2(self) -> float:
        """What `wander_g2` would be for short-term noise alone."""
        return 2.0 * (self.sd_g * self.inflation) ** 2 / self.chunk_readings


def residual_noise(time_s: NDArray[np.float64], residual_g: NDArray[np.float64]) -> ResidualNoise:
    """Return the noise of residuals (g, shape n >= 20) of a straight-line fit, evenly spaced but for gaps."""
    length_s = float(time_s[-1] - time_s[0])
    chunks = max(2, min(_CHUNKS, residual_g.size // _FEWEST_READINGS, int(length_s / _SHORTEST_S)))
    length = residual_g.size // chunks
    block = residual_g[: chunks * length].reshape(chunks, length)
    centred = np.arange(length) - (length - 1) / 2.0
    means = block.mean(axis=1)
    slopes = block @ centred / np.dot(centred, centred)
    rest = block - means[:, None] - slopes[:, None] * centred
    squares = float(np.sum(rest * rest))
    freedom = chunks * (length - 2)
    lag1 = float(np.sum(rest[:, 1:] * rest[:, :-1])) / squares if squares > 0.0 else 0.0
    inflation_squared = max(1.0, (1.0 + lag1) / max(1.0 - lag1, 1e-3))
    steps = np.diff(means)
    return ResidualNoise(
        sd_g=float(np.sqrt(squares / freedom)),
        inflation=float(np.sqrt(inflation_squared)),
        degrees_of_freedom=max(1.0, freedom / inflation_squared),
        wander_g2=float(np.mean(steps * steps)),
        wander_degrees_of_freedom=max(1.0, 0.89 * (chunks - 2)),
        chunk_s=length_s / chunks,
        chunk_readings=length,
    )
