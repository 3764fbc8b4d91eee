"""The alarm output of an external pump: a contact that follows the alarm that stopped it, a little later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class AlarmOutput:
    """When the contact closed and opened, in times of the bench."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._changes_s: list[float] = []  # closes, opens, closes, ...

    def set(self, t_s: float, closed: bool) -> None:
        """Let the contact follow the alarm's state at `t_s`; times must not go back."""
        if closed is not bool(len(self._changes_s) % 2):
            self._changes_s.append(t_s + self._latency_s)

    def closed(self, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether the contact was closed, at any times up to now."""
        changes = np.searchsorted(np.array(self._changes_s), times_s, side="right")
        return np.asarray(changes % 2 == 1)
