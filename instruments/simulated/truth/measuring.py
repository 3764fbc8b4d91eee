"""Truth of what measures: balance, room, ambient sensor, pressure channels and their acquisition."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from instruments.simulated.truth.drawn import Drawn, NotNegative, Positive, Strict

FilterName = Literal["very stable", "stable", "standard", "unstable", "very unstable"]
"""Settings of the balance's filter, named after its surroundings."""

ChannelName = Literal["line", "catheter"]
"""Pressure channels: at the pump's outlet, and at the catheter's end before the occluder."""


class FilterTimes(Strict):
    """Time constant of the balance's filter for each of its settings, s."""

    very_stable: Positive
    stable: Positive
    standard: Positive
    unstable: Positive
    very_unstable: Positive

    def time_constant_s(self, name: FilterName) -> float:
        """Return the time constant of a setting."""
        value: float = getattr(self, name.replace(" ", "_"))
        return value


class BalanceTruth(Strict):
    """The balance's electronics, with the settings it wakes up with."""

    capacity_g: Positive
    underload_g: Positive
    readability_g: Positive
    white_noise_ug: NotNegative
    """Of one 0.2-s conversion, before the filter."""
    zero_drift_ug_per_sqrt_h: NotNegative
    flicker_ug: NotNegative
    """Standard deviation of each octave of the 1/f noise, 20 s to 11 h."""
    zero_ug_per_k: Drawn
    sensitivity_ppm_per_k: Drawn
    sensitivity_error_ppm: Drawn
    filter_time_constant_s: FilterTimes
    filter: FilterName
    zero_tracking: bool
    zero_tracking_window_ug: Positive
    zero_tracking_ug_per_s: Positive
    adaptive: bool
    adaptive_window_ug: Positive
    adaptive_ug_per_s: Positive
    stability_window_ug: Positive
    stability_time_s: Positive
    vibration_spikes_per_h: NotNegative
    vibration_spike_mg: NotNegative
    door_noise_ug: NotNegative
    door_recovery_s: Positive


class RoomTruth(Strict):
    """The room's air, and how fast liquid, pump and balance follow its temperature."""

    temperature_c: Annotated[float, Field(ge=5.0, le=40.0)]
    hvac_amplitude_k: NotNegative
    hvac_period_s: Annotated[float, Field(ge=60.0)]
    diurnal_amplitude_k: NotNegative
    temperature_wander_k: NotNegative
    humidity_percent: Annotated[float, Field(ge=1.0, le=99.0)]
    humidity_wander_percent: NotNegative
    pressure_hpa: Annotated[float, Field(ge=800.0, le=1100.0)]
    pressure_wander_hpa: NotNegative
    wander_time_s: Annotated[float, Field(ge=60.0)]
    pressure_wander_time_s: Annotated[float, Field(ge=600.0)]
    liquid_lag_s: Annotated[float, Field(ge=10.0)]
    pump_lag_s: Annotated[float, Field(ge=10.0)]
    balance_lag_s: Annotated[float, Field(ge=10.0)]


class AmbientSensorTruth(Strict):
    """Errors of the ambient sensor."""

    temperature_error_k: Drawn
    humidity_error_percent: Drawn
    pressure_error_hpa: Drawn


class ChannelTruth(Strict):
    """One pressure transducer: its two-point characteristic, its errors, and what its electronics can put out.

    `electrical` values are mA, V or mV/V, as `signal` says.
    """

    signal: Literal["current_ma", "voltage_v", "bridge_mv_per_v"]
    pressure_low_kpa: float
    pressure_high_kpa: float
    electrical_low: float
    electrical_high: float
    electrical_minimum: float
    electrical_maximum: float
    electrical_wire_break: float
    offset_kpa: Drawn
    gain_error_percent: Drawn
    noise_kpa: NotNegative
    mains_pickup_kpa: NotNegative
    mains_hz: Annotated[float, Field(ge=45.0, le=65.0)]

    @model_validator(mode="after")
    def _ordered(self) -> ChannelTruth:
        if not self.pressure_low_kpa < self.pressure_high_kpa:
            raise ValueError("pressure_low_kpa must lie below pressure_high_kpa")
        if not self.electrical_minimum <= self.electrical_low < self.electrical_high <= self.electrical_maximum:
            raise ValueError("electrical_minimum <= electrical_low < electrical_high <= electrical_maximum must hold")
        return self


class Channels(Strict):
    """The pressure channels of the bench."""

    line: ChannelTruth
    catheter: ChannelTruth


class DaqTruth(Strict):
    """The data acquisition's own clock, and the voltages wired to it."""

    clock_error_ppm: Drawn
    high_v: Positive = 5.0
    """Drive of the occluder and contact of the pump's alarm output, when on."""
    voltage_noise_v: NotNegative = 0.002


class HandlingTruth(Strict):
    """What a person at the bench works with: check weights, a syringe, a pressure reference."""

    weight_class: Literal["E1", "E2", "F1"] = "E2"
    """OIML R 111 class of the check weights: each lies anywhere within its maximum permissible error."""
    syringe_error_percent: Drawn = Drawn(value=0.0, u=0.3, distribution="normal")
    syringe_repeatability_ul: NotNegative = 0.02
    reference_error_kpa: Drawn = Drawn(value=0.0, u=0.02, distribution="normal")
    """Of the pressure reference."""
    filling_g: NotNegative = 0.05
    """The vessel is filled anew to its first mass of water, to within this either way."""


class Serials(Strict):
    """Serial numbers the simulated devices answer with."""

    pump: str
    balance: str
    ambient: str
    daq: Annotated[int, Field(ge=1)]
