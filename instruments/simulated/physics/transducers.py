"""From true pressure to the electrical value a DAQ channel sees: transducer errors, pickup, saturation, faults."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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


class AppliedPressures:
    """Pressures applied to transducers from outside, in place of the line's, in time."""

    def __init__(self) -> None:
        self._steps: list[tuple[float, Mapping[str, float]]] = []

    def apply(self, t_s: float, pressures_kpa: Mapping[str, float]) -> None:
        """Apply pressures by channel from `t_s` on; a channel left out feels the line."""
        self._steps.append((t_s, dict(pressures_kpa)))

    def felt_kpa(self, channel: str, times_s: FloatArray, line_kpa: FloatArray) -> FloatArray:
        """Return what a transducer feels where the line has `line_kpa`; all of one shape."""
        if not self._steps:
            return line_kpa
        begins = np.array([begin_s for begin_s, _ in self._steps])
        applied = np.array([np.nan, *(pressures.get(channel, np.nan) for _, pressures in self._steps)])
        found = applied[np.searchsorted(begins, times_s, side="right")]
        return np.where(np.isnan(found), line_kpa, found)


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
    # Quicker than `clip` for the short blocks of a fast reader.
    values = np.minimum(
        np.maximum(_electrical(channel, sensed), channel.electrical_minimum), channel.electrical_maximum
    )
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
