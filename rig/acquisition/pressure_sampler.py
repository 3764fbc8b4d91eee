"""The sampler of hardware-timed pressure: it empties the DAQ's buffer at the end of each block.

Sample times come from the sample clock: sample k of a run stands at the start of the task plus k nominal periods. What
that clock was worth against station time is recorded beside: about once a second, when the last sample had been read.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock, Event
from instruments.errors import InstrumentError, InstrumentTimeout
from instruments.interfaces import PressureInput
from instruments.readings import PressureBlock, ReadingState
from results.trace.schema import PRESSURE_PREFIX, SAMPLE_CLOCK, VOLTAGE_PREFIX, Block
from results.trace.status import SampleStatus
from rig.acquisition.sample import NS_PER_S, STATUS_OF_STATE, Sample, status_of_error, to_ns
from rig.acquisition.samplers import AnswerListener, FaultListener, Tally
from rig.acquisition.stream import SampleStream

ANCHOR_PERIOD_S = 1.0
_A_MOMENT_S = 2e-9
"""Times in a stream rise by a nanosecond at least."""


class PressureSampler:
    """Reads once per block until told to stop.

    An error ends it, unless a gap is allowed: then each block's time gets a row without a number, and sampling is
    started anew when the next attempt is due. Its nominal times go on from where the last ones stood.
    """

    name = "pressure"

    def __init__(
        self,
        *,
        clock: Clock,
        stream: SampleStream,
        origin_s: float,
        rate_hz: float,
        block_s: float,
        pressure: PressureInput,
        on_fault: FaultListener,
        on_answer: AnswerListener = lambda source: None,
    ) -> None:
        self.tally = Tally()
        self._clock = clock
        self._stream = stream
        self._origin_s = origin_s
        self._rate_hz = rate_hz
        self._block_s = block_s
        self._pressure = pressure
        self._on_fault = on_fault
        self._on_answer = on_answer
        self._failing = False
        self._columns = [
            *((PRESSURE_PREFIX + name, "pressure_kpa") for name in pressure.channels),
            *((VOLTAGE_PREFIX + name, "voltage_v") for name in pressure.voltages),
        ]
        self._started_s = 0.0
        self._nominal_start_s: float | None = None
        self._last_nominal_s = self._had_s = clock.now()
        """Of the last sample there was: its nominal time, and the station time at which it was had."""
        self._read_s = 0.0
        self._last_ns = -1
        self._next_anchor_s = 0.0

    def run(self, stop: Event) -> None:
        """Sample until `stop` is set."""
        while True:
            try:
                self._sample_until(stop)
                return
            except InstrumentError as error:
                self.tally.failed += 1
                try_again_s = self._on_fault(self.name, error)
                if try_again_s is None:
                    raise
                self._failing = True
                self._publish_nothing(status_of_error(error))
            if self._stopped_before(stop, try_again_s):
                return

    def _sample_until(self, stop: Event) -> None:
        self._pressure.start(rate_hz=self._rate_hz, block_samples=round(self._rate_hz * self._block_s))
        now_s = self._clock.now()
        # A row without a number may have been published at this very instant.
        last_row_s = self._last_ns / NS_PER_S + self._origin_s if self._last_ns >= 0 else -math.inf
        if self._nominal_start_s is None:
            self._nominal_start_s = max(now_s, last_row_s + _A_MOMENT_S)
        else:
            # The last sample there was had been taken a period before it was had: the next one was not there yet.
            self._nominal_start_s = max(self._last_nominal_s + now_s - self._had_s, last_row_s + 1.0 / self._rate_hz)
        self._started_s = self._read_s = now_s
        block = 1
        while not self._clock.wait(stop, self._started_s + block * self._block_s):
            block += self._skip_missed(block)
            self._read()
            block += 1
        self._read(may_be_empty=True)
        self._pressure.stop()

    def _stopped_before(self, stop: Event, try_again_s: float) -> bool:
        """Sit a gap out until the next attempt; True when told to stop meanwhile."""
        while self._clock.now() < try_again_s:
            if self._clock.wait(stop, min(self._clock.now() + self._block_s, try_again_s)):
                return True
            self._publish_nothing(SampleStatus.LINK_LOST)
        return False

    def _publish_nothing(self, status: SampleStatus) -> None:
        nominal_s = self._last_nominal_s + self._clock.now() - self._had_s - self._origin_s
        time_ns = np.array([max(to_ns(nominal_s), self._last_ns + 1)], dtype=np.int64)
        self._last_ns = int(time_ns[0])
        for stream, column in self._columns:
            columns = {column: np.array([np.nan])}
            self._stream.publish(Block(stream, time_ns, np.array([status], dtype=np.uint8), columns))

    def _skip_missed(self, block: int) -> int:
        """Count a block that is read late, and return how many ends of blocks have passed meanwhile."""
        behind = (self._clock.now() - self._started_s) / self._block_s - block
        missed = int(behind)
        self.tally.due += 1 + missed
        self.tally.missed += missed
        self.tally.late += behind > 0.5
        return missed

    def _read(self, *, may_be_empty: bool = False) -> None:
        asked_s = self._clock.now()
        waited_s = asked_s - self._read_s
        block = self._pressure.read_available()
        samples = block.pressure_kpa.shape[1]
        self.tally.samples += samples
        if samples == 0:
            if may_be_empty or waited_s < 2.0 / self._rate_hz:
                return
            # A device that samples has some after two periods; one that has none guards nothing.
            raise InstrumentTimeout(
                f"no sample within {waited_s:g} s",
                instrument=self.name,
                command="read samples",
                elapsed_s=waited_s,
                remedy="Check the device and its sample clock",
            )
        # A slow answer holds what was sampled until it was given, so the next one may come at once and be empty.
        self._read_s = answered_s = self._clock.now()
        if self._failing:
            self._on_answer(self.name)
            self._failing = False
        index = np.arange(block.first_sample, block.first_sample + samples)
        start_s = self._started_s if self._nominal_start_s is None else self._nominal_start_s
        nominal_s = start_s - self._origin_s + index * block.period_s
        self._last_nominal_s, self._had_s = float(nominal_s[-1]) + self._origin_s, answered_s
        time_ns = np.rint(nominal_s * NS_PER_S).astype(np.int64)
        self._last_ns = int(time_ns[-1])
        self._publish(block, time_ns)
        if answered_s >= self._next_anchor_s:
            self._next_anchor_s = answered_s + ANCHOR_PERIOD_S - 0.5 * self._block_s
            # It was taken no later than it was read. The sample after it was not to be had when this was asked for,
            # and takes at most a period to be converted and its transfer.
            early_s = answered_s - asked_s + 2.0 * block.period_s + self._pressure.transfer_s
            values = (float(nominal_s[-1]), early_s)
            self._stream.publish(Sample(SAMPLE_CLOCK, to_ns(answered_s - self._origin_s), SampleStatus.GOOD, values))

    def _publish(self, block: PressureBlock, time_ns: NDArray[np.int64]) -> None:
        rows = (*block.pressure_kpa, *block.voltage_v)
        for (stream, column), values, states in zip(self._columns, rows, block.states, strict=True):
            self._stream.publish(Block(stream, time_ns, _statuses(states), {column: np.ascontiguousarray(values)}))


def _statuses(states: NDArray[np.object_]) -> NDArray[np.uint8]:
    first: ReadingState = states[0]
    if (states == first).all():
        return np.full(len(states), STATUS_OF_STATE[first], dtype=np.uint8)
    return np.array([STATUS_OF_STATE[state] for state in states], dtype=np.uint8)
