"""State and timers of the syringe pump: an agent of the bench that knows its motor, not what really flows.

Its motor stalls where the line's pressure reaches the truth's `slip_pressure_kpa`, and where the truth holds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.devices.pump.jobs import Jobs
from instruments.simulated.physics.bench import Bench

_Result = TypeVar("_Result")
_LOOK_S = 0.5


class Ne1000Firmware:
    """The firmware of one pump. Flows in uL/h, volumes in uL."""

    def __init__(self, bench: Bench, *, version: str = "NE1000V3.928") -> None:
        """Switch the pump on at bench time 0: it reports a reset first."""
        self.version = version
        self.prompt = "S"
        self.alarm = "R"
        self.alarm_times_s: list[tuple[float, str]] = []
        """Every alarm raised after power-up and when, in times of the bench."""
        self.diameter_mm = 14.43
        self.flow_ul_per_h = 1000.0
        self.flow_unit = "UH"
        self.volume_ul = 0.0
        self.phase = 1
        self.functions: dict[int, str] = {}
        self.infused_ul = 0.0
        self.safe_s = 0
        self._bench = bench
        self._jobs = Jobs(bench)
        self._rate = 1.0 + 1e-6 * bench.drawn.pump.crystal_error_ppm.value
        self._slip_kpa = bench.drawn.pump.slip_pressure_kpa
        self._now_s = self._heard_s = 0.0
        self._look_s = math.inf
        self._run_from_ul = 0.0
        bench.add_agent(self)

    def alarm_contacts(self, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether the contact of an alarm output was closed: it has none."""
        return np.zeros(times_s.shape, dtype=np.bool_)

    @property
    def running(self) -> bool:
        """Whether the motor turns."""
        return self.prompt == "I"

    def perform(self, now_s: float, action: Callable[[float], _Result]) -> _Result:
        """Do something at its place in the order of the bench's time; return what it returns."""
        return self._jobs.perform(now_s, action)

    def heard(self) -> None:
        """Note that a valid packet has come."""
        self._heard_s = self._now_s

    # ---- agent of the bench; called with its lock held

    def next_due_s(self) -> float | None:
        """Return when the next timer, look at the motor or request is due."""
        jobs_s = self._jobs.due_s()
        due_s = min(self._silent_s(), self._end_s(), self._look_s, math.inf if jobs_s is None else jobs_s)
        return due_s if due_s < math.inf else None

    def act(self, t_s: float) -> None:
        """Do what is due: the motor, the volume, the silence, then requests of the same instant."""
        now_s = max(t_s, self._now_s)
        if self.running:
            self.infused_ul += self.flow_ul_per_h * (now_s - self._now_s) * self._rate / 3600.0
        self._now_s = now_s
        if self._look_s <= now_s:
            self._look()
        elif self._end_s() <= now_s:
            self.stop("S")
        elif self._silent_s() <= now_s:
            self._raise("T")
        else:
            self._jobs.run_first(now_s)

    # ---- what commands do

    def run(self) -> None:
        """Run phase 1: pump at the flow, to the volume if there is one."""
        self.prompt = "I"
        self._run_from_ul = self.infused_ul
        self._look_s = self._now_s + _LOOK_S
        self._bench.set_pump_flow(self._now_s, self.flow_ul_per_h)

    def stop(self, prompt: str) -> None:
        """Stop the motor: paused (P) or stopped (S)."""
        self.prompt = prompt
        self._look_s = math.inf
        self._bench.set_pump_flow(self._now_s, 0.0)

    # ---- inside

    def _raise(self, alarm: str) -> None:
        self.alarm = alarm
        self.alarm_times_s.append((self._now_s, alarm))
        self.stop("S")

    def _look(self) -> None:
        self._look_s = self._now_s + _LOOK_S
        blocked = self._bench.outlet_pressure_kpa(self._now_s) >= self._slip_kpa
        if blocked or self._bench.pump_mechanics(self._now_s).stalled:
            self._raise("S")

    def _silent_s(self) -> float:
        if not self.safe_s or self.alarm:
            return math.inf
        return self._heard_s + self.safe_s / self._rate

    def _end_s(self) -> float:
        if not self.running or self.volume_ul == 0.0:
            return math.inf
        left_ul = self._run_from_ul + self.volume_ul - self.infused_ul
        # An instant that rounds to the present would never come.
        left_s = 0.0 if left_ul <= 1e-9 else left_ul / self.flow_ul_per_h * 3600.0 / self._rate
        return self._now_s + left_s
