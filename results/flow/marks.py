"""Stretches of time an evaluation cannot take as weighed, and which windows of time they touch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


def _none() -> NDArray[np.float64]:
    return np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class Steps:
    """Changes of the cumulative volume that were taken back or may be no delivery.

    `stretches_s`: begin and end of each (s), shape (n, 2), alike where it happened at once. `u_ul`: the standard
    uncertainty each leaves in the volume of a window across it (uL), shape (n,).
    """

    stretches_s: NDArray[np.float64] = field(default_factory=_none)
    u_ul: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class Marks:
    """What befell the readings: stretches (s) without usable ones, `excluded_s` of shape (n, 2), and steps.

    `repaired`: taken back by a rule. `doubtful`: kept, for the pump may have done it. `hanging_u_ul`: standard
    uncertainty (uL) of what hung at the outlet at any instant. `bridged_s`: gaps up to this are not among the excluded.
    """

    excluded_s: NDArray[np.float64] = field(default_factory=_none)
    repaired: Steps = field(default_factory=Steps)
    doubtful: Steps = field(default_factory=Steps)
    hanging_u_ul: float = 0.0
    bridged_s: float = 0.0

    def usable(self, *, begin_s: NDArray[np.float64], length_s: float) -> NDArray[np.bool_]:
        """Return which windows that begin at `begin_s` and last `length_s` touch no excluded stretch."""
        return ~touching(self.excluded_s, begin_s=begin_s, length_s=length_s)


NO_MARKS = Marks()


def touching(stretches_s: NDArray[np.float64], *, begin_s: NDArray[np.float64], length_s: float) -> NDArray[np.bool_]:
    """Return which windows (increasing begins in s, shape m, one length in s) share more than an end with any stretch.

    Those that begin before a stretch ends, and less than a window's length before it begins: one run of windows for
    each stretch, so that the cost is of the stretches, and of marking their runs.
    """
    touched = np.zeros(begin_s.size, dtype=np.bool_)
    if stretches_s.size == 0:
        return touched
    stretches_s = stretches_s[np.argsort(stretches_s[:, 0], kind="stable")]
    first = np.searchsorted(begin_s, stretches_s[:, 0] - length_s, side="right")
    stop = np.maximum.accumulate(np.searchsorted(begin_s, stretches_s[:, 1], side="left"))
    apart = np.flatnonzero(first[1:] > stop[:-1]) + 1
    for run in np.split(np.arange(first.size), apart):
        touched[first[run[0]] : stop[run[-1]]] = True
    return touched
