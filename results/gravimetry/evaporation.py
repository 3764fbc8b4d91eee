"""Evaporation: what a reference vessel lost, and between blanks a coefficient times the measured driving force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.gravimetry.air import AirRecord
from results.gravimetry.blank import Blank
from results.gravimetry.reference_vessel import ReferenceLoss
from results.series import Phase


@dataclass(frozen=True, slots=True)
class Evaporation:
    """The loss per second of driving force, interpolated linearly in time between the middles of the blanks.

    Before the first middle and after the second, and with one blank, it is constant. With no blank it is zero. With a
    reference vessel its loss comes first, and the blanks show what it leaves, of either sign.
    """

    air: AirRecord
    blanks: tuple[Blank, ...]
    reference: ReferenceLoss | None = None

    @property
    def model(self) -> str:
        """How the loss between blanks was found, for the record."""
        if self.reference is not None:
            ratio = f"the reference vessel's loss times {self.reference.vessel.loss_ratio:g}"
            return f"{ratio}; the rest: {self._by_blanks}" if self.blanks else ratio
        return self._by_blanks if self.blanks else "not measured: no blank"

    @property
    def measured(self) -> bool:
        """Whether anything was measured of the loss."""
        return bool(self.blanks) or self.reference is not None

    @property
    def _by_blanks(self) -> str:
        between = "interpolated linearly between two blanks" if len(self.blanks) > 1 else "constant, from one blank"
        causes = [
            *(["vapour-pressure deficit", "diffusivity"] if self.air.driven else []),
            *(["headspace"] if self.air.levelled else []),
        ]
        if causes:
            between = f"driving force ({', '.join(causes)}) times a coefficient {between}"
        return between if self.air.driven else f"no usable air record: {between}"

    def gains_s(self, begin_s: float, end_s: float) -> tuple[float, ...]:
        """Return, per blank, the driving-force seconds with which its loss enters the loss from begin to end."""
        ends = np.array([begin_s, end_s])
        whole = float(np.diff(self.air.drive_at(ends))[0])
        return self._shared(whole, float(np.diff(self.air.at(ends, self._later_drive_s()))[0]))

    def steady_gains_s(self, begin_s: float, end_s: float) -> tuple[float, ...]:
        """Return what `gains_s` would be by plain linear interpolation of the blanks' mean rates."""
        ends = np.array([begin_s, end_s])
        later = _later_time_s(ends, *self._middles_s) if len(self.blanks) > 1 else ends
        shares = self._shared(end_s - begin_s, float(later[1] - later[0]))
        return tuple(
            share
            * float(np.diff(self.air.drive_at(np.array([blank.phase.begin_s, blank.phase.end_s])))[0])
            / blank.phase.duration_s
            for share, blank in zip(shares, self.blanks, strict=True)
        )

    def lost_on_grid_g(self) -> NDArray[np.float64]:
        """Return the cumulative loss (g) from the start of the air record, on the air's grid."""
        lost = np.zeros(self.air.time_s.shape) if self.reference is None else self.reference.lost_g
        losses = [blank.loss_g_per_s for blank in self.blanks]
        if not losses:
            return lost
        return np.asarray(lost + losses[0] * self.air.drive_s + (losses[-1] - losses[0]) * self._later_drive_s())

    def vessel_losses_g_per_s(self) -> tuple[float, ...]:
        """Return what the vessel lost in each blank, per second of driving force."""
        return tuple(blank.loss_g_per_s + self._reference_g_per_s(blank.phase) for blank in self.blanks)

    def _reference_g_per_s(self, phase: Phase) -> float:
        if self.reference is None:
            return 0.0
        ends = np.array([phase.begin_s, phase.end_s])
        return float(np.diff(self.reference.lost_at(ends))[0] / np.diff(self.air.drive_at(ends))[0])

    def lost_g(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cumulative loss (g) from the start of the air record to times (s)."""
        return self.air.at(time_s, self.lost_on_grid_g())

    @property
    def _middles_s(self) -> tuple[float, float]:
        return self.blanks[0].phase.middle_s, self.blanks[-1].phase.middle_s

    def _shared(self, whole_s: float, later_s: float) -> tuple[float, ...]:
        if len(self.blanks) > 1:
            return (whole_s - later_s, later_s)
        return (whole_s,) * len(self.blanks)

    def _later_drive_s(self) -> NDArray[np.float64]:
        """Return the part of the cumulative driving force that goes with the later blank, on the air's grid."""
        air = self.air
        if len(self.blanks) < 2:
            return np.zeros(air.time_s.shape)
        first_s, second_s = self._middles_s
        ends = np.array([first_s, second_s])
        begin_drive, end_drive = air.drive_at(ends)
        moment_begin, moment_end = air.at(ends, air.drive_moment_s2)
        drive = np.clip(air.drive_s, begin_drive, end_drive)
        moment = np.clip(air.drive_moment_s2, moment_begin, moment_end)
        rising = (moment - moment_begin - first_s * (drive - begin_drive)) / (second_s - first_s)
        return np.asarray(rising + np.maximum(air.drive_s - end_drive, 0.0))


def _later_time_s(time_s: NDArray[np.float64], first_s: float, second_s: float) -> NDArray[np.float64]:
    inside = np.clip(time_s, first_s, second_s)
    return np.asarray((inside - first_s) ** 2 / (2.0 * (second_s - first_s)) + np.maximum(time_s - second_s, 0.0))
