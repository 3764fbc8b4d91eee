"""What a flow evaluation yields: values with their uncertainty, labelled variants, and how they came about."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from results.cleaning.exclusions import Exclusion
from results.decision import Decision, Verdict
from results.flow.trumpet import WindowError
from results.uncertainty.budget import Budget

FLOW_OUTCOME_SCHEMA = "flow-outcome/1.0.0"


@dataclass(frozen=True, slots=True)
class FlowVariant:
    """One way of computing the flow, by its label: mean flow, error A over the analysis period, trumpet."""

    label: str
    mean_flow_ul_per_h: float
    error_a_percent: float
    regression_flow_ul_per_h: float
    regression_error_percent: float
    trumpet: tuple[WindowError, ...]


@dataclass(frozen=True, slots=True)
class BlankOutcome:
    """One blank: its period, the loss it showed (ug/min, positive for evaporation) and what was left out."""

    begin_s: float
    end_s: float
    loss_ug_per_min: float
    noise_sd_mg: float
    disturbed_readings: int


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    """The outcome of a flow evaluation; see the field names for units. Volumes at `volume_reference_temperature_c`."""

    schema: str
    run_id: str
    simulated: bool
    profile_id: str
    profile_version: str
    profile_sha256: str
    wording: str
    sample_interval_s: float
    set_flow_ul_per_h: float
    measurand: str
    volume_reference_temperature_c: float
    analysis_begin_s: float
    analysis_end_s: float
    delivered_volume_ul: float
    error_a: Budget
    corrected: FlowVariant
    as_written: FlowVariant
    evaporation_model: str
    evaporation_mean_ug_per_min: float
    blanks: tuple[BlankOutcome, ...]
    recorded_readings: int
    used_readings: int
    largest_gap_s: float
    exclusions: tuple[Exclusion, ...]
    decisions: tuple[Decision, ...]
    verdict: Verdict
    notes: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types: dicts, lists, strings, finite numbers, None for what is not a number."""
        record = as_json(self)
        if not isinstance(record, dict):
            raise TypeError("an outcome is a mapping")
        return record


def as_json(value: Any) -> Any:
    """Return dataclasses, tuples, enums and numbers as JSON types; infinity and NaN become None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
