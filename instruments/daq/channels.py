"""Pressure channels: what a station file says of a transducer, and from its electrical signal to a pressure or a state.

The raw electrical signal is acquired and scaled here, so that a broken wire or an overdriven input stays visible: the
driver's own scaling clips it to the range of the channel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from instruments.options import DriverOptions, Text
from instruments.readings import ReadingState

Pair = Annotated[tuple[float, float], Field(strict=False)]
"""Two numbers; a TOML array is a list."""


_NO_PRESSURE_KPA = -110.0
"""Gauge: a vacuum in the highest air pressure there is lies above."""


class _Channel(DriverOptions):
    name: Text
    physical_channel: Text
    """Input of the device, without its name: `ai0`."""
    pressure_kpa: Pair
    """Gauge pressure at the two points of the calibration."""


class BridgeChannel(_Channel):
    """A full-bridge transducer, mV/V; states by default beyond 20 % of the span outside its two points.

    Below a vacuum it is a broken wire, as with a voltage: no pressure is that low.
    """

    kind: Literal["bridge"]
    electrical_mv_per_v: Pair
    limits_mv_per_v: Pair | None = None
    excitation_v: Annotated[float, Field(gt=0.0, le=10.0)] = 2.5
    bridge_ohm: Annotated[float, Field(gt=0.0)] = 350.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_points(self.electrical_mv_per_v, self.pressure_kpa, self.limits_mv_per_v)
        return self


class VoltageChannel(_Channel):
    """A transducer with a 0-5 V output; states by default below -0.1 V and above 5.25 V."""

    kind: Literal["voltage"]
    electrical_v: Pair = (0.0, 5.0)
    limits_v: Pair = (-0.1, 5.25)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_points(self.electrical_v, self.pressure_kpa, self.limits_v)
        return self


class CurrentChannel(_Channel):
    """A 4-20 mA loop; below 3.6 mA the wire is broken, above 21 mA the transducer fails (NAMUR NE 43).

    A transmitter at the end of its range holds 3.8 or 20.5 mA: what comes so near to that is no pressure either.
    """

    kind: Literal["current"]
    electrical_ma: Pair = (4.0, 20.0)
    limits_ma: Pair = (3.6, 21.0)
    saturated_ma: Pair = (3.82, 20.48)
    shunt_ohm: Annotated[float, Field(gt=0.0)] | None = None
    """External shunt; None where the input measures current by itself."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_points(self.electrical_ma, self.pressure_kpa, self.limits_ma)
        _check_points(self.electrical_ma, self.pressure_kpa, self.saturated_ma)
        return self


class VoltageInput(DriverOptions):
    """A voltage sampled as it is, beside the pressures: the drive of a valve, the alarm output of a pump."""

    name: Text
    physical_channel: Text
    """Input of the device, without its name: `ai2`."""
    limits_v: Pair = (-1.0, 9.0)
    """A voltage outside carries no number."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.limits_v[0] < self.limits_v[1]:
            raise ValueError("limits_v must be a lower and a higher voltage")
        return self


PressureChannel = Annotated[BridgeChannel | VoltageChannel | CurrentChannel, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Scaling:
    """A straight line through two points, and the electrical limits beyond which a signal is a state.

    The line leads to kPa, gauge; that of a plain voltage to V. Below `broken_below` the wire is broken.
    """

    slope: float
    intercept: float
    low_limit: float
    high_limit: float
    broken_below: float = -math.inf


def scaling_of(channel: PressureChannel) -> Scaling:
    """Return the scaling of a channel from the unit its task acquires: mV/V, V, A."""
    if isinstance(channel, BridgeChannel):
        limits = channel.limits_mv_per_v or _widened(channel.electrical_mv_per_v)
        return _above_vacuum(_scaling(channel.electrical_mv_per_v, channel.pressure_kpa, limits), channel)
    if isinstance(channel, VoltageChannel):
        return _above_vacuum(_scaling(channel.electrical_v, channel.pressure_kpa, channel.limits_v), channel)
    amperes = (channel.electrical_ma[0] / 1000.0, channel.electrical_ma[1] / 1000.0)
    broken_ma, failed_ma = channel.limits_ma
    low_ma, high_ma = max(channel.saturated_ma[0], broken_ma), min(channel.saturated_ma[1], failed_ma)
    scaling = _scaling(amperes, channel.pressure_kpa, (low_ma / 1000.0, high_ma / 1000.0))
    return replace(scaling, broken_below=broken_ma / 1000.0)


def _above_vacuum(scaling: Scaling, channel: _Channel) -> Scaling:
    """Return the scaling with a signal of no possible pressure as a broken wire."""
    # With a falling line a lost signal lies above the range; a calibration down there knows better.
    if scaling.slope <= 0.0 or min(channel.pressure_kpa) < _NO_PRESSURE_KPA + 1.0:
        return scaling
    lowest = (_NO_PRESSURE_KPA - scaling.intercept) / scaling.slope
    return replace(scaling, low_limit=max(scaling.low_limit, lowest), broken_below=lowest)


def unscaled(voltage: VoltageInput) -> Scaling:
    """Return the scaling that leaves a voltage as it is, V."""
    return Scaling(1.0, 0.0, voltage.limits_v[0], voltage.limits_v[1])


def scaled(raw: NDArray[np.float64], scalings: Sequence[Scaling]) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return scaled values (NaN without a number) and states; all arrays have shape (channels, samples)."""
    slope, intercept, low, high = np.array(
        [[(s.slope,), (s.intercept,), (s.low_limit,), (s.high_limit,)] for s in scalings]
    ).transpose(1, 0, 2)
    states = np.full(raw.shape, ReadingState.STABLE, dtype=object)
    sound = (raw >= low) & (raw <= high)
    if not sound.all():
        for row, scaling in enumerate(scalings):
            states[row, raw[row] < scaling.low_limit] = ReadingState.UNDER_RANGE
            states[row, raw[row] < scaling.broken_below] = ReadingState.WIRE_BREAK
        states[raw > high] = ReadingState.OVER_RANGE
        states[~np.isfinite(raw)] = ReadingState.DEVICE_ERROR
        raw = np.where(sound, raw, np.nan)
    return raw * slope + intercept, states


def _scaling(
    electrical: tuple[float, float],
    pressure_kpa: tuple[float, float],
    limits: tuple[float, float],
) -> Scaling:
    slope = (pressure_kpa[1] - pressure_kpa[0]) / (electrical[1] - electrical[0])
    return Scaling(slope, pressure_kpa[0] - slope * electrical[0], limits[0], limits[1])


def _widened(points: tuple[float, float]) -> tuple[float, float]:
    low, high = sorted(points)
    margin = 0.2 * (high - low)
    return low - margin, high + margin


def _check_points(
    electrical: tuple[float, float], pressure_kpa: tuple[float, float], limits: tuple[float, float] | None
) -> None:
    if electrical[0] == electrical[1] or pressure_kpa[0] == pressure_kpa[1]:
        raise ValueError("the two points of the calibration must differ")
    low, high = limits or _widened(electrical)
    if not low <= min(electrical) < max(electrical) <= high:
        raise ValueError(f"the limits {low:g} and {high:g} must enclose both points of the calibration")
