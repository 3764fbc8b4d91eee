"""The bench's history as pieces in which every flow is constant or dies away exponentially: exact at any time.

Within a piece that began at t0, with x = t - t0 and e = 1 - exp(-x / tau):

    pressure  P = pressure0 + pressure_slope x + pressure_swing e
    tip       V = tip0 + tip_flow x + tip_swing e
    vessel    W = vessel0 + vessel_flow x + vessel_swing e            (volume that has entered it)
    water     m = water0 + density (W - vessel0 - bubble passed) - evaporation x
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from instruments.simulated.physics.growing import FloatArray, GrowingTable


class Seg:
    """Columns of a piece. Those after the model's own are the state at its start, kept so that it can be resumed."""

    START_S: Final = 0
    PER_TAU: Final = 1
    PRESSURE_KPA: Final = 2
    PRESSURE_SLOPE: Final = 3
    PRESSURE_SWING: Final = 4
    TIP_UL: Final = 5
    TIP_FLOW: Final = 6
    TIP_SWING: Final = 7
    VESSEL_UL: Final = 8
    VESSEL_FLOW: Final = 9
    VESSEL_SWING: Final = 10
    BUBBLE_UL: Final = 11
    G_PER_UL: Final = 12
    WATER_G: Final = 13
    EVAPORATION_G_PER_S: Final = 14
    CATHETER_SHARE: Final = 15
    """Part of the pressure drop that lies in the catheter: 0 at a dead end."""
    BACK_KPA: Final = 16
    EVAPORATED_G: Final = 17
    PUMPED_UL: Final = 18
    PUMP_FLOW: Final = 19
    SWOLLEN_UL: Final = 20
    SWELLING_FLOW: Final = 21
    LEAKED_UL: Final = 22
    LEAK: Final = 23
    """Leak at the pump's outlet, uL/s per kPa."""
    TIP_G: Final = 24
    STROKE_END_S: Final = 25
    STROKES_BEGUN: Final = 26
    STROKES_MADE: Final = 27
    RESERVOIR_UL: Final = 28
    SLICES_BEGUN: Final = 29
    """Slices of continuous flow; see `strokes`."""
    COUNT: Final = 30


class Segments:
    """All pieces so far; the last one is open-ended."""

    def __init__(self) -> None:
        self._table = GrowingTable(Seg.COUNT)

    @property
    def length(self) -> int:
        """Number of pieces."""
        return self._table.length

    def append(self, rows: Sequence[Sequence[float]]) -> None:
        """Append pieces, one row each, in order of time."""
        if rows:
            self._table.append(np.array(rows, dtype=np.float64).T)

    def index_at(self, time_s: float) -> int:
        """Return the index of the piece that holds at a bench time."""
        return int(np.searchsorted(self._table.column(Seg.START_S), time_s, side="right")) - 1

    def row(self, index: int) -> list[float]:
        """Return one piece."""
        return self._table.row(index)

    def cut(self, length: int) -> None:
        """Forget the pieces from `length` on."""
        self._table.cut(length)

    def column(self, which: int) -> FloatArray:
        """Return a column of all pieces."""
        return self._table.column(which)

    def _place(self, times_s: FloatArray) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], FloatArray, FloatArray]:
        piece = np.searchsorted(self._table.column(Seg.START_S), times_s, side="right") - 1
        elapsed_s = times_s - self._table.column(Seg.START_S)[piece]
        return piece, elapsed_s, -np.expm1(-elapsed_s * self._table.column(Seg.PER_TAU)[piece])

    def pressures_kpa(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gauge pressures at the pump's outlet and at the catheter's end, kPa."""
        piece, elapsed_s, settled = self._place(times_s)
        column = self._table.column
        line = (
            column(Seg.PRESSURE_KPA)[piece]
            + column(Seg.PRESSURE_SLOPE)[piece] * elapsed_s
            + column(Seg.PRESSURE_SWING)[piece] * settled
        )
        drop = column(Seg.CATHETER_SHARE)[piece] * (line - column(Seg.BACK_KPA)[piece])
        return line, line - drop

    def line_kpa(self, time_s: float) -> float:
        """Return the gauge pressure at the pump's outlet at one bench time, kPa; the quick way for a sensor."""
        row = self._table.row(self.index_at(time_s))
        elapsed_s = time_s - row[Seg.START_S]
        settled = -math.expm1(-elapsed_s * row[Seg.PER_TAU])
        return row[Seg.PRESSURE_KPA] + row[Seg.PRESSURE_SLOPE] * elapsed_s + row[Seg.PRESSURE_SWING] * settled

    def tip_ul(self, times_s: FloatArray) -> FloatArray:
        """Return the volume that has left the tip, uL."""
        piece, elapsed_s, settled = self._place(times_s)
        column = self._table.column
        return np.asarray(
            column(Seg.TIP_UL)[piece] + column(Seg.TIP_FLOW)[piece] * elapsed_s + column(Seg.TIP_SWING)[piece] * settled
        )

    def tip_g(self, times_s: FloatArray) -> FloatArray:
        """Return the mass that has left the tip, g."""
        piece = np.searchsorted(self._table.column(Seg.START_S), times_s, side="right") - 1
        column = self._table.column
        since_ul = self.tip_ul(times_s) - column(Seg.TIP_UL)[piece]
        return np.asarray(column(Seg.TIP_G)[piece] + column(Seg.G_PER_UL)[piece] * since_ul)

    def evaporated_g(self, times_s: FloatArray) -> FloatArray:
        """Return the mass that has evaporated from the vessel, g."""
        piece, elapsed_s, _ = self._place(times_s)
        column = self._table.column
        return np.asarray(column(Seg.EVAPORATED_G)[piece] + column(Seg.EVAPORATION_G_PER_S)[piece] * elapsed_s)

    def vessel(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mass of water in the vessel, g, and the volume that has entered it, uL."""
        piece, elapsed_s, settled = self._place(times_s)
        column = self._table.column
        entered = column(Seg.VESSEL_FLOW)[piece] * elapsed_s + column(Seg.VESSEL_SWING)[piece] * settled
        liquid = entered - np.clip(entered, 0.0, column(Seg.BUBBLE_UL)[piece])
        water = (
            column(Seg.WATER_G)[piece]
            + column(Seg.G_PER_UL)[piece] * liquid
            - column(Seg.EVAPORATION_G_PER_S)[piece] * elapsed_s
        )
        return water, column(Seg.VESSEL_UL)[piece] + entered

    def strokes_at(self, time_s: float) -> tuple[int, int, float]:
        """Return strokes begun, strokes that delivered, and the volume left in the reservoir, uL, at a bench time."""
        row = self._table.row(self.index_at(time_s))
        return int(row[Seg.STROKES_BEGUN]), int(row[Seg.STROKES_MADE]), row[Seg.RESERVOIR_UL]
