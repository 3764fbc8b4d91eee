"""What a flow evaluation yields: values with their uncertainty, labelled variants, and how they came about."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from results.cleaning.exclusions import Exclusion
from results.cleaning.findings import Finding
from results.cleaning.gaps import ReadingGaps
from results.decision import Decision, MeasuredValue, Verdict
from results.flow.continuity import FlowContinuity
from results.flow.noise_floor import PumpOffWindow
from results.flow.startup import StartupCurve
from results.flow.strokes import StrokeAnalysis
from results.flow.trumpet import WindowError
from results.flow_marks import Unweighed
from results.uncertainty.budget import Budget, BudgetLine
from results.uncertainty.window_noise import WindowUncertainty

FLOW_OUTCOME_SCHEMA = "flow-outcome/1.2.0"


@dataclass(frozen=True, slots=True)
class FlowVariant:
    """One way of computing the flow, by its label: mean flow, error A over the analysis period, trumpet.

    `error_a_percent` is by the end points, as the standard has it; `regression_error_percent` by a line through the
    cumulative volume. S is that of the trumpet: editions of the standard differ in it.
    """

    label: str
    mean_flow_ul_per_h: float
    error_a_percent: float
    regression_flow_ul_per_h: float
    regression_error_percent: float
    sample_interval_s: float
    trumpet: tuple[WindowError, ...]


@dataclass(frozen=True, slots=True)
class FlowAtTemperature:
    """The corrected mean flow, stated for the volume at another temperature, and its error against the set flow."""

    role: str
    temperature_c: float
    mean_flow_ul_per_h: float
    error_percent: float


@dataclass(frozen=True, slots=True)
class BlankOutcome:
    """One blank: its period, the loss it showed (ug/min, positive for evaporation) and what was left out."""

    begin_s: float
    end_s: float
    loss_ug_per_min: float
    noise_sd_mg: float
    disturbed_readings: int


@dataclass(frozen=True, slots=True)
class AirOutcome:
    """Mean air and liquid over the analysis period; `measured` is False when laboratory air was assumed."""

    measured: bool
    temperature_c: float
    humidity_percent: float
    pressure_hpa: float
    density_kg_per_m3: float
    liquid_temperature_c: float
    liquid_density_kg_per_m3: float
    z_ul_per_mg: float
    immersion_factor: float
    largest_gap_s: float


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    """The outcome of a flow evaluation; see the field names for units. Volumes at `volume_reference_temperature_c`.

    `error_a` is the corrected error A over the analysis period with its whole budget, in %. `whole_infusion` leaves no
    stabilisation out; `course` is the flow over all of it. `pump_off` is measured in the blanks, `window_uncertainty`
    simulated from the bench's noise.
    """

    schema: str
    run_id: str
    title: str
    simulated: bool
    profile_id: str
    profile_version: str
    profile_title: str
    profile_sha256: str
    wording: str
    sample_interval_s: float
    set_flow_ul_per_h: float
    measurand: str
    volume_reference_temperature_c: float
    analysis_begin_s: float
    analysis_end_s: float
    delivered_volume: MeasuredValue
    delivered_volume_budget: tuple[BudgetLine, ...]
    mean_flow: MeasuredValue
    mean_flow_budget: tuple[BudgetLine, ...]
    error_a: Budget
    corrected: FlowVariant
    as_written: FlowVariant
    at_temperatures: tuple[FlowAtTemperature, ...]
    whole_infusion_error_percent: float | None
    startup: StartupCurve | None
    course: StartupCurve | None
    pump_off: tuple[PumpOffWindow, ...]
    window_uncertainty: tuple[WindowUncertainty, ...]
    strokes: StrokeAnalysis | None
    continuity: FlowContinuity
    evaporation_model: str
    evaporation_mean_ug_per_min: float
    blanks: tuple[BlankOutcome, ...]
    air: AirOutcome
    recorded_readings: int
    used_readings: int
    largest_gap_s: float
    gaps: ReadingGaps
    unweighed: Unweighed
    exclusions: tuple[Exclusion, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    verdict: Verdict
    notes: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types: dicts, lists, strings, finite numbers, None for what is not a number."""
        return {field.name: as_json(getattr(self, field.name)) for field in fields(self)}


def as_json(value: Any) -> Any:
    """Return dataclasses, tuples, enums and numbers as JSON types; infinity and NaN become None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
