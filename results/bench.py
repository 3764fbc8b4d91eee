"""The gravimetric bench as its engineer knows it: dimensions, balance, sensors, and how well each is known."""

from __future__ import annotations

from pydantic import Field, model_validator

from results.decision import StrictModel
from results.physics.buoyancy import STEEL_WEIGHT_DENSITY_KG_PER_M3


class ReferenceVessel(StrictModel):
    """A vessel like the collecting one, on a balance of its own beside it, which nothing flows into.

    `loss_ratio`: what the collecting vessel loses over what this one loses, with its standard uncertainty; 1 for equal
    openings, films and levels. The rest is as `GravimetricBench` has it, for this vessel and its balance.
    """

    loss_ratio: float = Field(default=1.0, gt=0.0)
    loss_ratio_u: float = Field(ge=0.0)
    displaced_volume_ml: float = Field(ge=0.0)
    displaced_volume_u_ml: float = Field(ge=0.0)
    balance_readability_mg: float = Field(gt=0.0)
    balance_repeatability_mg: float = Field(ge=0.0)
    balance_zero_drift_ug_per_sqrt_h: float = Field(ge=0.0)
    balance_zero_u_ug_per_k: float = Field(default=0.0, ge=0.0)


class GravimetricBench(StrictModel):
    """Nominal values of the set-up with their standard uncertainties (`_u_`), as a station states them.

    `displaced_volume_ml`: the air displaced by what stands on the pan at the start: vessel, liquid, film.
    `gross_load_g`: its mass. `headspace_mm`: liquid surface to rim at the start; None when a film or lid, not the
    headspace, holds evaporation back. `evaporation_limit_ug_per_min`: the most that evaporates from this set-up in use.
    `liquid_lag_s`, `balance_lag_s`: time constants with which the liquid and the
    balance follow the air's temperature.
    `outlet_tube_volume_ul`: liquid between catheter tip and vessel. `catheter_volume_ul`: liquid between pump and tip
    that warming can push into the vessel while the pump stands still; 0 when it is shut off during blanks.
    `tube_temperature_u_k`: how well the liquid's change of temperature over a phase is known.
    `capillary_u_ul`: standard deviation of the meniscus' pull on the tube between two distant levels.
    `balance_flicker_ug`: standard deviation of one octave of the balance's 1/f noise.
    `balance_zero_drift_ug_per_sqrt_h`: its random walk; None to estimate it from the blanks.
    `balance_response_s`: time constant of its filter. `evaporation_model_u_percent`: how well the driving force
    measured in the room explains what it adds to plain linear interpolation between the blanks.
    `transducer_zero_u_kpa`, `transducer_span_u_percent`: of the pressure transducers; None where no pressure is judged.
    `sample_clock_u_ppm`: of the clock their samples are taken by.
    """

    vessel_inner_diameter_mm: float = Field(gt=0.0)
    vessel_inner_diameter_u_mm: float = Field(ge=0.0)
    tube_outer_diameter_mm: float = Field(ge=0.0)
    tube_outer_diameter_u_mm: float = Field(ge=0.0)
    displaced_volume_ml: float = Field(ge=0.0)
    displaced_volume_u_ml: float = Field(ge=0.0)
    gross_load_g: float = Field(default=0.0, ge=0.0)
    headspace_mm: float | None = Field(default=None, gt=0.0)
    headspace_u_mm: float = Field(default=0.0, ge=0.0)
    outlet_tube_volume_ul: float = Field(ge=0.0)
    outlet_tube_volume_u_ul: float = Field(ge=0.0)
    catheter_volume_ul: float = Field(default=0.0, ge=0.0)
    catheter_volume_u_ul: float = Field(default=0.0, ge=0.0)
    tube_expansion_per_k: float = Field(default=0.0, ge=0.0)
    tube_temperature_u_k: float = Field(ge=0.0)
    capillary_u_ul: float = Field(ge=0.0)
    balance_readability_mg: float = Field(gt=0.0)
    balance_repeatability_mg: float = Field(ge=0.0)
    balance_response_s: float = Field(default=0.0, ge=0.0)
    balance_sensitivity_u_ppm: float = Field(ge=0.0)
    balance_zero_drift_ug_per_sqrt_h: float | None = Field(default=None, ge=0.0)
    balance_flicker_ug: float = Field(default=0.0, ge=0.0)
    balance_zero_u_ug_per_k: float = Field(default=0.0, ge=0.0)
    balance_sensitivity_u_ppm_per_k: float = Field(default=0.0, ge=0.0)
    balance_lag_s: float = Field(default=0.0, ge=0.0)
    weight_density_kg_per_m3: float = Field(default=STEEL_WEIGHT_DENSITY_KG_PER_M3, gt=1000.0)
    evaporation_limit_ug_per_min: float | None = Field(default=None, ge=0.0)
    evaporation_model_u_percent: float = Field(default=20.0, ge=0.0)
    liquid_lag_s: float = Field(default=0.0, ge=0.0)
    liquid_temperature_offset_c: float = 0.0
    liquid_temperature_u_c: float = Field(ge=0.0)
    air_temperature_u_c: float = Field(ge=0.0)
    air_humidity_u_percent: float = Field(ge=0.0)
    air_pressure_u_hpa: float = Field(ge=0.0)
    timing_u_s: float = Field(ge=0.0)
    transducer_zero_u_kpa: float | None = Field(default=None, ge=0.0)
    transducer_span_u_percent: float | None = Field(default=None, ge=0.0)
    sample_clock_u_ppm: float = Field(default=50.0, ge=0.0)

    @model_validator(mode="after")
    def _tube_fits_vessel(self) -> GravimetricBench:
        if not self.tube_outer_diameter_mm < self.vessel_inner_diameter_mm:
            raise ValueError("tube_outer_diameter_mm must be smaller than vessel_inner_diameter_mm")
        return self
