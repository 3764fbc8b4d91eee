"""From the conditions of a foreign measurement to what an evaluation takes: bench, phases, evaluation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from results.bench import GravimetricBench
from results.bolus import BolusEvaluation
from results.decision import DecisionRule
from results.evaluation import FlowEvaluation
from results.foreign.cells import microseconds
from results.foreign.conditions import Conditions, Instant, Period
from results.foreign.table_file import TableData
from results.refusal import EvaluationRefused
from results.series import FlowPhases, Phase

_ASSUMED_AIR_U = {"air_temperature_u_c": 0.0, "air_humidity_u_percent": 0.0, "air_pressure_u_hpa": 0.0}
_OF_ITS_OWN = {"weights_density_kg_per_m3", "capacity_g"}
_LIQUID = {"liquid_temperature_c", "liquid_temperature_offset_c"}


def bench_of(conditions: Conditions) -> GravimetricBench:
    """Return the bench that the conditions describe."""
    balance, vessel, air = conditions.balance, conditions.vessel, conditions.air
    values: dict[str, Any] = {f"balance_{key}": v for key, v in balance.model_dump(exclude=_OF_ITS_OWN).items()}
    values |= vessel.model_dump(exclude=_LIQUID)
    values |= _ASSUMED_AIR_U
    if air is not None:
        values["air_temperature_u_c"] = air.temperature_u_c
        values["air_humidity_u_percent"] = air.humidity_u_percent
        values["air_pressure_u_hpa"] = air.pressure_u_hpa
    offset_c = vessel.liquid_temperature_offset_c or 0.0
    if vessel.liquid_temperature_c is not None and air is not None and air.temperature_c is not None:
        offset_c = vessel.liquid_temperature_c - air.temperature_c
    return GravimetricBench(
        **values,
        weight_density_kg_per_m3=balance.weights_density_kg_per_m3,
        liquid_temperature_offset_c=offset_c,
        timing_u_s=conditions.columns.time.u_s,
    )


def flow_evaluation_of(conditions: Conditions, *, profile: str) -> FlowEvaluation:
    """Return how the flow test is evaluated. Raises `EvaluationRefused` where the conditions do not say."""
    flow, at = conditions.flow, conditions.temperatures
    if flow is None or at.pump_c is None or at.dose_concentration_c is None:
        raise EvaluationRefused("the conditions do not describe a flow test")
    return FlowEvaluation(
        profile=profile,
        set_flow_ul_per_h=flow.set_flow_ul_per_h,
        stroke_volume_ul=flow.stroke_volume_ul,
        pump_temperature_c=at.pump_c,
        volume_reference_temperature_c=at.volume_reference_c,
        dose_concentration_temperature_c=at.dose_concentration_c,
        liquid=conditions.liquid,
        direction=conditions.direction,
        criteria=conditions.criteria,
        decision_rule=conditions.decision_rule or DecisionRule(kind="guarded"),
        coverage_percent=conditions.coverage_percent,
    )


def bolus_evaluation_of(conditions: Conditions) -> BolusEvaluation:
    """Return how the bolus test is evaluated. Raises `EvaluationRefused` where the conditions do not say."""
    if conditions.bolus is None:
        raise EvaluationRefused("the conditions do not describe a bolus test")
    return BolusEvaluation(
        **conditions.bolus.model_dump(),
        density_g_per_ml=conditions.method.density_g_per_ml,
        volume_reference_temperature_c=conditions.temperatures.volume_reference_c,
        liquid=conditions.liquid,
        direction=conditions.direction,
        criteria=conditions.criteria,
        decision_rule=conditions.decision_rule or DecisionRule(kind="guarded"),
        coverage_percent=conditions.coverage_percent,
    )


def second_of(instant: Instant, table: TableData) -> float:
    """Return an instant in seconds on the time axis of a file.

    Raises `EvaluationRefused` for a date-time where the file has none, or where only one of them has a time zone.
    """
    if not isinstance(instant, datetime):
        return float(instant)
    if table.origin_us is None:
        raise EvaluationRefused(f"the conditions name {instant}, but the file's times are numbers")
    if (instant.tzinfo is not None) is not table.zoned:
        having = "with" if table.zoned else "without"
        raise EvaluationRefused(f"the conditions name {instant}, but the file's times are {having} a time zone")
    return (microseconds(instant) - table.origin_us) / 1e6


def phase_of(period: Period | None, table: TableData) -> Phase | None:
    """Return a period on the time axis of a file. Raises `EvaluationRefused` when it does not end after it begins."""
    if period is None:
        return None
    return Phase(second_of(period[0], table), second_of(period[1], table))


def flow_phases_of(conditions: Conditions, table: TableData) -> FlowPhases:
    """Return the phases of a flow test. Raises `EvaluationRefused` without an analysis period."""
    periods, start = conditions.periods, conditions.events.infusion_start
    analysis = phase_of(periods.analysis, table)
    if analysis is None:
        raise EvaluationRefused("the conditions state no analysis period")
    return FlowPhases(
        analysis=analysis,
        stabilisation=phase_of(periods.stabilisation, table),
        blank_before=phase_of(periods.blank_before, table),
        blank_after=phase_of(periods.blank_after, table),
        infusion_start_s=None if start is None else second_of(start, table),
    )
