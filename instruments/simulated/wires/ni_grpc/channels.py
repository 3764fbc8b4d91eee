"""Channels of a task: physical names expanded, signals scaled and clipped as the driver does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from nidaqmx.constants import (
    BridgeElectricalUnits,
    BridgeUnits,
    ChannelType,
    PressureUnits,
    UsageTypeAI,
)
from nidaqmx.utils import unflatten_channel_string
from numpy.typing import NDArray

from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.device import DaqDevice, Quantity
from instruments.simulated.wires.ni_grpc.errors import DaqmxError

FROM_CUSTOM_SCALE = 10065

# Pascals per unit.
_PRESSURE_UNITS = {
    PressureUnits.PASCALS.value: 1.0,
    PressureUnits.BAR.value: 1e5,
    PressureUnits.POUNDS_PER_SQ_INCH.value: 6894.757293168361,
}
# Ratio per unit.
_RATIO_UNITS = {
    BridgeElectricalUnits.VOLTS_PER_VOLT.value: 1.0,
    BridgeElectricalUnits.MILLIVOLTS_PER_VOLT.value: 1e-3,
    BridgeUnits.VOLTS_PER_VOLT.value: 1.0,
    BridgeUnits.MILLIVOLTS_PER_VOLT.value: 1e-3,
}


@dataclass(frozen=True, slots=True)
class LinearScale:
    """y = slope * x + intercept."""

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class AnalogInput:
    """One analog input channel: raw signal -> scaled value, clipped to the range the task asked for."""

    name: str
    input_name: str
    physical: str
    quantity: Quantity
    usage: int
    minimum: float
    maximum: float
    scale: LinearScale

    def scaled(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scaled samples, clipped to [minimum, maximum]."""
        # Quicker than `clip` for the short blocks of a fast reader.
        return np.minimum(np.maximum(raw * self.scale.slope + self.scale.intercept, self.minimum), self.maximum)


@dataclass(frozen=True, slots=True)
class DigitalChannel:
    """One digital channel of one or several lines."""

    name: str
    lines: tuple[str, ...]
    chan_type: int

    @property
    def bits(self) -> tuple[int, ...]:
        """Bit of each line in integer data: its number in the port."""
        return tuple(int(line.rpartition("line")[2]) for line in self.lines)


def physical_names(device: DaqDevice, text: str, known: Sequence[str]) -> list[str]:
    """Return the names on the device that `text` ("Dev1/ai0:3", lists) stands for, or raise `DaqmxError`."""
    names = []
    for full in unflatten_channel_string(text):
        device_name, _, name = full.partition("/")
        if device_name.casefold() != device.name.casefold():
            raise DaqmxError(errors.INVALID_DEVICE, f"Device Specified: {device_name}")
        matching = [k for k in known if k == name or k.startswith(f"{name}/")]
        if not matching:
            raise DaqmxError(
                errors.PHYSICAL_CHANNEL_DOES_NOT_EXIST, f"Physical Channel Name: {name}\nDevice: {device.name}"
            )
        names.extend(matching)
    if not names:
        raise DaqmxError(errors.PHYSICAL_CHANNEL_DOES_NOT_EXIST, f"Physical Channel Name: {text!r}")
    return names


def pressure_bridge_scale(
    *,
    electrical: tuple[float, float],
    electrical_units: int,
    physical: tuple[float, float],
    physical_units: int,
    units: int,
) -> LinearScale:
    """Return the scale from ratio (V/V) to pressure in `units` through two points; raise `DaqmxError`."""
    if electrical[0] == electrical[1] or physical[0] == physical[1]:
        raise DaqmxError(errors.LINEAR_SCALE_REQUIRES_UNIQUE_POINTS)
    ratio = _unit(_RATIO_UNITS, electrical_units)
    to_units = _unit(_PRESSURE_UNITS, physical_units) / _unit(_PRESSURE_UNITS, units)
    x0, x1 = (value * ratio for value in electrical)
    y0, y1 = (value * to_units for value in physical)
    slope = (y1 - y0) / (x1 - x0)
    return LinearScale(slope, y0 - slope * x0)


def ratio_scale(units: int) -> LinearScale:
    """Return the scale from ratio (V/V) to `units`."""
    return LinearScale(1.0 / _unit(_RATIO_UNITS, units))


def analog_inputs(
    device: DaqDevice,
    *,
    physical_channel: str,
    name: str,
    quantity: Quantity,
    usage: UsageTypeAI,
    minimum: float,
    maximum: float,
    scale: LinearScale,
) -> list[AnalogInput]:
    """Return the analog input channels a create call stands for; raise `DaqmxError`."""
    if not minimum < maximum:
        raise DaqmxError(errors.MIN_NOT_LESS_THAN_MAX, f"Minimum: {minimum}\nMaximum: {maximum}")
    inputs = physical_names(device, physical_channel, device.analog_inputs)
    names = _channel_names(name, [f"{device.name}/{input_name}" for input_name in inputs])
    return [
        AnalogInput(
            name=channel_name,
            input_name=input_name,
            physical=f"{device.name}/{input_name}",
            quantity=quantity,
            usage=usage.value,
            minimum=minimum,
            maximum=maximum,
            scale=scale,
        )
        for channel_name, input_name in zip(names, inputs, strict=True)
    ]


def digital_channels(
    device: DaqDevice, *, lines: str, name: str, one_channel_for_all: bool, chan_type: ChannelType
) -> list[DigitalChannel]:
    """Return the digital channels a create call stands for; raise `DaqmxError`."""
    found = physical_names(device, lines, device.digital_lines)
    if one_channel_for_all:
        return [DigitalChannel(name or _group_name(device, lines, found), tuple(found), chan_type.value)]
    names = _channel_names(name, [f"{device.name}/{line}" for line in found])
    return [
        DigitalChannel(channel_name, (line,), chan_type.value) for channel_name, line in zip(names, found, strict=True)
    ]


def _group_name(device: DaqDevice, lines: str, found: Sequence[str]) -> str:
    """Return a name that no client takes for a list or a range of names."""
    if len(unflatten_channel_string(lines)) == 1:
        return lines
    return f"{device.name}/{found[0]}...{found[-1].rpartition('/')[2]}"


def _channel_names(name: str, physical: Sequence[str]) -> list[str]:
    if not name:
        return list(physical)
    given = unflatten_channel_string(name)
    if len(given) == len(physical):
        return list(given)
    # The driver numbers a name given to several channels.
    return [name if index == 0 else f"{name}{index}" for index in range(len(physical))]


def _unit(table: dict[int, float], code: int) -> float:
    try:
        return table[code]
    except KeyError:
        raise DaqmxError(errors.INVALID_ATTRIBUTE_VALUE, f"Requested Value: {code}") from None
