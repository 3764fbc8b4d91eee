"""The pressure sensor in an external pump, and the firmware's looks at it.

The firmware looks once per period of its own clock. Rather than wake up for every look, it computes when the next one
will come that matters, as long as nobody commands the bench: the twin's future is then fixed. A command makes the
forecast void. So hours of quiet infusion cost a few calls, and every look is still where it would have been.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.bench import Bench

Condition = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Whether readings (kPa gauge) are such as are watched for."""

_AHEAD = 120  # looks of one forecast


@dataclass(frozen=True, slots=True)
class SensorBuild:
    """The sensor as it was made, and how often and how long it is looked at."""

    offset_kpa: float
    gain_error_percent: float
    period_s: float
    """Between two looks, s of the bench."""


@dataclass(frozen=True, slots=True)
class _Watch:
    condition: Condition
    looks: int
    """So many looks in a row must find the condition."""
    first: int
    """Number of the first look that counts."""


@dataclass(frozen=True, slots=True)
class _Forecast:
    due_s: float
    met: bool
    commands: int
    """Of the bench, when this was computed."""


class LineSensor:
    """The sensor at the pump's outlet, watched for one condition at a time."""

    def __init__(self, bench: Bench, build: SensorBuild, power_up_s: float) -> None:
        self._bench = bench
        self._build = build
        self._power_up_s = power_up_s
        self._watch: _Watch | None = None
        self._forecast: _Forecast | None = None

    def watch(self, t_s: float, condition: Condition, *, hold_s: float = 0.0) -> None:
        """Watch from `t_s` on for readings that meet a condition at every look for `hold_s`."""
        looks = 1 + math.ceil(hold_s / self._build.period_s)
        self._watch = _Watch(condition, looks, self._first_after(t_s))
        self._forecast = None

    def rest(self) -> None:
        """Watch for nothing."""
        self._watch = self._forecast = None

    def due_s(self) -> float | None:
        """Return when the firmware must attend to the sensor; calls nothing of the bench."""
        if self._forecast is None:
            return None
        return self._forecast.due_s if self._forecast.commands == self._bench.commands else self._bench.command_s

    def met(self) -> bool:
        """Return True when the watched condition is met at the instant that is due."""
        forecast = self._forecast
        return forecast is not None and forecast.met and forecast.commands == self._bench.commands

    def look_ahead(self, t_s: float) -> None:
        """Compute when the sensor is due next, after `t_s`, unless that is known."""
        watch, known = self._watch, self._forecast
        if watch is None:
            return
        if known is not None and known.commands == self._bench.commands and t_s < known.due_s:
            return
        following = max(self._first_after(t_s), watch.first)
        earliest = max(following - watch.looks + 1, watch.first)
        looks = np.arange(earliest, following + _AHEAD)
        fitting = np.concatenate(([0], np.cumsum(watch.condition(self._readings_kpa(looks)))))
        ends = np.flatnonzero(fitting[watch.looks :] - fitting[: -watch.looks] == watch.looks) + watch.looks - 1
        ends = ends[looks[ends] >= following]
        due = int(looks[ends[0]]) if ends.size else int(looks[-1])
        self._forecast = _Forecast(self._time_s(due), bool(ends.size), self._bench.commands)

    def _readings_kpa(self, looks: NDArray[np.int64]) -> NDArray[np.float64]:
        times_s = np.asarray(self._power_up_s + self._build.period_s * looks, dtype=np.float64)
        pressures_kpa = self._bench.pressure_kpa("line", times_s)
        return self._build.offset_kpa + (1.0 + 0.01 * self._build.gain_error_percent) * pressures_kpa

    def _first_after(self, t_s: float) -> int:
        number = math.floor((t_s - self._power_up_s) / self._build.period_s)
        while self._time_s(number) <= t_s:
            number += 1
        return number

    def _time_s(self, number: int) -> float:
        return self._power_up_s + self._build.period_s * number
