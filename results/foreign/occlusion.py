"""Evaluation of a foreign occlusion test: readings of a balance, a pressure file, and the times of its events."""

from __future__ import annotations

from results.decision import DecisionRule
from results.foreign.conditions import Conditions, Instant
from results.foreign.mapping import bench_of, phase_of, second_of
from results.foreign.occlusion_record import OF_THE_RECORD, OcclusionTest
from results.foreign.series import flow_series_of
from results.foreign.table_file import TableData
from results.measured.weighing import Weighing
from results.occlusion import instants
from results.occlusion.collection import Running, bursts_of
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.pressure import pressure_record
from results.occlusion.trial import evaluate_occlusion
from results.occlusion.trial_record import OcclusionTrial, stated_fixture
from results.refusal import EvaluationRefused
from results.series import FlowPhases, Phase


def evaluate_occlusion_table(
    table: TableData,
    pressure: TableData,
    conditions: Conditions,
    *,
    run_id: str,
    air: TableData | None = None,
    reference: TableData | None = None,
) -> OcclusionOutcome:
    """Return the outcome of the readings and pressures of an occlusion test.

    Raises `EvaluationRefused` where no honest number can be computed or the conditions do not describe such a test.
    """
    test, steady = conditions.occlusion, phase_of(conditions.periods.steady, table)
    closed = _instant(conditions.events.occluded, table, test)
    if test is None or steady is None or closed is None:
        raise EvaluationRefused("the conditions do not describe an occlusion test")
    evaluation = occlusion_evaluation_of(conditions, test)
    released = _instant(conditions.events.released, table, test)
    record = pressure_record(pressure.time_s, pressure.columns["pressure"])
    blank_after = phase_of(conditions.periods.blank_after, table)
    end_s = min(float(table.time_s[-1]), float(record.time_s[-1]))
    end_s = end_s if blank_after is None else min(end_s, blank_after.begin_s)
    phases = FlowPhases(
        analysis=Phase(steady.begin_s, end_s),
        blank_before=phase_of(conditions.periods.blank_before, table),
        blank_after=blank_after,
    )
    series = flow_series_of(conditions, table, phases=phases, run_id=run_id, air=air, reference=reference)
    bench = bench_of(conditions).model_copy(
        update={
            "transducer_zero_u_kpa": test.transducer_zero_u_kpa,
            "transducer_span_u_percent": test.transducer_span_u_percent,
            "sample_clock_u_ppm": test.clock_u_ppm,
        }
    )
    bursts = bursts_of(record, evaluation, steady=steady, closed=closed, released=released, end_s=end_s)
    weighing = Weighing.of(series, evaluation, bench, fastest_ul_per_h=evaluation.set_flow_ul_per_h, bursts=bursts)
    watched_s = (end_s if released is None else released.at_s) - closed.at_s
    trial = OcclusionTrial(
        pressure=record,
        weighing=weighing.with_pauses((steady,)),
        steady=steady,
        closed=closed,
        alarm=_instant(conditions.events.alarm, table, test),
        no_alarm=f"no alarm is stated for the {watched_s:.0f} s of the occlusion",
        released=released,
        end_s=end_s,
        fixture=stated_fixture(evaluation),
        running=_running(test, released, end_s),
        run_id=run_id,
        title=conditions.title,
        simulated=conditions.simulated,
    )
    return evaluate_occlusion(trial, evaluation, bench=bench)


def occlusion_evaluation_of(conditions: Conditions, test: OcclusionTest) -> OcclusionEvaluation:
    """Return how the occlusion test is evaluated."""
    return OcclusionEvaluation(
        **test.model_dump(exclude=set(OF_THE_RECORD)),
        volume_reference_temperature_c=conditions.temperatures.volume_reference_c,
        liquid=conditions.liquid,
        direction=conditions.direction,
        criteria=conditions.criteria,
        decision_rule=conditions.decision_rule or DecisionRule(kind="guarded"),
        coverage_percent=conditions.coverage_percent,
    )


def _instant(at: Instant | None, table: TableData, test: OcclusionTest | None) -> instants.Instant | None:
    if at is None or test is None:
        return None
    at_s = second_of(at, table)
    return instants.Instant(at_s - test.events_within_s, at_s + test.events_within_s)


def _running(test: OcclusionTest, released: instants.Instant | None, end_s: float) -> tuple[Running, ...]:
    if released is None or not test.pump_runs_after_release:
        return ()
    return (Running(released, instants.Instant(end_s, end_s)),)
