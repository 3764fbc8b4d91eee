"""The balance's electronics: filter, creep suppression, zero and tare, stability, on its own grid of updates."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.creep import creep_law, shown_with_creep
from instruments.simulated.physics.growing import FloatArray, GrowingTable
from instruments.simulated.physics.lags import recursion, running_maximum
from instruments.simulated.physics.states import UPDATE_PERIOD_S
from instruments.simulated.truth.measuring import BalanceTruth, FilterName

_FILTERED, _FORGOTTEN, _SHOWN, _TARE = range(4)

_BLOCK = 16384  # of the work, not of the result

LoadOfUpdates = Callable[[int, int], FloatArray]
"""Gives the load with all its noise, g, at updates `first` to `first + count - 1`."""


class Electronics:
    """Updates 0, 1, ... of one balance, computed ahead and taken back when a setting changes."""

    def __init__(
        self, truth: BalanceTruth, load_g: LoadOfUpdates, *, tare_g: float, kept_updates: int | None = None
    ) -> None:
        """Begin with a tare; `kept_updates` limits how many past updates stay available."""
        self._truth = truth
        self._load_g = load_g
        self._table = GrowingTable(4)
        self._dropped = 0
        self._kept = sys.maxsize - _BLOCK if kept_updates is None else kept_updates
        self._steps = round(1.0 / truth.readability_g)
        self._window = max(2, round(truth.stability_time_s / UPDATE_PERIOD_S))
        self.filter: FilterName = truth.filter
        self.zero_tracking = truth.zero_tracking
        self.adaptive = truth.adaptive
        self._tare_g = round(tare_g * self._steps) / self._steps

    @property
    def length(self) -> int:
        """Number of updates computed."""
        return self._dropped + self._table.length

    def advance(self, length: int) -> None:
        """Compute updates up to number `length - 1`."""
        while self.length < length:
            self._advance_block(min(length - self.length, _BLOCK))

    def _advance_block(self, count: int) -> None:
        first = self.length
        load_g = self._load_g(first, count)
        if first == 0:
            # The balance has stood with its load for long before bench time begins.
            before, forgotten_g, shown_g = float(load_g[0]), 0.0, float(load_g[0])
        else:
            before, forgotten_g, shown_g, _ = self._last()
        keep = math.exp(-UPDATE_PERIOD_S / self._truth.filter_time_constant_s.time_constant_s(self.filter))
        block = np.empty((4, count))
        block[_FILTERED] = recursion(load_g, keep=keep, gain=1.0 - keep, last=before)
        law = creep_law(self._truth, zero_tracking=self.zero_tracking, adaptive=self.adaptive, update_s=UPDATE_PERIOD_S)
        if law.acts:
            block[_SHOWN], block[_FORGOTTEN] = shown_with_creep(
                block[_FILTERED], law, forgotten_g=forgotten_g, shown_g=shown_g, tare_g=self._tare_g
            )
        else:
            block[_FORGOTTEN] = forgotten_g
            block[_SHOWN] = block[_FILTERED] - forgotten_g
        block[_TARE] = self._tare_g
        if self._table.length > self._kept + _BLOCK:
            self._dropped += self._table.length - self._kept
            self._table.drop(self._table.length - self._kept)
        self._table.append(block)

    def take_back(self, length: int) -> None:
        """Forget the updates from number `length` on."""
        self._table.cut(length - self._dropped)

    def tare_to(self, indication_g: float) -> None:
        """Choose the tare so that the present indication becomes `indication_g`."""
        self.set_tare(self._last()[_SHOWN] - indication_g)

    def set_tare(self, tare_g: float) -> None:
        """Put a tare (rounded to the readability) in force, also for the present indication."""
        self._tare_g = round(tare_g * self._steps) / self._steps
        self._replace_last(_TARE, self._tare_g)

    def zero(self) -> None:
        """Make the present load zero and clear the tare."""
        last = self._last()
        self._replace_last(_FORGOTTEN, last[_FORGOTTEN] + last[_SHOWN])
        self._replace_last(_SHOWN, 0.0)
        self.set_tare(0.0)

    def indications_g(self, first: int, last: int) -> FloatArray:
        """Return the net indications of updates `first` to `last`, rounded to the readability."""
        net = self._part(_SHOWN, first, last) - self._part(_TARE, first, last)
        return np.asarray(np.rint(net * self._steps) / self._steps)

    def tares_g(self, first: int, last: int) -> FloatArray:
        """Return the tare in force at updates `first` to `last`."""
        return self._part(_TARE, first, last)

    def stable(self, first: int, last: int) -> NDArray[np.bool_]:
        """Return the stability flag of updates `first` to `last`: little change within the stability time."""
        start = max(first - self._window, self._dropped)
        filtered = self._part(_FILTERED, start, last)
        missing = self._window - (first - start)
        if missing:
            filtered = np.concatenate((np.full(missing, np.inf), filtered))
        highest = running_maximum(filtered, self._window + 1)
        lowest = -running_maximum(-filtered, self._window + 1)
        return np.asarray(highest <= lowest + 1e-6 * self._truth.stability_window_ug)

    def overload(self, first: int, last: int) -> NDArray[np.bool_]:
        """Return True for updates `first` to `last` where the pan carries more than the capacity."""
        return self._part(_FILTERED, first, last) > self._truth.capacity_g

    def underload(self, first: int, last: int) -> NDArray[np.bool_]:
        """Return True for updates `first` to `last` where the gross indication lies too far below zero."""
        return self._part(_SHOWN, first, last) < -self._truth.underload_g

    def _part(self, column: int, first: int, last: int) -> FloatArray:
        if first < self._dropped:
            raise ValueError(f"update {first} of the balance is no longer kept; the oldest is {self._dropped}")
        return self._table.column(column)[first - self._dropped : last + 1 - self._dropped]

    def _last(self) -> list[float]:
        return self._table.row(self._table.length - 1)

    def _replace_last(self, column: int, value: float) -> None:
        self._table.column(column)[-1] = value
