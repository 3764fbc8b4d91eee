"""The balance as it is asked: its last update at any time, and the changes that act between updates."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.disturbances import Disturbances
from instruments.simulated.physics.electronics import Electronics
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.signal_block import SignalBlock
from instruments.simulated.physics.states import UPDATE_PERIOD_S, BalanceSignal
from instruments.simulated.truth.measuring import FilterName

_GRID_SLACK = 1e-6  # of an update: 0.6 s is update 3 although 0.6 / 0.2 is less than 3

BalanceSetting = Literal["zero_tracking", "adaptive", "filter", "zero", "tare", "tare_g"]
"""bool, bool, `FilterName`, True (zero the present load), True (tare the present load), a tare in g (0.0 clears)."""


def update_at(t_s: float) -> int:
    """Return the number of the balance's last update at or before `t_s`."""
    return int(t_s / UPDATE_PERIOD_S + _GRID_SLACK)


class Balance:
    """Electronics asked by time. A new zero or tare changes the indication at once, but not before its time."""

    def __init__(self, electronics: Electronics, disturbances: Disturbances, *, updates_ahead: int) -> None:
        self._electronics = electronics
        self._disturbances = disturbances
        self._updates_ahead = updates_ahead
        self._block: SignalBlock | None = None
        self._superseded: list[tuple[float, BalanceSignal]] = []
        self._stands_at_s = 0.0

    def signal(self, t_s: float) -> BalanceSignal:
        """Return what the balance says at `t_s`."""
        update = update_at(t_s)
        block = self._block
        if block is None or not block.first <= update <= block.last:
            if update >= self._electronics.length:
                self._electronics.advance(update + 1 + self._updates_ahead)
            block = self._block = SignalBlock(self._electronics, self._disturbances, update)
        if self._superseded and update <= self._superseded[-1][1].update:
            for changed_s, before in self._superseded:
                if before.update == update and t_s < changed_s:
                    return before
        return block.signal(update)

    def indications_g(self, times_s: FloatArray) -> FloatArray:
        """Return the net indications at bench times."""
        updates = self._reach(times_s)
        indications = self._electronics.indications_g(0, int(updates.max(initial=0)))[updates]
        for changed_s, before in reversed(self._superseded):
            indications[(updates == before.update) & (times_s < changed_s)] = before.indication_g
        return indications

    def stable(self, times_s: FloatArray) -> NDArray[np.bool_]:
        """Return the stability flags at bench times."""
        updates = self._reach(times_s)
        return np.asarray(self._electronics.stable(0, int(updates.max(initial=0)))[updates])

    def stand_at(self, t_s: float) -> None:
        """Compute all updates up to `t_s` and forget those beyond it."""
        updates = update_at(t_s) + 1
        self._electronics.advance(updates)
        self._electronics.take_back(updates)
        self._block = None
        self._stands_at_s = t_s

    def change(self, name: BalanceSetting, value: bool | float | str) -> None:
        """Change a setting where the balance stands. Raises `ValueError` for an unknown name or value."""
        electronics = self._electronics
        match name, value:
            case "zero_tracking", bool():
                electronics.zero_tracking = value
            case "adaptive", bool():
                electronics.adaptive = value
            case "filter", str() if value in get_args(FilterName):
                electronics.filter = next(known for known in get_args(FilterName) if known == value)
            case "zero", True:
                self._supersede()
                electronics.zero()
            case "tare", True:
                self.indicate(0.0)
            case "tare_g", float():
                self._supersede()
                electronics.set_tare(value)
            case _:
                raise ValueError(f"the balance has no setting {name!r} = {value!r}")

    def indicate(self, indication_g: float) -> None:
        """Choose the tare where the balance stands so that it indicates `indication_g`."""
        self._supersede()
        self._electronics.tare_to(indication_g)

    def _supersede(self) -> None:
        update = self._electronics.length - 1
        before = SignalBlock(self._electronics, self._disturbances, update).signal(update)
        self._superseded.append((self._stands_at_s, before))

    def _reach(self, times_s: FloatArray) -> NDArray[np.int64]:
        updates = np.floor(times_s / UPDATE_PERIOD_S + _GRID_SLACK).astype(np.int64)
        self._electronics.advance(int(updates.max(initial=0)) + 1)
        return updates
