"""All samplers of a station, the stream they publish to, and the record of what happened."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

from instruments.clock import Clock, Task
from instruments.errors import InstrumentError
from instruments.interfaces import AmbientSensor, Balance, Polled, PressureInput, Pump
from instruments.readings import PumpAlarm, PumpStatus
from results.trace.events import EventLog
from results.trace.schema import AMBIENT, MASS, PUMP, READING_DOUBTED, TraceEvent
from results.trace.status import SampleStatus
from rig.acquisition.clock_watch import ClockWatch
from rig.acquisition.pressure_sampler import PressureSampler
from rig.acquisition.sample import to_ns
from rig.acquisition.samplers import (
    NO_VALUES,
    AnswerListener,
    FaultListener,
    Reader,
    Sampler,
    Values,
    ambient_reader,
    balance_reader,
    pump_reader,
)
from rig.acquisition.stream import SampleStream


@dataclass(frozen=True, slots=True)
class SampledInstruments:
    """What is sampled, and how often (station time, s)."""

    pump: Pump
    balance: Balance
    ambient: AmbientSensor
    pressure: PressureInput
    balance_period_s: float
    ambient_period_s: float
    telemetry_period_s: float
    pressure_rate_hz: float
    pressure_block_s: float


PUMP_ASKED_AGAIN_S = 5.0
"""After an answer that was lost, s: a pump that is not spoken to for long stops by itself."""

JOIN_PATIENCE_S = 30.0
"""Longer than any deadline of a link, s of station time."""


class Acquisition:
    """Runs from `start` to `stop`; both are called by the protocol's thread, which participates in the clock."""

    def __init__(
        self,
        instruments: SampledInstruments,
        *,
        clock: Clock,
        stream: SampleStream,
        event_log: EventLog,
        on_fault: FaultListener,
        on_answer: AnswerListener = lambda source: None,
    ) -> None:
        self._instruments = instruments
        self._clock = clock
        self._stream = stream
        self._event_log = event_log
        self._on_fault = on_fault
        self._on_answer = on_answer
        # What listens to an event may trip, and a trip is an event itself, in the same thread.
        self._event_lock = threading.RLock()
        self._stop = clock.event()
        self._tasks: list[Task] = []
        self._samplers: list[Sampler | PressureSampler] = []
        self._alarm_listeners: list[Callable[[frozenset[PumpAlarm]], None]] = []
        self._status_listeners: list[Callable[[PumpStatus], None]] = []
        self._death_listeners: list[Callable[[str, BaseException], None]] = []
        self._alarms: frozenset[PumpAlarm] = frozenset()
        self._polled_before_s = clock.now()
        self._faults_seen: set[tuple[str, str]] = set()
        self.origin_s = clock.now()
        self._clock_watch = ClockWatch(clock, self.event)

    @property
    def clock_notes(self) -> tuple[str, ...]:
        """What the wall clock of the host did, for the record."""
        return tuple(self._clock_watch.notes)

    def start(self) -> None:
        """Start one sampler per instrument; station time of the record counts from here."""
        chosen = self._instruments
        self.origin_s = self._clock.now()
        self._samplers = [
            self._sampler(MASS, chosen.balance_period_s, chosen.balance, balance_reader(chosen.balance)),
            PressureSampler(
                clock=self._clock,
                stream=self._stream,
                origin_s=self.origin_s,
                rate_hz=chosen.pressure_rate_hz,
                block_s=chosen.pressure_block_s,
                pressure=chosen.pressure,
                on_fault=self._note_fault,
                on_answer=self._on_answer,
            ),
            self._sampler(AMBIENT, chosen.ambient_period_s, chosen.ambient, ambient_reader(chosen.ambient)),
            self._sampler(
                PUMP,
                chosen.telemetry_period_s,
                chosen.pump,
                self._polled(pump_reader(chosen.pump, self._note_status)),
                ask_again_s=PUMP_ASKED_AGAIN_S,
            ),
        ]
        self._clock_watch.begin(self.origin_s)
        if not self._clock.is_virtual:
            self._tasks.append(self._clock.spawn("clock-watch", partial(self._run, self._clock_watch)))
        for sampler in self._samplers:
            self._tasks.append(self._clock.spawn(f"sampler-{sampler.name}", partial(self._run, sampler)))

    def stop(self) -> None:
        """End the samplers and say how each one did; idempotent.

        One that does not end is left behind: what was recorded must not wait for it.
        """
        self._stop.set()
        tasks, self._tasks = self._tasks, []
        give_up_s = self._clock.now() + JOIN_PATIENCE_S
        for task in tasks:
            if not task.join(give_up_s):
                self.event("sampler_stuck", task.name, {"waited_s": JOIN_PATIENCE_S})
        for sampler in self._samplers if tasks else ():
            self.event("sampler_end", sampler.name, asdict(sampler.tally))
        if tasks:
            self._clock_watch.end()

    def call_on_alarm(self, listener: Callable[[frozenset[PumpAlarm]], None]) -> None:
        """Call a listener with alarms newly raised by the pump, in the sampler's thread."""
        self._alarm_listeners.append(listener)

    def call_on_status(self, listener: Callable[[PumpStatus], None]) -> None:
        """Call a listener with every status of the pump, in the sampler's thread."""
        self._status_listeners.append(listener)

    def call_on_death(self, listener: Callable[[str, BaseException], None]) -> None:
        """Call a listener when a sampler ends by an exception, in the sampler's thread."""
        self._death_listeners.append(listener)

    def event(
        self, kind: str, source: str, data: Mapping[str, object] | None = None, *, at_s: float | None = None
    ) -> None:
        """Record that something happens now; on disk when this returns, so call it before the hardware moves.

        `at_s`: when it happened, station time, for what could not wait to be recorded.
        """
        with self._event_lock:
            now_s = self._clock.now() if at_s is None else at_s
            event = TraceEvent(to_ns(now_s - self.origin_s), kind, source, data or {})
            is_logged = True
            try:
                self._event_log.record(event)
            except Exception:
                is_logged = False
                raise
            finally:
                # Also when a signal comes in between: the trace lacks nothing that the log has.
                if is_logged:
                    self._stream.publish(event)

    def _run(self, sampler: Sampler | PressureSampler | ClockWatch) -> None:
        try:
            sampler.run(self._stop)
        except BaseException as error:
            # Nobody would miss its samples before the end of the phase.
            for listener in self._death_listeners:
                listener(sampler.name, error)
            raise

    def _sampler(
        self, name: str, period_s: float, instrument: Polled, read: Reader, *, ask_again_s: float = math.inf
    ) -> Sampler:
        return Sampler(
            name,
            clock=self._clock,
            stream=self._stream,
            origin_s=self.origin_s,
            period_s=period_s,
            read=read,
            no_values=NO_VALUES[name],
            on_fault=self._note_fault,
            on_answer=self._on_answer,
            ask_again_s=ask_again_s,
            doubts=lambda: instrument.doubts,
            on_doubt=lambda source, time_ns: self.event(READING_DOUBTED, source, {"time_ns": time_ns}),
        )

    def _note_fault(self, source: str, error: InstrumentError) -> float | None:
        # The first of its kind is an event; the samples themselves tell how often and when. What trips, trips first.
        at_s, key = self._clock.now(), (source, type(error).__name__)
        again_s = self._on_fault(source, error)
        if key not in self._faults_seen:
            self._faults_seen.add(key)
            self.event("instrument_fault", source, {"error": type(error).__name__, "message": str(error)}, at_s=at_s)
        return again_s

    def _polled(self, read: Reader) -> Reader:
        def noted() -> tuple[SampleStatus, Values]:
            asked_s = self._clock.now()
            values = read()
            self._polled_before_s = asked_s
            return values

        return noted

    def _note_status(self, status: PumpStatus) -> None:
        raised = status.alarms - self._alarms
        self._alarms = status.alarms
        if raised:
            # An alarm came up after the last poll without it was asked, and before this one was answered.
            bounds = {
                "not_before_s": self._polled_before_s - self.origin_s,
                "not_after_s": self._clock.now() - self.origin_s,
            }
            self.event("pump_alarm", PUMP, {"alarms": sorted(alarm.value for alarm in raised), **bounds})
            for listener in self._alarm_listeners:
                listener(raised)
        for status_listener in self._status_listeners:
            status_listener(status)
