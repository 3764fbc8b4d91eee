"""First-order recursions on a grid, carried from block to block without a seam."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from instruments.simulated.physics.growing import FloatArray


def recursion(x: FloatArray, *, keep: float, gain: float, last: float) -> FloatArray:
    """Return y[k] = keep * y[k-1] + gain * x[k], with y[-1] = `last`; bitwise the same however x is cut into blocks."""
    y, _ = lfilter([gain], [1.0, -keep], x, zi=np.array([keep * last]))
    return np.asarray(y)


def delayed_recursion(x: FloatArray, *, keep: float, first: float) -> tuple[FloatArray, float]:
    """Return (y, next) with y[0] = `first` and y[k+1] = keep * y[k] + (1 - keep) * x[k]: a lag behind a held input.

    `next` is the y that follows the block, the `first` of the next one.
    """
    following = recursion(x, keep=keep, gain=1.0 - keep, last=first)
    return np.concatenate(([first], following[:-1])), float(following[-1])


def running_maximum(x: FloatArray, window: int) -> FloatArray:
    """Return the maximum of every `window` consecutive values, shape (x.size - window + 1,), by doubling."""
    span, highest = 1, x
    while 2 * span <= window:
        highest = np.maximum(highest[:-span], highest[span:])
        span *= 2
    rest = window - span
    return np.asarray(np.maximum(highest[: highest.size - rest], highest[rest:]) if rest else highest)
