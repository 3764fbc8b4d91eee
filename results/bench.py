"""The gravimetric bench as its engineer knows it: dimensions, balance, sensors, and how well each is known."""

from __future__ import annotations

from pydantic import Field, model_validator

from results.decision import StrictModel
from results.physics.buoyancy import STEEL_WEIGHT_DENSITY_KG_PER_M3


class GravimetricBench(StrictModel):
    """Nominal values of the set-up with their standard uncertainties (`_u_`), as a station states them.

    Volumes: `displaced_volume_ml` is all the air displaced by what stands on the pan at the start (vessel, liquid,
    film); `outlet_tube_volume_ul` is the liquid between the catheter tip and the vessel; `catheter_volume_ul` the
    liquid between the pump and the tip that warming can push into the vessel while the pump stands still.
    """

    vessel_inner_diameter_mm: float = Field(gt=0.0)
    vessel_inner_diameter_u_mm: float = Field(ge=0.0)
    tube_outer_diameter_mm: float = Field(ge=0.0)
    tube_outer_diameter_u_mm: float = Field(ge=0.0)
    displaced_volume_ml: float = Field(ge=0.0)
    displaced_volume_u_ml: float = Field(ge=0.0)
    outlet_tube_volume_ul: float = Field(ge=0.0)
    outlet_tube_volume_u_ul: float = Field(ge=0.0)
    catheter_volume_ul: float = Field(default=0.0, ge=0.0)
    catheter_volume_u_ul: float = Field(default=0.0, ge=0.0)
    tube_expansion_per_k: float = Field(default=0.0, ge=0.0)
    tube_temperature_u_k: float = Field(ge=0.0)
    capillary_u_ul: float = Field(ge=0.0)
    balance_readability_mg: float = Field(gt=0.0)
    balance_repeatability_mg: float = Field(ge=0.0)
    balance_sensitivity_u_ppm: float = Field(ge=0.0)
    balance_zero_drift_ug_per_sqrt_h: float | None = Field(default=None, ge=0.0)
    balance_temperature_coefficient_u_ug_per_k: float = Field(default=0.0, ge=0.0)
    evaporation_limit_ug_per_min: float | None = Field(default=None, ge=0.0)
    weight_density_kg_per_m3: float = Field(default=STEEL_WEIGHT_DENSITY_KG_PER_M3, gt=1000.0)
    liquid_temperature_offset_c: float = 0.0
    liquid_temperature_u_c: float = Field(ge=0.0)
    air_temperature_u_c: float = Field(ge=0.0)
    air_humidity_u_percent: float = Field(ge=0.0)
    air_pressure_u_hpa: float = Field(ge=0.0)
    timing_u_s: float = Field(ge=0.0)

    @model_validator(mode="after")
    def _tube_fits_vessel(self) -> GravimetricBench:
        if not self.tube_outer_diameter_mm < self.vessel_inner_diameter_mm:
            raise ValueError("tube_outer_diameter_mm must be smaller than vessel_inner_diameter_mm")
        return self
