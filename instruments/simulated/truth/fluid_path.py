"""Truth of the pump and of the liquid's way: pump, catheter, outlet tube, vessel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from instruments.simulated.truth.drawn import Drawn, DrawnNotNegative, DrawnPositive, NotNegative, Positive, Strict

_LARGEST_IMPLANT_STROKE_UL = 2.0

SilentAlarm = Literal["MOTOR_STALL", "LOW_RESERVOIR", "STOPPED_TOO_LONG"]
"""Alarms that a pump can have and not raise: those that stop nothing."""


class OcclusionSensorTruth(Strict):
    """The pressure sensor of an external pump, and what its firmware makes of it."""

    error_kpa: Drawn
    """It takes the pressure for this much higher than it is."""
    gain_error_percent: Drawn
    period_s: Positive = 0.5
    """How often the firmware looks."""
    latency_s: NotNegative = 0.0
    """From a look that finds the threshold exceeded to the alarm; the pump goes on meanwhile."""
    silent: bool = False
    """True: it never alarms."""
    contact_latency_s: NotNegative = 0.02
    """From an alarm to the contact of the alarm output."""
    bolus_reduction: bool = True
    """False: the pump says that it runs back after an alarm, and does not."""


class PumpTruth(Strict):
    """A pump that delivers in strokes: an implant, an external one with a sensor of occlusions, or a syringe pump.

    A syringe pump's strokes are small steps of its screw, and its motor stalls at `slip_pressure_kpa`.
    """

    kind: Literal["implantable", "external", "syringe"] = "implantable"
    reservoir_capacity_ul: Positive
    reservoir_ul: NotNegative
    stroke_volume_ul: Annotated[float, Field(ge=0.5, le=20.0)]
    stroke_jitter_percent: Annotated[float, Field(ge=0.0, le=20.0)]
    stroke_duration_s: Annotated[float, Field(gt=0.0, le=2.0)]
    systematic_error_percent: Drawn
    drift_percent_per_day: Drawn
    crystal_error_ppm: Drawn
    back_pressure_percent_per_kpa: Drawn
    temperature_percent_per_k: Drawn
    reservoir_fill_percent: Drawn
    """Change of the stroke volume from a full reservoir to an empty one."""
    ambient_pressure_percent_per_kpa: Drawn
    slip_pressure_kpa: Positive
    """Gauge pressure against which the mechanism slips: strokes deliver nothing."""
    reference_temperature_c: Annotated[float, Field(ge=5.0, le=45.0)]
    reference_pressure_hpa: Annotated[float, Field(ge=800.0, le=1100.0)]
    bath_temperature_c: Annotated[float, Field(ge=5.0, le=45.0)] | None = None
    """Temperature of a bath around the pump; without it the pump follows the room."""
    bath_lag_s: Annotated[float, Field(ge=10.0)] = 600.0
    """How fast it follows a bath it is put into."""
    stall_detection_s: Positive | None = None
    """How long the rotor must have stood still until the firmware notices; without it, it never does."""
    fast_error_percent: float = 0.0
    """Error of the stroke volume at commanded flows from `fast_from_ul_per_h` on: a bolus, say."""
    fast_from_ul_per_h: Positive = 1e9
    missed_step: Annotated[int, Field(ge=1)] | None = None
    """Change of flow of a program (1 is the first) that the firmware forgets: it stays at the flow before."""
    silent_alarms: Annotated[tuple[SilentAlarm, ...], Field(strict=False)] = ()
    """Alarms the firmware has by its word and never raises."""
    ignores_lockout: bool = False
    """True: the firmware takes a lockout and grants every bolus."""
    occlusion_sensor: OcclusionSensorTruth | None = None
    """An external pump's; without it, it has none."""

    @field_validator("stroke_volume_ul")
    @classmethod
    def _suits_the_kind(cls, stroke_volume_ul: float, info: ValidationInfo) -> float:
        if info.data.get("kind") == "implantable" and stroke_volume_ul > _LARGEST_IMPLANT_STROKE_UL:
            raise ValueError(f"an implantable pump's stroke is at most {_LARGEST_IMPLANT_STROKE_UL:g} uL")
        return stroke_volume_ul

    @model_validator(mode="after")
    def _fits(self) -> PumpTruth:
        if self.reservoir_ul > self.reservoir_capacity_ul:
            raise ValueError("reservoir_ul is more than reservoir_capacity_ul")
        if self.kind != "external" and self.occlusion_sensor is not None:
            raise ValueError('occlusion_sensor: only a pump with kind = "external" has one')
        return self


class CatheterTruth(Strict):
    """The catheter: the compliant part, ending at the tip whose delivery is measured."""

    length_m: DrawnPositive
    inner_diameter_mm: DrawnPositive
    compliance_ul_per_kpa: DrawnPositive


class OutletTruth(Strict):
    """The bench's tube from the tip to the water in the vessel, and the waste line beside it."""

    length_m: DrawnPositive
    inner_diameter_mm: DrawnPositive
    outer_diameter_mm: DrawnPositive
    immersion_mm: DrawnPositive
    back_pressure_kpa: Drawn
    """Gauge pressure at the catheter's tip with no flow: the head up to the water's surface."""
    waste_back_pressure_kpa: Drawn


class VesselTruth(Strict):
    """The vessel on the balance, its water and the oil film."""

    inner_diameter_mm: DrawnPositive
    material_mass_g: Positive
    material_volume_cm3: Positive
    water_mass_g: Positive
    oil_volume_cm3: NotNegative
    oil_density_kg_per_m3: Positive
    headspace_mm: DrawnPositive
    """From the water's surface to the rim at the start."""
    evaporation_ug_per_min: DrawnNotNegative
    """At 20 C, 50 %RH and the initial headspace."""


class MeniscusTruth(Strict):
    """The contact line on the outlet tube."""

    capillary_ul: NotNegative
    """Standard deviation of the difference between two distant levels, as a volume of water."""
    correlation_volume_ul: Positive
    """Volume to be delivered until the contact line has forgotten where it was."""


class FixtureTruth(Strict):
    """The bench's own part of the line: stopcock, transducers and the tubes between them."""

    compliance_ul_per_kpa: DrawnNotNegative = Drawn(value=0.0, u=0.0, distribution="normal")
    """Beside that of pump, set and catheter, which stands with the catheter."""
    valve_displacement_ul: DrawnNotNegative = Drawn(value=0.0, u=0.0, distribution="normal")
    """The occluder pushes this into the line as it closes, and takes it back as it opens."""
