"""What shakes, blows on or lies on the pan: vibration, scheduled knocks, the draught shield's door, foreign loads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.truth.events import BenchEvent, DoorOpen, Load, Spike
from instruments.simulated.truth.measuring import BalanceTruth

_HOUR_S = 3600.0
_LONGEST_VIBRATION_S = 20.0
_RECOVERIES = 12.0  # after so many time constants a recovery is below one part in 1e5


@dataclass(frozen=True, slots=True)
class _Knock:
    at_s: float
    duration_s: float
    amplitude_g: float


class Disturbances:
    """Loads on the pan that are not the vessel's, by bench time."""

    def __init__(self, truth: BalanceTruth, events: Iterable[BenchEvent], seed: int) -> None:
        self._truth = truth
        scheduled = tuple(events)
        self._doors = [event for event in scheduled if isinstance(event, DoorOpen)]
        self._loads = [event for event in scheduled if isinstance(event, Load)]
        self._knocks = [
            _Knock(event.at_s, event.duration_s, 1e-3 * event.amplitude_mg)
            for event in scheduled
            if isinstance(event, Spike)
        ]
        self._vibration = NormalTrack(seed, "balance", "vibration")
        self._draught = NormalTrack(seed, "balance", "draught")

    def door_open(self, t_s: float) -> bool:
        """Return True while the draught shield stands open."""
        return any(door.at_s <= t_s < door.end_s for door in self._doors)

    def load_g(self, first: int, times_s: FloatArray) -> FloatArray | None:
        """Return the load, g, at consecutive updates (the first is number `first`), or None where there is none."""
        total: FloatArray | None = None
        for part in self._parts(first, times_s):
            total = part if total is None else total + part
        return total

    def _parts(self, first: int, times_s: FloatArray) -> Iterable[FloatArray]:
        start_s, end_s = float(times_s[0]), float(times_s[-1])
        for knock in self._knocks:
            if knock.at_s <= end_s and start_s < knock.at_s + knock.duration_s:
                yield _half_sine(knock, times_s)
        hour = max(int((start_s - _LONGEST_VIBRATION_S) // _HOUR_S), 0)
        while hour * _HOUR_S <= end_s:
            for knock in self._vibrations(hour):
                if knock.at_s <= end_s and start_s < knock.at_s + knock.duration_s:
                    yield _half_sine(knock, times_s)
            hour += 1
        for load in self._loads:
            if load.at_s <= end_s and start_s < load.end_s:
                yield np.where((times_s >= load.at_s) & (times_s < load.end_s), load.load_g, 0.0)
        for door in self._doors:
            last_s = door.end_s + _RECOVERIES * self._truth.door_recovery_s
            if door.at_s <= end_s and start_s < last_s:
                yield self._door(door, first, times_s)

    def _vibrations(self, hour: int) -> list[_Knock]:
        """Return the knocks that begin within an hour: a Poisson process of its own for every hour."""
        generator = self._vibration.generator(hour)
        knocks = []
        for _ in range(int(generator.poisson(self._truth.vibration_spikes_per_h))):
            at_s = (hour + float(generator.uniform())) * _HOUR_S
            duration_s = float(generator.uniform(1.0, _LONGEST_VIBRATION_S))
            amplitude_g = 1e-3 * self._truth.vibration_spike_mg * float(generator.uniform(-1.0, 1.0))
            knocks.append(_Knock(at_s, duration_s, amplitude_g))
        return knocks

    def _door(self, door: DoorOpen, first: int, times_s: FloatArray) -> FloatArray:
        step_g = 1e-3 * door.step_mg
        since_closed = np.maximum(times_s - door.end_s, 0.0)
        recovering = step_g * np.exp(-since_closed / self._truth.door_recovery_s)
        stands_open = (times_s >= door.at_s) & (times_s < door.end_s)
        draught_g = 1e-6 * self._truth.door_noise_ug * self._draught.numbers(first, times_s.size)
        return np.where(times_s >= door.at_s, recovering, 0.0) + np.where(stands_open, draught_g, 0.0)


def _half_sine(knock: _Knock, times_s: FloatArray) -> FloatArray:
    phase = (times_s - knock.at_s) / knock.duration_s
    inside = (phase >= 0.0) & (phase < 1.0)
    return np.where(inside, knock.amplitude_g * np.sin(math.pi * np.clip(phase, 0.0, 1.0)), 0.0)
