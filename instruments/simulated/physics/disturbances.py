"""What shakes, blows on or lies on the pan: vibration, scheduled knocks, the draught shield's door, foreign loads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

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


@dataclass(frozen=True, slots=True)
class _Part:
    """A load from `at_s` (included) to `end_s` (excluded); `load_g` takes bench times and the number of the first."""

    at_s: float
    end_s: float
    load_g: Callable[[FloatArray, int], FloatArray]


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
        start_s, end_s = float(times_s[0]), float(times_s[-1])
        for part in self._parts(start_s, end_s):
            begin, end = np.searchsorted(times_s, (part.at_s, part.end_s)).tolist()
            if begin < end:
                total = np.zeros(times_s.size) if total is None else total
                total[begin:end] += part.load_g(times_s[begin:end], first + begin)
        return total

    def _parts(self, start_s: float, end_s: float) -> Iterator[_Part]:
        for knock in self._knocks:
            yield _Part(knock.at_s, knock.at_s + knock.duration_s, partial(_half_sine, knock))
        for hour in range(max(int((start_s - _LONGEST_VIBRATION_S) // _HOUR_S), 0), int(end_s // _HOUR_S) + 1):
            for knock in self._vibrations(hour):
                yield _Part(knock.at_s, knock.at_s + knock.duration_s, partial(_half_sine, knock))
        for load in self._loads:
            yield _Part(load.at_s, load.end_s, partial(_constant, load.load_g))
        for door in self._doors:
            last_s = door.end_s + _RECOVERIES * self._truth.door_recovery_s
            yield _Part(door.at_s, last_s, partial(self._door, door))

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

    def _door(self, door: DoorOpen, times_s: FloatArray, first: int) -> FloatArray:
        step_g = 1e-3 * door.step_mg
        since_closed = np.maximum(times_s - door.end_s, 0.0)
        draught_g = 1e-6 * self._truth.door_noise_ug * self._draught.numbers(first, times_s.size)
        recovering = step_g * np.exp(-since_closed / self._truth.door_recovery_s)
        return np.asarray(recovering + np.where(times_s < door.end_s, draught_g, 0.0))


def _half_sine(knock: _Knock, times_s: FloatArray, _first: int) -> FloatArray:
    return np.asarray(knock.amplitude_g * np.sin(math.pi * ((times_s - knock.at_s) / knock.duration_s)))


def _constant(load_g: float, times_s: FloatArray, _first: int) -> FloatArray:
    return np.full(times_s.size, load_g)
