"""What must be known of a foreign occlusion test besides its readings and pressures."""

from __future__ import annotations

from pydantic import Field

from results.decision import StrictModel


class OcclusionTest(StrictModel):
    """What the pump was set to, and how the line was watched; see `OcclusionEvaluation` for what is not said here.

    `events_within_s`: an event happened so long before or after its stated time, at most. `pump_runs_after_release`:
    it delivered while the bolus was collected. `transducer_zero_u_kpa`, `transducer_span_u_percent`,
    `clock_u_ppm`: standard uncertainties of the transducer and of the logger's clock.
    """

    set_flow_ul_per_h: float = Field(gt=0.0)
    threshold_kpa: float | None = Field(default=None, gt=0.0)
    stroke_volume_ul: float | None = Field(default=None, gt=0.0)
    events_within_s: float = Field(ge=0.0)
    pump_runs_after_release: bool = False
    alarm_delay_s: float = Field(default=0.0, ge=0.0)
    alarm_delay_u_s: float = Field(default=0.0, ge=0.0)
    level_s: float = Field(default=10.0, gt=0.0)
    back_band_kpa: float = Field(gt=0.0)
    settle_s: float = Field(ge=0.0)
    flow_per_pressure_percent_per_kpa: float = 0.0
    flow_per_pressure_u_percent_per_kpa: float = Field(ge=0.0)
    fixture_compliance_ul_per_kpa: float | None = Field(default=None, ge=0.0)
    fixture_compliance_u_ul_per_kpa: float | None = Field(default=None, ge=0.0)
    valve_displacement_ul: float | None = None
    valve_displacement_u_ul: float | None = Field(default=None, ge=0.0)
    largest_fixture_share: float = Field(default=0.5, gt=0.0)
    transducer_zero_u_kpa: float = Field(ge=0.0)
    transducer_span_u_percent: float = Field(ge=0.0)
    clock_u_ppm: float = Field(default=100.0, ge=0.0)


OF_THE_RECORD = frozenset(
    {"events_within_s", "pump_runs_after_release", "transducer_zero_u_kpa", "transducer_span_u_percent", "clock_u_ppm"}
)
"""Keys that are about the record, not about the evaluation."""
