"""From true pressure to the electrical value a DAQ channel sees: transducer errors, pickup, saturation, faults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.truth.events import SensorFault
from instruments.simulated.truth.measuring import ChannelTruth


@dataclass(frozen=True, slots=True)
class HeldFault:
    """A sensor fault, and the pressure at its beginning: what a frozen sensor goes on to say."""

    event: SensorFault
    pressure_kpa: float


def transducer_electrical(
    channel: ChannelTruth,
    *,
    pressure_kpa: FloatArray,
    times_s: FloatArray,
    noise: FloatArray,
    faults: Sequence[HeldFault] = (),
) -> FloatArray:
    """Return the electrical values (mA, V or mV/V) of samples of a drawn channel; all arrays have one value per sample.

    `times_s` is bench time; `noise` holds standard normal numbers that belong to the samples.
    """
    pickup = channel.mains_pickup_kpa * np.sin(2.0 * math.pi * channel.mains_hz * times_s)
    sensed = _characteristic_kpa(channel, pressure_kpa) + channel.noise_kpa * noise + pickup
    values = np.clip(_electrical(channel, sensed), channel.electrical_minimum, channel.electrical_maximum)
    for fault in faults:
        values[(times_s >= fault.event.at_s) & (times_s < fault.event.end_s)] = _faulty(channel, fault)
    return values


def _characteristic_kpa(channel: ChannelTruth, pressure_kpa: FloatArray) -> FloatArray:
    return pressure_kpa * (1.0 + 0.01 * channel.gain_error_percent.value) + channel.offset_kpa.value


def _electrical(channel: ChannelTruth, pressure_kpa: FloatArray) -> FloatArray:
    span = (channel.electrical_high - channel.electrical_low) / (channel.pressure_high_kpa - channel.pressure_low_kpa)
    return np.asarray(channel.electrical_low + (pressure_kpa - channel.pressure_low_kpa) * span)


def _faulty(channel: ChannelTruth, fault: HeldFault) -> float:
    match fault.event.fault:
        case "wire_break":
            return channel.electrical_wire_break
        case "over_range":
            return channel.electrical_maximum
        case "under_range":
            return channel.electrical_minimum
        case "frozen":
            held = _electrical(channel, _characteristic_kpa(channel, np.array(fault.pressure_kpa)))
            return float(np.clip(held, channel.electrical_minimum, channel.electrical_maximum))
