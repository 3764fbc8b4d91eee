"""The pump's mechanism: when a stroke begins, and how much it delivers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.truth.events import BenchEvent, Drift, RateError, Stall
from instruments.simulated.truth.fluid_path import PumpTruth

_DAY_S = 86400.0
_DUTY = 0.9  # part of the interval a stroke may take when flows are high


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stroke meets: gauge pressure at the outlet, volume left, and the factor of temperature and air."""

    pressure_kpa: float
    reservoir_ul: float
    factor: float


class StrokeDrive:
    """Turns a commanded flow into strokes. The phase survives every change of flow, so no part of a stroke is lost."""

    def __init__(self, truth: PumpTruth, events: Iterable[BenchEvent], seed: int) -> None:
        self._truth = truth
        self._jitter = NormalTrack(seed, "pump", "stroke volume")
        self._events = [event for event in events if isinstance(event, Stall | RateError | Drift)]
        self._clock = 1.0 + 1e-6 * truth.crystal_error_ppm.value
        self._since_s = 0.0
        self._phase = float(self._jitter.generator(2**32).uniform())
        self._per_s = 0.0
        self.flow_ul_per_h = 0.0

    def command(self, t_s: float, flow_ul_per_h: float) -> None:
        """Run at a flow from `t_s` on, by the pump's own crystal and its nominal stroke."""
        self._phase += (t_s - self._since_s) * self._per_s
        self._since_s = t_s
        self.flow_ul_per_h = flow_ul_per_h
        self._per_s = flow_ul_per_h / 3600.0 / self._truth.stroke_volume_ul * self._clock

    def next_start_s(self, strokes_begun: int) -> float:
        """Return when the next stroke begins, infinity while stopped."""
        if self._per_s == 0.0:
            return math.inf
        return self._since_s + (strokes_begun + 1.0 - self._phase) / self._per_s

    @property
    def stroke_s(self) -> float:
        """How long a stroke begun now takes."""
        return min(self._truth.stroke_duration_s, _DUTY / self._per_s)

    def stroke_ul(self, number: int, t_s: float, around: Surroundings) -> float:
        """Return what stroke `number`, begun at `t_s`, takes from the reservoir, uL at the pump's temperature."""
        truth = self._truth
        if around.pressure_kpa >= truth.slip_pressure_kpa or self.stalled(t_s):
            return 0.0
        jitter = 0.01 * truth.stroke_jitter_percent * float(self._jitter.numbers(number, 1)[0])
        error_percent = (
            truth.systematic_error_percent.value
            + truth.drift_percent_per_day.value * t_s / _DAY_S
            + truth.back_pressure_percent_per_kpa.value * around.pressure_kpa
            + truth.reservoir_fill_percent.value * (1.0 - around.reservoir_ul / truth.reservoir_capacity_ul)
            + self._disturbance_percent(t_s)
        )
        volume_ul = truth.stroke_volume_ul * (1.0 + jitter) * (1.0 + 0.01 * error_percent) * around.factor
        return min(max(volume_ul, 0.0), around.reservoir_ul)

    def stalled(self, t_s: float) -> bool:
        """Return True while strokes deliver nothing because the motor stalls."""
        return any(isinstance(event, Stall) and event.at_s <= t_s < event.end_s for event in self._events)

    def _disturbance_percent(self, t_s: float) -> float:
        total = 0.0
        for event in self._events:
            if event.at_s <= t_s < event.end_s:
                if isinstance(event, RateError):
                    total += event.percent
                elif isinstance(event, Drift):
                    total += event.percent_per_day * (t_s - event.at_s) / _DAY_S
        return total
