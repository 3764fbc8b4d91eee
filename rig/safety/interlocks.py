"""Interlocks guard people and rig, on every sample as it arrives; they do not judge the pump."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from instruments.clock import Clock
from instruments.errors import InstrumentError, LinkLost
from results.trace.schema import AMBIENT, MASS, PRESSURE_PREFIX, SAMPLE_CLOCK, Block
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item
from rig.trip import Trip, TrippingSample, number_or_none

_LOOK_S = 1.0  # of station time
_PRESSURE = "pressure_kpa"
_MASS = "mass_g"
_TEMPERATURE = "temperature_c"


@dataclass(frozen=True, slots=True)
class InterlockLimits:
    """Limits of the rig: burst pressure (kPa, gauge), load of the vessel (g), silence of an instrument (s).

    `air_temperature_c`: lowest and highest air temperature at the balance (degC), None where there is no band.
    """

    burst_pressure_kpa: float
    vessel_full_g: float
    silent_after_s: float
    air_temperature_c: tuple[float, ...] | None = None


class Interlocks:
    """Watches the stream; latches the first trip and tells its listeners."""

    def __init__(self, limits: InterlockLimits, *, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._listeners: list[Callable[[Trip], None]] = []
        self._lock = threading.Lock()
        self._last_good_s: dict[str, float] = {}
        self._last_error: dict[str, InstrumentError] = {}
        self._last_seen_s: dict[str, float] = {}
        self._look_again_s = 0.0
        self.trip: Trip | None = None

    def call_on_trip(self, listener: Callable[[Trip], None]) -> None:
        """Call a listener at the first trip, in the thread that published the sample."""
        self._listeners.append(listener)

    def expect(self, streams: Iterable[str]) -> None:
        """Miss these streams from now on, also when they never begin; called when sampling starts."""
        now_s = self._clock.now()
        for stream in streams:
            if stream != SAMPLE_CLOCK:
                self._last_seen_s.setdefault(stream, now_s)

    def watch(self, item: Item) -> None:
        """Look at one item of the stream, and at how long nothing has come of the other instruments.

        Not at an event: it is published under a lock, and a trip may take station time, which others need to pass.
        """
        if not isinstance(item, Sample | Block):
            return
        # The sample clock's rows come with the pressures', but not in a gap that the plan allows the DAQ.
        if item.stream != SAMPLE_CLOCK:
            self._last_seen_s[item.stream] = self._clock.now()
        self._watch_for_absence()
        if isinstance(item, Sample):
            self._watch_sample(item)
        elif item.stream.startswith(PRESSURE_PREFIX):
            self._watch_pressure(item)

    def note_error(self, source: str, error: InstrumentError) -> None:
        """Remember why a read failed; a lost link trips at once."""
        self._last_error[source] = error
        if isinstance(error, LinkLost):
            self.latch(Trip(f"{source}: the link is lost", error))

    def latch(self, trip: Trip) -> None:
        """Trip, unless one has before: the first one is the reason of the run's end."""
        with self._lock:
            if self.trip is not None:
                return
            self.trip = trip
        for listener in self._listeners:
            listener(trip)

    def _watch_for_absence(self) -> None:
        """Trip for an instrument nobody reads any more: one whose sampler is held up publishes nothing at all."""
        now_s = self._clock.now()
        if now_s < self._look_again_s:
            return
        self._look_again_s = now_s + _LOOK_S
        for stream, seen_s in tuple(self._last_seen_s.items()):
            if now_s - seen_s >= self._limits.silent_after_s + _LOOK_S:
                reason = f"{stream}: nothing was read for {now_s - seen_s:.0f} s (its sampler is held up)"
                self.latch(Trip(reason, self._last_error.get(stream)))

    def _watch_sample(self, sample: Sample) -> None:
        quantity, value = _looked_at(sample)
        tripping = TrippingSample(sample.stream, sample.time_ns, sample.status.name, quantity, number_or_none(value))
        band_c = self._limits.air_temperature_c if sample.stream == AMBIENT else None
        has_number = sample.status.carries_number
        self._watch_silence(tripping, has_number=has_number and not (band_c and math.isnan(value)))
        if sample.stream == MASS and has_number and not value < self._limits.vessel_full_g:
            reason = f"vessel full: {value:.3f} g reaches {self._limits.vessel_full_g:g} g"
            self.latch(Trip(reason, is_limit=True, sample=tripping))
        # A row without its humidity is no sample, but a temperature in it is one.
        if band_c is not None and not math.isnan(value) and not band_c[0] <= value <= band_c[1]:
            reason = f"air temperature: {value:.2f} degC is outside {band_c[0]:g} to {band_c[1]:g} degC"
            self.latch(Trip(reason, is_limit=True, sample=tripping))

    def _watch_silence(self, tripping: TrippingSample, *, has_number: bool) -> None:
        now_s = self._clock.now()
        if has_number:
            self._last_good_s[tripping.stream] = now_s
            return
        silent_s = now_s - self._last_good_s.setdefault(tripping.stream, now_s)
        if silent_s >= self._limits.silent_after_s:
            state = tripping.status.replace("_", " ").lower()
            reason = f"{tripping.stream}: no number for {silent_s:.0f} s (last state: {state})"
            self.latch(Trip(reason, self._last_error.get(tripping.stream), sample=tripping))

    def _watch_pressure(self, block: Block) -> None:
        above_range = block.status == SampleStatus.OVER_RANGE
        if above_range.any():
            reason = f"{block.stream}: above the range of its transducer"
            self.latch(Trip(reason, is_limit=True, sample=_sample_of(block, int(np.argmax(above_range)))))
        pressure_kpa = np.asarray(block.columns[_PRESSURE], dtype=np.float64)
        highest_kpa = float(pressure_kpa.max())
        if math.isnan(highest_kpa):
            if np.isnan(pressure_kpa).all():
                # Below the range of its transducer a pressure is no number, but known not to burst anything.
                is_low = bool((block.status == SampleStatus.UNDER_RANGE).all())
                self._watch_silence(_sample_of(block, -1), has_number=is_low)
                return
            highest_kpa = float(np.nanmax(pressure_kpa))
        self._last_good_s[block.stream] = self._clock.now()
        limit_kpa = self._limits.burst_pressure_kpa
        if not highest_kpa < limit_kpa:
            sample = _sample_of(block, int(np.argmax(pressure_kpa >= limit_kpa)))
            reason = f"{block.stream}: {highest_kpa:.1f} kPa reaches the burst limit {limit_kpa:g} kPa"
            self.latch(Trip(reason, is_limit=True, sample=sample))


def _looked_at(sample: Sample) -> tuple[str, float]:
    """Return the quantity of a sample that has a limit, and its value; "" and NaN where none has."""
    quantity = {MASS: _MASS, AMBIENT: _TEMPERATURE}.get(sample.stream, "")
    return quantity, float(sample.values[0]) if quantity else math.nan


def _sample_of(block: Block, index: int) -> TrippingSample:
    status = SampleStatus(int(block.status[index])).name
    value = number_or_none(float(block.columns[_PRESSURE][index]))
    return TrippingSample(block.stream, int(block.time_ns[index]), status, _PRESSURE, value)
