"""The air of the room on a 10-s grid: air conditioning, day and night, weather and slow wandering."""

from __future__ import annotations

import math

import numpy as np

from instruments.simulated.physics import air
from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.lags import recursion
from instruments.simulated.truth.measuring import RoomTruth

CELL_S = 10.0
"""Grid of everything slow: edge `j` is bench time `CELL_S * j`."""

_DAY_S = 86400.0


class _Wander:
    """An Ornstein-Uhlenbeck process of unit variance on the grid, exact in distribution (Gillespie 1996)."""

    def __init__(self, seed: int, process: str, time_constant_s: float) -> None:
        self._track = NormalTrack(seed, "room", process)
        self._keep = math.exp(-CELL_S / time_constant_s)
        self._kick = math.sqrt(-math.expm1(-2.0 * CELL_S / time_constant_s))
        self.last = float(self._track.generator(2**32).standard_normal())

    def block(self, first: int, count: int) -> FloatArray:
        values = recursion(self._track.numbers(first, count), keep=self._keep, gain=self._kick, last=self.last)
        self.last = float(values[-1])
        return values


class RoomAir:
    """Temperature, humidity and pressure; blocks must be asked for in order."""

    def __init__(self, truth: RoomTruth, seed: int) -> None:
        self._truth = truth
        self._temperature = _Wander(seed, "temperature", truth.wander_time_s)
        self._humidity = _Wander(seed, "humidity", truth.wander_time_s)
        self._weather = _Wander(seed, "weather", truth.pressure_wander_time_s)
        phases = NormalTrack(seed, "room", "phases").generator(0).uniform(0.0, 2.0 * math.pi, 2)
        self._hvac_phase, self._day_phase = float(phases[0]), float(phases[1])
        # Weather is a smoothed Ornstein-Uhlenbeck process of unit variance: its start is drawn jointly with its driver.
        start = float(NormalTrack(seed, "room", "weather start").generator(0).standard_normal())
        self._smooth = (self._weather.last + start) / math.sqrt(2.0)

    def block(self, first: int, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return temperature (C), relative humidity (%) and pressure (hPa) at edges `first` to `first + count - 1`."""
        truth = self._truth
        time_s = CELL_S * np.arange(first, first + count)
        temperature = (
            truth.temperature_c
            + truth.hvac_amplitude_k * np.sin(2.0 * math.pi / truth.hvac_period_s * time_s + self._hvac_phase)
            + truth.diurnal_amplitude_k * np.sin(2.0 * math.pi / _DAY_S * time_s + self._day_phase)
            + truth.temperature_wander_k * self._temperature.block(first, count)
        )
        keep = math.exp(-CELL_S / truth.pressure_wander_time_s)
        driver = math.sqrt(2.0) * self._weather.block(first, count)
        weather = recursion(driver, keep=keep, gain=1.0 - keep, last=self._smooth)
        self._smooth = float(weather[-1])
        pressure = truth.pressure_hpa + truth.pressure_wander_hpa * weather
        # The room's vapour content wanders; its relative humidity falls as the air warms.
        mean_temperature = np.full_like(temperature, truth.temperature_c)
        warming = air.saturation_pressure_pa(mean_temperature, pressure) / air.saturation_pressure_pa(
            temperature, pressure
        )
        content = truth.humidity_percent + truth.humidity_wander_percent * self._humidity.block(first, count)
        return temperature, np.clip(content * warming, 1.0, 99.0), pressure
