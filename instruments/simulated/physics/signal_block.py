"""A stretch of the balance's updates made ready for being asked one by one."""

from __future__ import annotations

from instruments.simulated.physics.disturbances import Disturbances
from instruments.simulated.physics.electronics import Electronics
from instruments.simulated.physics.states import UPDATE_PERIOD_S, BalanceSignal

_LONGEST = 3000


class SignalBlock:
    """Updates `first` to `last`, as far as they are computed."""

    def __init__(self, balance: Electronics, disturbances: Disturbances, first: int) -> None:
        self.first = first
        self.last = min(first + _LONGEST, balance.length) - 1
        self._disturbances = disturbances
        self._indications: list[float] = balance.indications_g(first, self.last).tolist()
        self._tares: list[float] = balance.tares_g(first, self.last).tolist()
        self._stable: list[bool] = balance.stable(first, self.last).tolist()
        self._overload: list[bool] = balance.overload(first, self.last).tolist()
        self._underload: list[bool] = balance.underload(first, self.last).tolist()

    def signal(self, update: int) -> BalanceSignal:
        """Return one update of the stretch."""
        place = update - self.first
        door_open = self._disturbances.door_open(update * UPDATE_PERIOD_S)
        return BalanceSignal(
            self._indications[place],
            self._tares[place],
            self._stable[place] and not door_open,
            self._overload[place],
            self._underload[place],
            door_open,
            update,
        )
