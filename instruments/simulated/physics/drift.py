"""Zero drift of the balance: a random walk, and 1/f noise as a sum of octave-spaced relaxations (van der Ziel 1950)."""

from __future__ import annotations

import math

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.lags import recursion
from instruments.simulated.physics.room import CELL_S
from instruments.simulated.truth.measuring import BalanceTruth

_SHORTEST_S = 20.0
_OCTAVES = 12


class ZeroDrift:
    """The balance's zero on the 10-s grid, ug; blocks must be asked for in order."""

    def __init__(self, truth: BalanceTruth, seed: int) -> None:
        self._step_ug = truth.zero_drift_ug_per_sqrt_h * math.sqrt(CELL_S / 3600.0)
        self._flicker_ug = truth.flicker_ug
        self._walk = NormalTrack(seed, "balance", "zero walk")
        self._walk_ug = 0.0
        self._octaves = [NormalTrack(seed, "balance", f"flicker {octave}") for octave in range(_OCTAVES)]
        self._flickers = [float(track.generator(2**32).standard_normal()) for track in self._octaves]

    def block(self, first: int, count: int) -> FloatArray:
        """Return the zero's drift, ug, at edges `first` to `first + count - 1`."""
        steps = self._step_ug * self._walk.numbers(first, count)
        total = walk = recursion(steps, keep=1.0, gain=1.0, last=self._walk_ug)
        self._walk_ug = float(walk[-1])
        for octave, track in enumerate(self._octaves):
            time_constant_s = _SHORTEST_S * 2.0**octave
            keep = math.exp(-CELL_S / time_constant_s)
            kick = math.sqrt(-math.expm1(-2.0 * CELL_S / time_constant_s))
            flicker = recursion(track.numbers(first, count), keep=keep, gain=kick, last=self._flickers[octave])
            self._flickers[octave] = float(flicker[-1])
            total = total + self._flicker_ug * flicker
        return total
