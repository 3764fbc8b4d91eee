"""The pump's mechanism: when a stroke begins, and how much it delivers.

Strokes that follow one another within `SLICE_S`, and everything run backwards, are taken as continuous flow, in slices
of that length: what a stroke meets (pressure, reservoir, stall) is then noticed once per slice, and the jitter of a
slice is that of the strokes within it. Continuous flow leaves the phase of the strokes where it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.truth.events import BenchEvent, Drift, RateError, Stall
from instruments.simulated.truth.fluid_path import PumpTruth

SLICE_S = 0.5
"""Longest interval between strokes taken as continuous flow, and the length of a slice of it, s."""

_DAY_S = 86400.0
_DUTY = 0.9  # part of the interval a stroke may take when flows are high
_SLACK = 1e-9  # of a slice: it begins at its edge although rounding puts the edge a little later
_VACUUM_KPA = -90.0  # gauge: a line under it yields no liquid to a mechanism that runs backwards


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stroke meets: gauge pressure at the outlet, volume left, the factor of temperature and air, a stopcock."""

    pressure_kpa: float
    reservoir_ul: float
    factor: float
    shut_off: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """What a stroke or slice takes from the reservoir, uL at the pump's temperature, and when it ends."""

    volume_ul: float
    end_s: float


class StrokeDrive:
    """Turns a commanded flow into strokes. The phase survives every change of flow, so no part of a stroke is lost."""

    def __init__(self, truth: PumpTruth, events: Iterable[BenchEvent], seed: int) -> None:
        self._truth = truth
        self._jitter = NormalTrack(seed, "pump", "stroke volume")
        self._slice_jitter = NormalTrack(seed, "pump", "slice volume")
        self._events = [event for event in events if isinstance(event, Stall | RateError | Drift)]
        self._clock = 1.0 + 1e-6 * truth.crystal_error_ppm.value
        self._since_s = 0.0
        self._phase = float(self._jitter.generator(2**32).uniform())
        self._per_s = 0.0
        self.continuous = False
        """True while flow is continuous."""
        self.flow_ul_per_h = 0.0
        self.held = False
        """True while something holds the rotor: it stalls."""

    def command(self, t_s: float, flow_ul_per_h: float) -> None:
        """Run at a flow from `t_s` on, by the pump's own crystal and its nominal stroke; negative runs backwards."""
        if not self.continuous:
            self._phase += (t_s - self._since_s) * self._per_s
        self._since_s = t_s
        self.flow_ul_per_h = flow_ul_per_h
        self._per_s = flow_ul_per_h / 3600.0 / self._truth.stroke_volume_ul * self._clock
        self.continuous = self._per_s < 0.0 or self._per_s * SLICE_S > 1.0

    def next_start_s(self, strokes_begun: int) -> float:
        """Return when the next stroke or slice begins (one that is due: when it could have), infinity while stopped."""
        if self._per_s == 0.0:
            return math.inf
        if self.continuous:
            return self._since_s
        return self._since_s + (strokes_begun + 1.0 - self._phase) / self._per_s

    def stroke(self, number: int, t_s: float, around: Surroundings) -> Portion:
        """Return stroke `number`, begun at `t_s`."""
        jitter = float(self._jitter.numbers(number, 1)[0])
        volume_ul = self._volume_ul(1.0, jitter, t_s, around)
        return Portion(volume_ul, t_s + min(self._truth.stroke_duration_s, _DUTY / self._per_s))

    def slice(self, number: int, t_s: float, around: Surroundings) -> Portion:
        """Return the slice of continuous flow `t_s` lies in; `number` counts slices since bench time 0."""
        place = math.floor((t_s - self._since_s) / SLICE_S + _SLACK)
        strokes = SLICE_S * self._per_s
        jitter = float(self._slice_jitter.numbers(number, 1)[0]) / math.sqrt(abs(strokes))
        volume_ul = self._volume_ul(strokes, jitter, t_s, around)
        return Portion(volume_ul, self._since_s + (place + 1) * SLICE_S)

    def stalled(self, t_s: float) -> bool:
        """Return True while strokes deliver nothing because the motor stalls."""
        return self.held or any(isinstance(event, Stall) and event.at_s <= t_s < event.end_s for event in self._events)

    def _volume_ul(self, strokes: float, jitter: float, t_s: float, around: Surroundings) -> float:
        """Return what some strokes take from the reservoir (give back to it: negative), `jitter` in its own sigmas."""
        truth = self._truth
        slips, starved = around.pressure_kpa >= truth.slip_pressure_kpa, around.pressure_kpa <= _VACUUM_KPA
        if (slips if strokes > 0.0 else starved) or around.shut_off or self.stalled(t_s):
            return 0.0
        error_percent = (
            truth.systematic_error_percent.value
            + truth.drift_percent_per_day.value * t_s / _DAY_S
            + truth.back_pressure_percent_per_kpa.value * around.pressure_kpa
            + truth.reservoir_fill_percent.value * (1.0 - around.reservoir_ul / truth.reservoir_capacity_ul)
            + self._disturbance_percent(t_s)
        )
        if self.flow_ul_per_h >= truth.fast_from_ul_per_h:
            error_percent += truth.fast_error_percent
        spread = 1.0 + 0.01 * truth.stroke_jitter_percent * jitter
        size = max(spread * (1.0 + 0.01 * error_percent) * around.factor, 0.0)
        return min(strokes * truth.stroke_volume_ul * size, around.reservoir_ul)

    def _disturbance_percent(self, t_s: float) -> float:
        total = 0.0
        for event in self._events:
            if event.at_s <= t_s < event.end_s:
                if isinstance(event, RateError):
                    total += event.percent
                elif isinstance(event, Drift):
                    total += event.percent_per_day * (t_s - event.at_s) / _DAY_S
        return total
