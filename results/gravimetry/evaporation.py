"""Evaporation between blanks: a coefficient from the blanks times the measured driving force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.gravimetry.air import AirRecord
from results.gravimetry.blank import Blank


@dataclass(frozen=True, slots=True)
class Evaporation:
    """The loss per second of driving force, interpolated linearly in time between the middles of the blanks.

    Outside the blanks' middles, and with one blank, it is constant. With no blank it is zero.
    """

    air: AirRecord
    blanks: tuple[Blank, ...]

    @property
    def model(self) -> str:
        """How the loss between blanks was found, for the record."""
        if not self.blanks:
            return "none: no blank"
        shape = "vapour-pressure deficit times " if self.air.driven else "no usable air record: "
        between = "linear interpolation between the blanks" if len(self.blanks) > 1 else "constant from one blank"
        return shape + between

    def gains_s(self, begin_s: float, end_s: float) -> tuple[float, ...]:
        """Return, per blank, the driving-force seconds with which its loss enters the loss from begin to end."""
        if not self.blanks:
            return ()
        whole = float(np.diff(self.air.drive_at(np.array([begin_s, end_s])))[0])
        if len(self.blanks) == 1:
            return (whole,)
        later = float(np.diff(self._later_share_s(np.array([begin_s, end_s])))[0])
        return (whole - later, later)

    def lost_g(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cumulative loss (g) from the start of the air record to times (s)."""
        if not self.blanks:
            return np.zeros(time_s.shape)
        drive = self.air.drive_at(time_s)
        if len(self.blanks) == 1:
            return np.asarray(self.blanks[0].loss_g_per_s * drive)
        before, after = (blank.loss_g_per_s for blank in self.blanks)
        return np.asarray(before * drive + (after - before) * self._later_share_s(time_s))

    def _later_share_s(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = (blank.phase.middle_s for blank in self.blanks)
        inside = np.clip(time_s, first, second)
        moment = self.air.drive_moment_at(inside) - self.air.drive_moment_at(np.array([first]))
        drive = self.air.drive_at(inside) - self.air.drive_at(np.array([first]))
        beyond = self.air.drive_at(np.maximum(time_s, second)) - self.air.drive_at(np.array([second]))
        return np.asarray((moment - first * drive) / (second - first) + beyond)
