"""What a bolus evaluation yields."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from results.cleaning.exclusions import Exclusion
from results.cleaning.findings import Finding
from results.decision import Decision, MeasuredValue, Verdict
from results.outcome import AirOutcome, BlankOutcome, as_json
from results.uncertainty.budget import Budget, BudgetLine

BOLUS_OUTCOME_SCHEMA = "bolus-outcome/1.1.0"


@dataclass(frozen=True, slots=True)
class BolusResult:
    """One bolus: when (s), its volume and error with uncertainty, and the volume by the formula as written.

    `budget`: the lines of its volume, in uL.

    `readings_before`, `readings_after`: how many readings each mean was taken of; `range_before_mg`, `range_after_mg`:
    what they span, basal flow and evaporation taken off. `dose_units`: the volume in units (U), None without a
    strength. `duration`: how long it took (s), None where the readings do not show it. `basal_ul`: taken off for basal
    flow between the two means; `evaporated_ul`: added for evaporation.
    """

    number: int
    at_s: float
    volume: MeasuredValue
    budget: tuple[BudgetLine, ...]
    error: MeasuredValue
    dose_units: float | None
    as_written_volume_ul: float
    as_written_error_percent: float
    basal_ul: float
    evaporated_ul: float
    duration: MeasuredValue | None
    readings_before: int
    readings_after: int
    range_before_mg: float
    range_after_mg: float


@dataclass(frozen=True, slots=True)
class ExcludedBolus:
    """A bolus left out of the statistics, and why."""

    number: int
    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class BolusStatistics:
    """Mean, extremes and spread of the boluses, by one way of computing them.

    `sd_ul` (n - 1) and `cv_percent` include what the balance contributes; None for a single bolus. The mean absolute
    error is no substitute for the signed extremes and is not given.
    """

    label: str
    count: int
    mean_volume_ul: float
    mean_error_percent: float
    highest_error_percent: float
    lowest_error_percent: float
    sd_ul: float | None
    cv_percent: float | None


@dataclass(frozen=True, slots=True)
class BolusSpread:
    """The standard deviation of bolus errors (%) and the bounds of its coverage interval; U reaches the further one."""

    sd: MeasuredValue
    low_percent: float
    high_percent: float


@dataclass(frozen=True, slots=True)
class BolusOutcome:
    """The outcome of a bolus evaluation; see the field names for units. Volumes at `volume_reference_temperature_c`.

    `mean_error` is the corrected mean error of the boluses delivered, with its whole budget, in %: an uncertainty of
    these boluses' mean, not a statement about boluses to come. `sd_error`: the standard deviation of the pump's bolus
    errors, %, what weighing adds taken off; None for a single bolus.
    """

    schema: str
    run_id: str
    title: str
    simulated: bool
    measurand: str
    set_volume_ul: float
    units_per_ml: float | None
    basal_flow_ul_per_h: float
    volume_reference_temperature_c: float
    boluses: tuple[BolusResult, ...]
    excluded: tuple[ExcludedBolus, ...]
    corrected: BolusStatistics
    as_written: BolusStatistics
    mean_error: Budget
    sd_error: BolusSpread | None
    evaporation_model: str
    evaporation_mean_ug_per_min: float
    blanks: tuple[BlankOutcome, ...]
    air: AirOutcome
    recorded_readings: int
    used_readings: int
    exclusions: tuple[Exclusion, ...]
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    verdict: Verdict
    notes: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types: dicts, lists, strings, finite numbers, None for what is not a number."""
        return {entry.name: as_json(getattr(self, entry.name)) for entry in fields(self)}
