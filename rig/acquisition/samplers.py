"""A sampler per instrument: a clocked loop that reads, and publishes every tick whether the read succeeded or not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Clock, Event
from instruments.errors import InstrumentError
from instruments.interfaces import AmbientSensor, Balance, Pump
from instruments.readings import PumpAlarm, PumpState, PumpStatus
from results.trace.schema import AMBIENT, MASS, PUMP
from results.trace.status import SampleStatus
from rig.acquisition.sample import STATUS_OF_STATE, Sample, status_of_error, to_ns
from rig.acquisition.stream import SampleStream

NO_NUMBER = math.nan
REPLY_BYTES = 32


@dataclass(slots=True)
class Tally:
    """What a sampler did: ticks due, ticks missed because a read took too long, late reads, failed reads.

    `samples` is counted where a sample clock takes them: with the time of the `sampler_end` event it ties that clock to
    station time.
    """

    due: int = 0
    missed: int = 0
    late: int = 0
    failed: int = 0
    samples: int = 0


FaultListener = Callable[[str, InstrumentError], float | None]
"""Takes a failed read of a sampler; returns when (station time, s) to try again, None: as usual."""
AnswerListener = Callable[[str], None]
"""Takes the first answer of a sampler after failed reads; raises `InstrumentError` where it is not to be trusted."""
DoubtListener = Callable[[str, int], None]
"""Takes a sampler and the time (ns) of a sample of its that may have been the repetition of an older answer."""
Values = tuple[float | int | bytes, ...]
Reader = Callable[[], tuple[SampleStatus, Values]]


class Sampler:
    """Reads once per period of station time until told to stop.

    `read` returns the samples of one tick. A tick that comes while a read is still going on is counted and published
    as MISSED; a tick served more than half a period late is counted as late. What fails is asked again after
    `ask_again_s`, where there is one and the next tick is further away.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        stream: SampleStream,
        origin_s: float,
        period_s: float,
        read: Reader,
        no_values: Values,
        on_fault: FaultListener,
        on_answer: AnswerListener = lambda source: None,
        ask_again_s: float = math.inf,
        doubts: Callable[[], int] = lambda: 0,
        on_doubt: DoubtListener = lambda source, time_ns: None,
    ) -> None:
        """`doubts` counts how often something came unasked after an answer; it is asked after every read."""
        self.name = name
        self.tally = Tally()
        self._clock = clock
        self._stream = stream
        self._origin_s = origin_s
        self._period_s = period_s
        self._read = read
        self._no_values = no_values
        self._on_fault = on_fault
        self._on_answer = on_answer
        self._ask_again_s = ask_again_s
        self._doubts = doubts
        self._on_doubt = on_doubt
        self._doubts_seen = doubts()
        self._answered_ns: int | None = None
        self._try_again_s: float | None = None
        self._failing = False
        self._last_ns = -1

    def run(self, stop: Event) -> None:
        """Sample until `stop` is set."""
        tick = 0
        while not self._clock.wait(stop, self._origin_s + tick * self._period_s):
            tick += self._skip_missed(tick)
            self._sample()
            tick += 1
            self._ask_again_before(self._origin_s + tick * self._period_s, stop)

    def _ask_again_before(self, next_s: float, stop: Event) -> None:
        while self._failing and self._try_again_s is None and self._clock.now() + self._ask_again_s < next_s:
            if self._clock.wait(stop, self._clock.now() + self._ask_again_s):
                return
            self._sample()

    def _skip_missed(self, tick: int) -> int:
        behind = (self._clock.now() - self._origin_s) / self._period_s - tick
        self.tally.due += 1
        if behind > 0.5:
            self.tally.late += 1
        missed = int(behind)
        self.tally.missed += missed
        self.tally.due += missed
        for skipped in range(tick, tick + missed):
            self._publish(to_ns(skipped * self._period_s), SampleStatus.MISSED, self._no_values)
        return missed

    def _sample(self) -> None:
        asked_s = self._clock.now()
        if self._try_again_s is not None and asked_s < self._try_again_s:
            self.tally.failed += 1
            self._publish(to_ns(asked_s - self._origin_s), SampleStatus.LINK_LOST, self._no_values)
            return
        try:
            status, values = self._read_once()
            answered_s = self._clock.now()
            if self._failing:
                # Opening the link anew and setting the device came before that answer, and must not date it.
                asked_s = answered_s
                status, values = self._read_once()
                answered_s = self._clock.now()
            if self._failing:
                self._on_answer(self.name)
        except InstrumentError as error:
            self.tally.failed += 1
            self._failing = True
            self._publish(to_ns(asked_s - self._origin_s), status_of_error(error), self._no_values)
            self._try_again_s = self._on_fault(self.name, error)
            return
        self._failing, self._try_again_s = False, None
        # The reading is as old as the middle of the exchange, to within half of it.
        self._publish(to_ns((asked_s + answered_s) / 2 - self._origin_s), status, values)
        self._answered_ns = self._last_ns

    def _read_once(self) -> tuple[SampleStatus, Values]:
        try:
            return self._read()
        finally:
            self._note_doubt()

    def _note_doubt(self) -> None:
        """Tell of the last answer that something came after it that nobody had asked for."""
        doubts = self._doubts()
        if doubts != self._doubts_seen and self._answered_ns is not None:
            self._on_doubt(self.name, self._answered_ns)
        self._doubts_seen, self._answered_ns = doubts, None

    def _publish(self, time_ns: int, status: SampleStatus, values: Values) -> None:
        time_ns = max(time_ns, self._last_ns + 1)
        self._last_ns = time_ns
        self._stream.publish(Sample(self.name, time_ns, status, values))


def balance_reader(balance: Balance) -> Reader:
    """Return the read function of the mass stream."""

    def read() -> tuple[SampleStatus, Values]:
        reading = balance.read()
        mass_g = NO_NUMBER if reading.mass_g is None else reading.mass_g
        return STATUS_OF_STATE[reading.state], (mass_g, reading.reply.encode("ascii", "replace")[:REPLY_BYTES])

    return read


def ambient_reader(sensor: AmbientSensor) -> Reader:
    """Return the read function of the ambient stream; a faulty quantity is NaN beside the good ones."""

    def read() -> tuple[SampleStatus, Values]:
        reading = sensor.read()
        quantities = (reading.temperature_c, reading.humidity_percent, reading.pressure_hpa)
        values = tuple(NO_NUMBER if quantity is None else quantity for quantity in quantities)
        return STATUS_OF_STATE[reading.state], values

    return read


PUMP_STATE_CODE = {state: code for code, state in enumerate(PumpState)}
ALARM_BIT = {alarm: 1 << bit for bit, alarm in enumerate(PumpAlarm)}


def pump_reader(pump: Pump, on_status: Callable[[PumpStatus], None]) -> Reader:
    """Return the read function of the pump's telemetry; `on_status` sees each status before it is stored."""

    def read() -> tuple[SampleStatus, Values]:
        status = pump.status()
        on_status(status)
        alarms = sum(ALARM_BIT[alarm] for alarm in status.alarms)
        return SampleStatus.GOOD, (
            PUMP_STATE_CODE[status.state],
            status.set_flow_ul_per_h,
            status.delivered_ul,
            NO_NUMBER if status.reservoir_ul is None else status.reservoir_ul,
            alarms,
        )

    return read


NO_VALUES: dict[str, Values] = {
    MASS: (NO_NUMBER, b""),
    AMBIENT: (NO_NUMBER, NO_NUMBER, NO_NUMBER),
    PUMP: (255, NO_NUMBER, NO_NUMBER, NO_NUMBER, 0),
}
