"""The sampler of hardware-timed pressure: it empties the DAQ's buffer at the end of each block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock, Event
from instruments.errors import InstrumentError, InstrumentTimeout
from instruments.interfaces import PressureInput
from instruments.readings import ReadingState
from results.trace.schema import PRESSURE_PREFIX, Block
from rig.acquisition.sample import NS_PER_S, STATUS_OF_STATE
from rig.acquisition.samplers import FaultListener, Tally
from rig.acquisition.stream import SampleStream


class PressureSampler:
    """Sample times come from the sample clock, not from the arrival of a block."""

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
    ) -> None:
        self.tally = Tally()
        self._clock = clock
        self._stream = stream
        self._origin_s = origin_s
        self._rate_hz = rate_hz
        self._block_s = block_s
        self._pressure = pressure
        self._on_fault = on_fault

    def run(self, stop: Event) -> None:
        """Sample until `stop` is set."""
        try:
            self._pressure.start(rate_hz=self._rate_hz, block_samples=round(self._rate_hz * self._block_s))
            started_s = self._clock.now()
            block = 1
            while not self._clock.wait(stop, started_s + block * self._block_s):
                self.tally.due += 1
                self._read(started_s)
                block += 1
            self._read(started_s, may_be_empty=True)
            self._pressure.stop()
        except InstrumentError as error:
            self.tally.failed += 1
            self._on_fault(self.name, error)
            raise

    def _read(self, started_s: float, *, may_be_empty: bool = False) -> None:
        block = self._pressure.read_available()
        samples = block.pressure_kpa.shape[1]
        self.tally.samples += samples
        if samples == 0:
            if may_be_empty:
                return
            # A device that samples has some after a whole block; one that has none guards nothing.
            raise InstrumentTimeout(
                f"no sample within a block of {self._block_s:g} s",
                instrument=self.name,
                command="read samples",
                elapsed_s=self._block_s,
                remedy="Check the device and its sample clock",
            )
        index = np.arange(block.first_sample, block.first_sample + samples)
        offset_s = started_s - self._origin_s
        time_ns = np.rint((offset_s + index * block.period_s) * NS_PER_S).astype(np.int64)
        for channel, values, states in zip(self._pressure.channels, block.pressure_kpa, block.states, strict=True):
            self._stream.publish(
                Block(
                    stream=PRESSURE_PREFIX + channel,
                    time_ns=time_ns,
                    status=_statuses(states),
                    columns={"pressure_kpa": np.ascontiguousarray(values)},
                )
            )


def _statuses(states: NDArray[np.object_]) -> NDArray[np.uint8]:
    first: ReadingState = states[0]
    if (states == first).all():
        return np.full(len(states), STATUS_OF_STATE[first], dtype=np.uint8)
    return np.array([STATUS_OF_STATE[state] for state in states], dtype=np.uint8)
