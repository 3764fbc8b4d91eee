"""The contact line on the outlet tube: pinned in a blank, creeping as the level rises."""

from __future__ import annotations

import math

import numpy as np

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.growing import FloatArray, GrowingTable
from instruments.simulated.physics.lags import recursion
from instruments.simulated.truth.fluid_path import MeniscusTruth

_STEPS_PER_CORRELATION = 16
_CHUNK = 1024
_MARGIN_UL = 50.0  # thermal contraction can draw the level back below the start


class Meniscus:
    """Apparent volume held by the contact line against the volume that has entered the vessel.

    A stationary Ornstein-Uhlenbeck process of the delivered volume: static while nothing is delivered, and with a
    standard deviation of `capillary_ul` between two levels far apart.
    """

    def __init__(self, truth: MeniscusTruth, seed: int) -> None:
        self._step_ul = truth.correlation_volume_ul / _STEPS_PER_CORRELATION
        self._scale_ul = truth.capillary_ul / math.sqrt(2.0)
        self._keep = math.exp(-1.0 / _STEPS_PER_CORRELATION)
        self._kick = math.sqrt(-math.expm1(-2.0 / _STEPS_PER_CORRELATION))
        self._track = NormalTrack(seed, "vessel", "meniscus")
        self._last = float(self._track.generator(2**32).standard_normal())
        self._table = GrowingTable(1)

    def volume_ul(self, delivered_ul: FloatArray) -> FloatArray:
        """Return the apparent volume, uL, at volumes delivered into the vessel."""
        place = np.maximum((delivered_ul + _MARGIN_UL) / self._step_ul, 0.0)
        left = place.astype(np.int64)
        while self._table.length < int(left.max(initial=0)) + 2:
            self._extend()
        values = self._table.column(0)
        low = values[left]
        return np.asarray(low + (place - left) * (values[left + 1] - low))

    def _extend(self) -> None:
        numbers = self._track.numbers(self._table.length, _CHUNK)
        block = recursion(numbers, keep=self._keep, gain=self._kick, last=self._last)
        self._last = float(block[-1])
        self._table.append(self._scale_ul * block[np.newaxis])
