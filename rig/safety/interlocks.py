"""Interlocks guard people and rig, on every sample as it arrives; they do not judge the pump."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from instruments.clock import Clock
from instruments.errors import InstrumentError, LinkLost
from results.trace.schema import MASS, PRESSURE_PREFIX, Block
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item

_LOOK_S = 1.0  # of station time


@dataclass(frozen=True, slots=True)
class InterlockLimits:
    """Limits of the rig: burst pressure (kPa, gauge), load of the vessel (g), silence of an instrument (s)."""

    burst_pressure_kpa: float
    vessel_full_g: float
    silent_after_s: float


@dataclass(frozen=True, slots=True)
class Trip:
    """Why an interlock tripped: a limit reached, or an instrument silent (with its last error, if it gave one)."""

    reason: str
    error: InstrumentError | None = None
    is_limit: bool = False


class Interlocks:
    """Watches the stream; latches the first trip and tells its listeners."""

    def __init__(self, limits: InterlockLimits, *, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._listeners: list[Callable[[Trip], None]] = []
        self._lock = threading.Lock()
        self._last_good_s: dict[str, float] = {}
        self._last_error: dict[str, InstrumentError] = {}
        self._last_state: dict[str, str] = {}
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
            self._last_seen_s.setdefault(stream, now_s)

    def watch(self, item: Item) -> None:
        """Look at one item of the stream, and at how long nothing has come of the other instruments."""
        if isinstance(item, Sample | Block):
            self._last_seen_s[item.stream] = self._clock.now()
        self._watch_for_absence()
        if isinstance(item, Sample):
            self._watch_silence(item)
            if item.stream == MASS and item.status.carries_number:
                mass_g = float(item.values[0])
                if not mass_g < self._limits.vessel_full_g:
                    reason = f"vessel full: {mass_g:.3f} g reaches {self._limits.vessel_full_g:g} g"
                    self._raise(Trip(reason, is_limit=True))
        elif isinstance(item, Block) and item.stream.startswith(PRESSURE_PREFIX):
            self._watch_pressure(item)

    def note_error(self, source: str, error: InstrumentError) -> None:
        """Remember why a read failed; a lost link trips at once."""
        self._last_error[source] = error
        if isinstance(error, LinkLost):
            self._raise(Trip(f"{source}: the link is lost", error))

    def _watch_for_absence(self) -> None:
        """Trip for an instrument nobody reads any more: one whose sampler is held up publishes nothing at all."""
        now_s = self._clock.now()
        if now_s < self._look_again_s:
            return
        self._look_again_s = now_s + _LOOK_S
        for stream, seen_s in tuple(self._last_seen_s.items()):
            if now_s - seen_s >= self._limits.silent_after_s + _LOOK_S:
                reason = f"{stream}: nothing was read for {now_s - seen_s:.0f} s (its sampler is held up)"
                self._raise(Trip(reason, self._last_error.get(stream)))

    def _watch_silence(self, sample: Sample) -> None:
        now_s = self._clock.now()
        if sample.status.carries_number:
            self._last_good_s[sample.stream] = now_s
            return
        self._last_state[sample.stream] = sample.status.name.replace("_", " ").lower()
        silent_s = now_s - self._last_good_s.setdefault(sample.stream, now_s)
        if silent_s >= self._limits.silent_after_s:
            state = self._last_state[sample.stream]
            reason = f"{sample.stream}: no number for {silent_s:.0f} s (last state: {state})"
            self._raise(Trip(reason, self._last_error.get(sample.stream)))

    def _watch_pressure(self, block: Block) -> None:
        if (block.status == SampleStatus.OVER_RANGE).any():
            self._raise(Trip(f"{block.stream}: above the range of its transducer", is_limit=True))
        pressure_kpa = block.columns["pressure_kpa"]
        highest_kpa = float(pressure_kpa.max())
        if math.isnan(highest_kpa):
            if np.isnan(pressure_kpa).all():
                state = int(block.status[-1])
                self._watch_silence(Sample(block.stream, int(block.time_ns[-1]), SampleStatus(state), ()))
                return
            highest_kpa = float(np.nanmax(pressure_kpa))
        self._last_good_s[block.stream] = self._clock.now()
        if not highest_kpa < self._limits.burst_pressure_kpa:
            limit = self._limits.burst_pressure_kpa
            reason = f"{block.stream}: {highest_kpa:.1f} kPa reaches the burst limit {limit:g} kPa"
            self._raise(Trip(reason, is_limit=True))

    def _raise(self, trip: Trip) -> None:
        with self._lock:
            if self.trip is not None:
                return
            self.trip = trip
        for listener in self._listeners:
            listener(trip)
