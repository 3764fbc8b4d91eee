"""What a plan is predicted to tell, against what it told on the twin; and plans that are refused."""

from __future__ import annotations

import math

import pytest

from results.decision import Criterion, Verdict
from results.feasibility import AGREEMENT_FACTOR, FeasibilityRefused
from results.kinds import bolus, overinfusion, schedule, steps
from results.measured.expected import PlannedPhase, PlannedTest, expected_record
from results.measured.prediction import predict, refuse_undecidable
from tests.proof.measured_bench import Stretch
from tests.proof.measured_infusions import scheduled, stepped
from tests.proof.measured_runs import COMMON, HOUR_S, between_blanks, shipped

FLOWS = (3.0, 5.0, 7.0, 9.0)


def planned(*stretches: Stretch) -> tuple[PlannedPhase, ...]:
    return tuple(PlannedPhase(one.name, one.duration_s, one.flow_ul_per_h) for one in between_blanks(*stretches))


def criterion(measurand: str, unit: str, limit: float) -> Criterion:
    return Criterion(id="C", measurand=measurand, unit=unit, low=-limit, high=limit, source="plan")


def steps_of(*criteria: Criterion, hours: float = 8.0, band_percent: float = 40.0) -> PlannedTest:
    evaluation = steps.StepsEvaluation(
        kind="steps",
        flows_ul_per_h=FLOWS,
        settle_s=900.0,
        response_band_percent=band_percent,
        concentration_ug_per_ml=500.0,
        criteria=criteria,
        **COMMON,
    )
    parts = [Stretch(f"step {n}", hours * HOUR_S, flow) for n, flow in enumerate(FLOWS, start=1)]
    return PlannedTest(planned(*parts), evaluation, steps.measure, 10.0, lengthen="step")


def boluses_of(volume_ul: float) -> PlannedTest:
    evaluation = bolus.BolusTraceEvaluation(
        kind="bolus",
        set_volume_ul=volume_ul,
        duration_s=80.0,
        settle_s=30.0,
        reading_s=20.0,
        criteria=(criterion("highest bolus error", "%", 10.0),),
        **COMMON,
    )
    one = (Stretch("", 60.0, 0.0), volume_ul / 80.0 * HOUR_S)
    parts = [part for n in range(1, 6) for part in (one[0], Stretch(f"bolus {n}", 80.0, one[1]))]
    return PlannedTest(planned(*parts, Stretch("", 120.0, 0.0)), evaluation, bolus.measure, 1.0)


def test_steps_and_schedule_turn_out_as_predicted() -> None:
    schedule_evaluation = schedule.ScheduleEvaluation(
        kind="schedule",
        flows_ul_per_h=(4.0, 9.0, 6.0),
        days=2,
        settle_s=600.0,
        concentration_ug_per_ml=500.0,
        criteria=(
            criterion("highest day-step dose error", "%", 20.0),
            criterion("dose error, day 2", "%", 20.0),
            criterion("latest transition", "s", 3600.0),
        ),
        **COMMON,
    )
    names = zip(schedule_evaluation.step_names, schedule_evaluation.step_flows, strict=True)
    flex = PlannedTest(
        planned(*(Stretch(f"day-step {name}", 8.0 * HOUR_S, flow) for name, flow in names)),
        schedule_evaluation,
        schedule.measure,
        5.0,
    )
    raised = steps_of(
        criterion("mean flow error, step 1", "%", 20.0),
        criterion("response delay, step 2", "s", 7200.0),
        criterion("total dose error", "%", 20.0),
    )
    for test, run in ((raised, stepped(1)), (flex, scheduled(1))):
        prediction = predict(test, shipped())
        assert prediction.undecidable == ()
        for name, _, expected in prediction.expected:
            value = run.value(name)
            assert value is not None
            assert expected is not None
            ratio = value.expanded_uncertainty / expected
            assert 1.0 / AGREEMENT_FACTOR <= ratio <= AGREEMENT_FACTOR, name


def test_a_limit_below_u_is_refused_with_its_number_and_a_remedy() -> None:
    test = steps_of(criterion("mean flow error, step 1", "%", 1.5))
    prediction = predict(test, shipped())
    (reason,) = prediction.undecidable
    assert reason.startswith("C: U of mean flow error, step 1 will be ")
    with pytest.raises(FeasibilityRefused, match=r"What would make it feasible: phases 'step' \d times as long"):
        refuse_undecidable(prediction, test, shipped())
    record = prediction.as_record()
    assert record["expected"][0]["measurand"] == "mean flow error, step 1"
    assert record["undecidable"] == [reason]


def test_steps_too_short_for_their_strokes_are_refused() -> None:
    test = steps_of(criterion("response time, step 1", "s", 36_000.0), hours=2.0)
    (reason,) = predict(test, shipped()).undecidable
    assert "which strokes and noise need for a band of 40 %" in reason


def test_boluses_too_small_for_the_bench_are_refused() -> None:
    assert predict(boluses_of(20.0), shipped()).undecidable == ()
    (reason,) = predict(boluses_of(2.0), shipped()).undecidable
    assert reason.startswith("C: U of highest bolus error will be")


def test_a_good_pump_s_missing_alarm_does_not_make_a_plan_infeasible() -> None:
    evaluation = overinfusion.OverInfusionEvaluation(
        kind="overinfusion",
        set_flow_ul_per_h=9.0,
        allowance_percent=7.0,
        decision_ul=12.0,
        criteria=(criterion("over-infusion detected after", "s", 1e6), criterion("mean flow error", "%", 14.5)),
        **COMMON,
    )
    test = PlannedTest(planned(Stretch("infusion", 24.0 * HOUR_S, 9.0)), evaluation, overinfusion.measure, 10.0)
    prediction = predict(test, shipped())
    assert prediction.undecidable == ()
    assert prediction.expected[0] == ("over-infusion detected after", "s", None)


def test_the_expected_pump_delivers_as_set() -> None:
    test = steps_of(criterion("total dose error", "%", 5.0))
    outcome = test.measure(expected_record(test, shipped()), test.evaluation, shipped())
    (decision,) = outcome.decisions
    assert decision.verdict is Verdict.PASS
    assert math.isclose(decision.value, 0.0, abs_tol=decision.expanded_uncertainty)
