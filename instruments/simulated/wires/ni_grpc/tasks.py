"""Tasks of the stand-in: channels, timing, life cycle, reads and writes. Every method is called with the lock held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from nidaqmx.constants import ChannelType
from nidaqmx.utils import unflatten_channel_string
from numpy.typing import NDArray

from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.acquisition import Acquisition, SampleClock
from instruments.simulated.wires.ni_grpc.channels import AnalogInput, DigitalChannel
from instruments.simulated.wires.ni_grpc.device import DaqDevice
from instruments.simulated.wires.ni_grpc.errors import DaqmxError


@dataclass(eq=False, slots=True)
class DaqTask:
    """One task. Analog and digital channels do not mix."""

    name: str
    device: DaqDevice
    analog: list[AnalogInput] = field(default_factory=list)
    digital: list[DigitalChannel] = field(default_factory=list)
    timing: SampleClock | None = None
    running: bool = False
    acquisition: Acquisition | None = None
    measured: int = 0
    """Software-timed samples per channel taken so far."""

    @property
    def channel_names(self) -> list[str]:
        """Names of the channels in the order of creation."""
        return [channel.name for channel in self.analog] + [channel.name for channel in self.digital]

    @property
    def chan_type(self) -> int:
        """Type of the channels; raise `DaqmxError` when there are none."""
        if self.analog:
            return int(ChannelType.ANALOG_INPUT.value)
        if self.digital:
            return self.digital[0].chan_type
        raise DaqmxError(errors.CAN_NOT_PERFORM_OP_WHEN_NO_CHANNELS, f"Task Name: {self.name}")

    def add(self, channels: Sequence[AnalogInput] | Sequence[DigitalChannel]) -> None:
        """Add channels of one kind; raise `DaqmxError` for a second kind, a name in use, or a running task."""
        self.refuse_while_running()
        if set(self.channel_names) & {channel.name for channel in channels}:
            raise DaqmxError(errors.CHANNEL_ALREADY_IN_TASK, f"Task Name: {self.name}")
        for channel in channels:
            if isinstance(channel, AnalogInput):
                if self.digital:
                    raise DaqmxError(errors.MULTIPLE_CHANNEL_TYPES, f"Task Name: {self.name}")
                self.analog.append(channel)
            else:
                if self.analog or (self.digital and self.digital[0].chan_type != channel.chan_type):
                    raise DaqmxError(errors.MULTIPLE_CHANNEL_TYPES, f"Task Name: {self.name}")
                self.digital.append(channel)

    def channel(self, names: str) -> AnalogInput | DigitalChannel:
        """Return the first of the channels named (`Dev1/ai0:1`, lists); an empty name is the task's first one."""
        self.refuse_without_channels()
        channels: list[AnalogInput | DigitalChannel] = [*self.analog, *self.digital]
        by_name = {channel.name.casefold(): channel for channel in channels}
        asked = unflatten_channel_string(names) or [channels[0].name]
        for name in asked:
            if name.casefold() not in by_name:
                raise DaqmxError(errors.PHYSICAL_CHANNEL_DOES_NOT_EXIST, f"Channel Name: {name}\nTask: {self.name}")
        return by_name[asked[0].casefold()]

    def refuse_while_running(self) -> None:
        """Raise `DaqmxError` while the task runs."""
        if self.running:
            raise DaqmxError(errors.CAN_NOT_PERFORM_OP_WHILE_RUNNING, f"Task Name: {self.name}")

    def refuse_without_channels(self) -> None:
        """Raise `DaqmxError` when the task has no channels."""
        if not self.analog and not self.digital:
            raise DaqmxError(errors.CAN_NOT_PERFORM_OP_WHEN_NO_CHANNELS, f"Task Name: {self.name}")

    def start(self, now_s: float) -> None:
        """Start; sampling begins at `now_s`."""
        self.refuse_without_channels()
        self.refuse_while_running()
        self.running = True
        if self.analog and self.timing is not None:
            self.acquisition = Acquisition(self.timing, now_s)

    def stop(self) -> None:
        """Stop; samples not read are gone. Idempotent."""
        self.running = False
        self.acquisition = None

    def is_done(self, now_s: float) -> bool:
        """Return True unless an acquisition still has samples to take."""
        return self.acquisition is None or self.acquisition.done(now_s)

    def take(self, acquisition: Acquisition, count: int) -> NDArray[np.float64]:
        """Return the next `count` samples of every channel, shape (channels, count), and move on."""
        first = acquisition.position
        times_s = acquisition.start_s + np.arange(first, first + count) / acquisition.clock.true_rate_hz
        acquisition.position += count
        return self._samples(times_s, first)

    def measure(self, count: int, now_s: float) -> NDArray[np.float64]:
        """Return `count` software-timed samples of every channel, shape (channels, count), all taken at `now_s`."""
        first, self.measured = self.measured, self.measured + count
        return self._samples(np.full(count, now_s), first)

    def write_lines(self, levels: Sequence[Sequence[bool]], now_s: float) -> None:
        """Drive the lines of every channel; `levels` has a row of line levels for each channel."""
        for channel, row in zip(self.digital, levels, strict=True):
            for line, high in zip(channel.lines, row, strict=True):
                self.device.write_line(line, high, now_s)

    def read_lines(self, now_s: float) -> list[list[bool]]:
        """Return the levels of the lines of every channel."""
        return [[self.device.read_line(line, now_s) for line in channel.lines] for channel in self.digital]

    def _samples(self, times_s: NDArray[np.float64], first_sample: int) -> NDArray[np.float64]:
        if not times_s.size:
            return np.zeros((len(self.analog), 0))
        return np.stack(
            [
                channel.scaled(self.device.signal(channel.input_name, channel.quantity, times_s, first_sample))
                for channel in self.analog
            ]
        )
