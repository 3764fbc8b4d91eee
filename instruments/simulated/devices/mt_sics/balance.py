"""The balance behind its interfaces: settings that act on the physics, and weights as lines."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from instruments.readings import Identity
from instruments.simulated.physics.bench import BalanceSetting, Bench
from instruments.simulated.physics.states import UPDATE_PERIOD_S, BalanceSignal
from instruments.simulated.truth.events import BalanceRefusal
from instruments.simulated.truth.measuring import BalanceTruth, FilterName

ADJUSTMENT_S = 90.0
"""An internal adjustment takes this long; the balance does nothing else meanwhile."""

SENSOR_MODE = 2
"""Weighing mode with a fixed filter; the other modes adapt theirs."""

FILTERS: tuple[FilterName, ...] = get_args(FilterName)

NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
"""A number in a parameter."""

_GRAMS = {"kg": 1e3, "g": 1.0, "mg": 1e-3}
_DECIMALS_FEWER = {"kg": -3, "g": 0, "mg": 3}


@dataclass(slots=True)
class Settings:
    """What the interface can set, as the balance answers it."""

    mode: int
    environment: int
    auto_zero: int
    unit: str = "g"
    display_unit: str = "g"
    info_unit: str = "g"
    update_rate_hz: float = 1.0 / UPDATE_PERIOD_S
    adjustment: tuple[int, int] = (1, 0)
    """Automatic (1) or by hand (0); with the internal (0) or an external (1) weight."""
    balance_id: str = ""


class SimulatedBalance:
    """One balance; its sessions share it."""

    def __init__(self, bench: Bench, truth: BalanceTruth, identity: Callable[[float], Identity]) -> None:
        self.bench = bench
        self.truth = truth
        self.identity = identity
        self.lock = threading.Lock()
        self.settings = Settings(
            mode=0 if truth.adaptive else SENSOR_MODE,
            environment=FILTERS.index(truth.filter),
            auto_zero=int(truth.zero_tracking),
        )
        self._power_cycles = 0
        self.fault: str | None = None
        """A fault of the electronics, such as `10b`: weights are answered with it instead of numbers."""
        self._decimals = len(f"{truth.readability_g:.8f}".rstrip("0").partition(".")[2])
        self._busy_until_s = 0.0
        self._refusals = tuple(event for event in bench.drawn.event if isinstance(event, BalanceRefusal))

    def switch_on(self, now_s: float, times: int) -> None:
        """Begin anew as after switching on for the `times`-th time: automatic zero, adaptive filter, the load as zero.

        Harmless when repeated with the same number.
        """
        with self.lock:
            if times == self._power_cycles:
                return
            self._power_cycles = times
            self.settings = Settings(mode=0, environment=FILTERS.index("standard"), auto_zero=1)
            self._busy_until_s = 0.0
        self.apply(now_s, "adaptive", True)
        self.apply(now_s, "filter", "standard")
        self.apply(now_s, "zero_tracking", True)
        self.apply(now_s, "tare_g", 0.0)
        self.apply(now_s, "zero", True)

    @property
    def highest_rate_hz(self) -> float:
        """How often the balance renews its reading."""
        return 1.0 / UPDATE_PERIOD_S

    def busy(self, now_s: float) -> bool:
        """Return True while an adjustment keeps the balance from answering."""
        return now_s < self._busy_until_s

    @property
    def busy_until_s(self) -> float:
        """Bench time at which the last adjustment ends or ended."""
        return self._busy_until_s

    def begin_adjustment(self, now_s: float) -> None:
        """Begin an internal adjustment."""
        self._busy_until_s = now_s + ADJUSTMENT_S

    def cancel_adjustment(self, now_s: float) -> None:
        """Break an adjustment off."""
        self._busy_until_s = min(self._busy_until_s, now_s)

    def apply(self, now_s: float, name: BalanceSetting, value: bool | float | str) -> None:
        """Let a setting act on the physics."""
        self.bench.set_balance_setting(now_s, name, value)

    def weight(self, now_s: float) -> BalanceSignal:
        """Return the balance's last update."""
        return self.bench.balance_signal(now_s)

    def weight_line(self, now_s: float) -> bytes:
        """Return the answer to `SI`."""
        if self.busy(now_s):
            return b"S I\r\n"
        if self.fault is not None:
            return f"S S Error {self.fault}\r\n".encode("ascii")
        for refusal in self._refusals:
            if refusal.at_s <= now_s < refusal.end_s:
                return f"{refusal.answer}\r\n".encode("ascii")
        signal = self.bench.balance_signal(now_s)
        if signal.overload:
            return b"S +\r\n"
        if signal.underload:
            return b"S -\r\n"
        return f"S {'S' if signal.stable else 'D'} {self.mass_field(signal.indication_g)}\r\n".encode("ascii")

    def mass_field(self, mass_g: float) -> str:
        """Return value (ten columns, right-aligned) and unit, in the host unit."""
        unit = self.settings.unit
        decimals = max(0, self._decimals - _DECIMALS_FEWER[unit])
        # Adding zero turns -0.0 into 0.0: a balance shows no sign on nought.
        return f"{round(mass_g / _GRAMS[unit], decimals) + 0.0:10.{decimals}f} {unit}"

    def mass_g(self, digits: str, unit: str) -> float | None:
        """Return a mass written in a parameter, g; None when it is none or lies outside the capacity."""
        if unit not in _GRAMS:
            return None
        if not NUMBER.fullmatch(digits):
            return None
        mass_g = float(digits) * _GRAMS[unit]
        return mass_g if 0.0 <= mass_g <= self.truth.capacity_g else None
