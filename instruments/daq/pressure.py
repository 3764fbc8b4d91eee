"""Pressure through NI-DAQmx: hardware-timed samples of all channels in one task, read without ever waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import numpy as np
from nidaqmx import Task
from nidaqmx.constants import (
    AcquisitionType,
    BridgeConfiguration,
    BridgeUnits,
    CurrentShuntResistorLocation,
    CurrentUnits,
    ExcitationSource,
    TaskMode,
    TerminalConfiguration,
    VoltageUnits,
)
from nidaqmx.errors import DaqReadError
from nidaqmx.stream_readers import AnalogMultiChannelReader
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from instruments.clock import Clock
from instruments.daq.channels import (
    BridgeChannel,
    PressureChannel,
    Scaling,
    VoltageChannel,
    VoltageInput,
    scaled,
    scaling_of,
    unscaled,
)
from instruments.drivers import Driver
from instruments.errors import ProtocolError
from instruments.links.daq import DaqConnection
from instruments.options import Deadline, DriverOptions, Text
from instruments.readings import Identity, PressureBlock

_SAMPLES_NOT_YET_AVAILABLE = -200284
_BUFFERED_BLOCKS = 20
_BUFFERED_S = 60.0
_USUAL_SHUNT_OHM = 249.0  # not used by an input that measures current by itself
_RANGE_MARGIN = 1.05  # the input must see beyond the limits, or a signal outside them is clipped to one inside


_AnyInput = TypeVar("_AnyInput", bound=PressureChannel | VoltageInput)
_Input = tuple[PressureChannel | VoltageInput, Scaling]


class PressureOptions(DriverOptions):
    """Options of the station file."""

    device: Text
    """Name of the device in NI-DAQmx: `Dev1`."""
    serial: Text
    """Serial number of the device, the hexadecimal digits on its label."""
    deadline_s: Deadline = 5.0
    """Longest wait for an answer of a gRPC device server."""
    transfer_s: Annotated[float, Field(ge=0.0, le=1.0)] = 0.005
    """How long after it was taken a sample may become readable: a USB device hands them over in packets."""
    channels: Annotated[tuple[PressureChannel, ...], Field(strict=False, min_length=1)]
    voltages: Annotated[tuple[VoltageInput, ...], Field(strict=False)] = ()

    @field_validator("channels", "voltages")
    @classmethod
    def _differ(cls, inputs: tuple[_AnyInput, ...], info: ValidationInfo) -> tuple[_AnyInput, ...]:
        known: tuple[PressureChannel | VoltageInput, ...] = (*info.data.get("channels", ()), *inputs)
        for what in ("name", "physical_channel"):
            if len({getattr(one, what) for one in known}) != len(known):
                raise ValueError(f"two channels have the same {what}")
        return inputs


class DaqPressure:
    """Pressure channels of one NI-DAQmx device, and voltages in the same task."""

    def __init__(self, name: str, options: PressureOptions, clock: Clock, *, grpc_address: str | None = None) -> None:
        """Make an unconnected driver; `connect` comes first. No `grpc_address`: the NI-DAQmx driver of this machine."""
        self.name = name
        self.connection = DaqConnection(
            instrument=name,
            device=options.device,
            clock=clock,
            deadline_s=options.deadline_s,
            grpc_address=grpc_address,
        )
        self._options = options
        self._inputs: tuple[_Input, ...] = (
            *((channel, scaling_of(channel)) for channel in options.channels),
            *((voltage, unscaled(voltage)) for voltage in options.voltages),
        )
        self._scalings = tuple(scaling for _, scaling in self._inputs)
        self._identity: Identity | None = None
        self._simulated = False
        self._task: Task | None = None
        self._reader: AnalogMultiChannelReader | None = None
        self._buffer = np.empty((0, 0), dtype=np.float64)
        self._period_s = 0.0
        self._next_sample = 0

    def connect(self) -> None:
        """Find out who answers; `ProtocolError` unless it is the device of the station file."""
        self._identity, self._simulated = self.connection.expect(self._options.serial)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the pressure channels, in the order of the rows of a block."""
        return tuple(channel.name for channel in self._options.channels)

    @property
    def voltages(self) -> tuple[str, ...]:
        """Names of the voltages sampled beside them."""
        return tuple(voltage.name for voltage in self._options.voltages)

    @property
    def transfer_s(self) -> float:
        """How long after it was taken a sample may become readable, s."""
        return self._options.transfer_s

    @property
    def is_simulated(self) -> bool:
        """What the device itself says of it."""
        return self._simulated

    def identify(self) -> Identity:
        """Ask the device who it is."""
        return self.connection.identify()[0]

    def configure(self) -> Mapping[str, str]:
        """Let the device check the channels, and return them for the record."""
        with self.connection.speaking("configure channels"):
            task = self._make_task()
            try:
                task.control(TaskMode.TASK_VERIFY)
            finally:
                self.connection.release(task)
        found = {"simulated": str(self._simulated).lower(), "transfer_s": repr(self._options.transfer_s)}
        for channel, scaling in self._inputs:
            limits = f"limits {scaling.low_limit!r} to {scaling.high_limit!r}"
            physical = self.connection.physical(channel.physical_channel)
            if isinstance(channel, VoltageInput):
                found[channel.name] = f"{physical} as it is, {limits} V"
            else:
                line = f"slope {scaling.slope!r}, intercept {scaling.intercept!r} kPa"
                found[channel.name] = f"{physical} {channel.kind}, {line}, {limits}"
        return found

    def start(self, *, rate_hz: float, block_samples: int) -> None:
        """Start sampling at `rate_hz` anew, from sample 0, on the device seen at `connect`."""
        self.stop()
        identity = self.identify()
        if self._identity is not None and identity != self._identity:
            raise ProtocolError(
                f"another device answers: {identity}, not {self._identity}",
                instrument=self.name,
                command="start",
                remedy="Put the device of this run back, or start a new run with the other one",
            )
        buffered = max(_BUFFERED_BLOCKS * block_samples, int(_BUFFERED_S * rate_hz))
        with self.connection.speaking("start sampling"):
            task = self._make_task()
            try:
                task.timing.cfg_samp_clk_timing(
                    rate_hz, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=buffered
                )
                # A device divides its own time base and may take another rate than it was asked for.
                self._period_s = 1.0 / task.timing.samp_clk_rate
                self._reader = AnalogMultiChannelReader(task.in_stream)
                self._reader.verify_array_shape = False
                task.start()
            except BaseException:
                self.connection.release(task)
                raise
        self._task = task
        self._next_sample = 0
        self._buffer = np.empty((len(self._inputs), block_samples + block_samples // 2 + 1), dtype=np.float64)

    def read_available(self) -> PressureBlock:
        """Return all samples acquired and not yet read, possibly none; never waits.

        `SamplesLost` when the device has overwritten some: start again.
        """
        task, reader = self._task, self._reader
        if task is None or reader is None:
            raise ProtocolError("read before start", instrument=self.name, remedy="Call start() first")
        parts = []
        with self.connection.speaking("read samples"):
            while True:
                count = _read(reader, self._buffer)
                parts.append(self._buffer[:, :count].copy())
                # Less than was asked for is all there is; asking what there is first would cost a second call.
                if count < self._buffer.shape[1]:
                    break
        raw = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        values, states = scaled(raw, self._scalings)
        first_sample = self._next_sample
        self._next_sample += raw.shape[1]
        pressures = len(self._options.channels)
        return PressureBlock(first_sample, self._period_s, values[:pressures], values[pressures:], states)

    def stop(self) -> None:
        """Stop sampling and give the inputs back; idempotent, also when the device is gone."""
        task, self._task, self._reader = self._task, None, None
        if task is not None:
            self.connection.release(task)

    def close(self) -> None:
        """Give everything back."""
        self.stop()
        self.connection.close()

    def _make_task(self) -> Task:
        task = self.connection.task()
        try:
            for channel, scaling in self._inputs:
                self._add_channel(task, channel, scaling)
        except BaseException:
            self.connection.release(task)
            raise
        return task

    def _add_channel(self, task: Task, channel: PressureChannel | VoltageInput, scaling: Scaling) -> None:
        physical = self.connection.physical(channel.physical_channel)
        reach = _RANGE_MARGIN * max(abs(scaling.low_limit), abs(scaling.high_limit))
        add = task.ai_channels
        if isinstance(channel, BridgeChannel):
            add.add_ai_bridge_chan(
                physical,
                channel.name,
                min_val=-reach,
                max_val=reach,
                units=BridgeUnits.MILLIVOLTS_PER_VOLT,
                bridge_config=BridgeConfiguration.FULL_BRIDGE,
                voltage_excit_source=ExcitationSource.INTERNAL,
                voltage_excit_val=channel.excitation_v,
                nominal_bridge_resistance=channel.bridge_ohm,
            )
        elif isinstance(channel, VoltageChannel | VoltageInput):
            add.add_ai_voltage_chan(
                physical,
                channel.name,
                TerminalConfiguration.DEFAULT,
                min_val=-reach,
                max_val=reach,
                units=VoltageUnits.VOLTS,
            )
        else:
            external = channel.shunt_ohm is not None
            location = (
                CurrentShuntResistorLocation.EXTERNAL if external else CurrentShuntResistorLocation.LET_DRIVER_CHOOSE
            )
            add.add_ai_current_chan(
                physical,
                channel.name,
                TerminalConfiguration.DEFAULT,
                min_val=-reach,
                max_val=reach,
                units=CurrentUnits.AMPS,
                shunt_resistor_loc=location,
                ext_shunt_resistor_val=channel.shunt_ohm or _USUAL_SHUNT_OHM,
            )


def _read(reader: AnalogMultiChannelReader, raw: NDArray[np.float64]) -> int:
    try:
        return int(reader.read_many_sample(raw, raw.shape[1], timeout=0.0))
    except DaqReadError as error:
        if error.error_code != _SAMPLES_NOT_YET_AVAILABLE:
            raise
        return int(error.samps_per_chan_read)


def open_pressure(name: str, options: PressureOptions, clock: Clock, *, grpc_address: str | None = None) -> DaqPressure:
    """Find the device; one clear error when driver, server or device is absent, or it is another device."""
    pressure = DaqPressure(name, options, clock, grpc_address=grpc_address)
    try:
        pressure.connect()
    except BaseException:
        pressure.close()
        raise
    return pressure


def _open_on_server(name: str, options: PressureOptions, clock: Clock, grpc_address: str) -> DaqPressure:
    return open_pressure(name, options, clock, grpc_address=grpc_address)


DRIVER = Driver(PressureOptions, open_pressure, _open_on_server)
