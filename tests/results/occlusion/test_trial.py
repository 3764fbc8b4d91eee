"""Occlusion of an external pump on the twin's physics: reported numbers hold against what was true."""

from __future__ import annotations

import math

import pytest

from results.decision import Criterion, Verdict
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.trial_measurands import MEASURANDS
from tests.results.occlusion.occlusion_runs import OcclusionRun, evaluation_of, run_occlusion

SEEDS = range(1, 5)
LIMITS = (
    Criterion(id="time", measurand="time to alarm", unit="s", high=120.0, source="plan"),
    Criterion(id="pressure", measurand="maximum pressure", unit="kPa", high=100.0, source="plan"),
    Criterion(id="bolus", measurand="unintended bolus, corrected", unit="uL", high=100.0, source="plan"),
)


def agreements(run: OcclusionRun) -> dict[str, bool]:
    """Whether the truth lies within U, of every measurand that has a value and a known truth."""
    found = {}
    for one in run.outcome.measurands:
        if one.value is not None and one.name in run.true:
            found[one.name] = abs(one.value.value - run.true[one.name]) <= one.value.expanded_uncertainty
    return found


def value(outcome: OcclusionOutcome, name: str) -> float:
    measured = outcome.measurand(name).value
    assert measured is not None, outcome.measurand(name).absent
    return measured.value


def test_numbers_agree_with_the_truth_within_their_uncertainty() -> None:
    pooled = [agreements(run_occlusion(seed)) for seed in SEEDS]
    pooled += [agreements(run_occlusion(seed, reduction=True)) for seed in SEEDS]
    told = [agrees for run in pooled for agrees in run.values()]
    assert len(told) == 15 * 2 * len(SEEDS)
    assert sum(told) / len(told) >= 0.93, pooled


def test_uncertainties_are_no_excuse() -> None:
    outcome = run_occlusion(1).outcome
    for name, largest in (
        ("time to alarm", 0.02),
        ("pressure at alarm", 0.3),
        ("line compliance", 0.03),
        ("unintended bolus", 0.6),
        ("fixture compliance", 0.004),
        ("valve displacement", 0.02),
    ):
        measured = outcome.measurand(name).value
        assert measured is not None
        assert measured.expanded_uncertainty < largest, name
        lines = outcome.measurand(name).budget
        assert math.hypot(*(line.contribution for line in lines)) == pytest.approx(measured.standard_uncertainty)


def test_every_name_a_criterion_may_use_is_reported() -> None:
    assert tuple(one.name for one in run_occlusion(1).outcome.measurands) == MEASURANDS


def test_a_good_pump_passes_and_a_slow_alarm_and_a_large_bolus_fail() -> None:
    evaluation = evaluation_of(criteria=LIMITS)
    good = run_occlusion(2, evaluation=evaluation).outcome
    assert good.verdict is Verdict.PASS
    slow = run_occlusion(2, evaluation=evaluation, latency_s=60.0).outcome
    assert [decision.verdict for decision in slow.decisions] == [Verdict.FAIL, Verdict.FAIL, Verdict.FAIL]


def test_the_reduction_takes_back_what_it_takes_back() -> None:
    plain, reduced = run_occlusion(3).outcome, run_occlusion(3, reduction=True).outcome
    assert value(reduced, "unintended bolus") < 0.6 * value(plain, "unintended bolus")
    assert value(reduced, "unintended bolus before reduction") == pytest.approx(
        value(plain, "unintended bolus"), abs=2.5
    )


def test_no_alarm_before_the_deadline_is_a_fail_with_the_maximum_pressure() -> None:
    evaluation = evaluation_of(criteria=LIMITS, threshold_kpa=500.0)
    run = run_occlusion(4, evaluation=evaluation, deadline_s=60.0)
    time = run.outcome.measurand("time to alarm")
    assert (time.value, time.absent) == (None, "no occlusion alarm within 60 s")
    assert run.outcome.decisions[0].verdict is Verdict.FAIL
    assert agreements(run)["unintended bolus"]
    assert value(run.outcome, "maximum pressure") == pytest.approx(run.true["maximum pressure"], abs=0.5)


def test_the_pumps_own_flow_is_taken_off_when_it_goes_on() -> None:
    runs = [run_occlusion(seed, goes_on=True, evaluation=evaluation_of(back_band_kpa=2.5)) for seed in (1, 2, 3)]
    assert all(agreements(run)["unintended bolus"] for run in runs)
    own_ul = 3000.0 * 20.0 / 3600.0
    for run in runs:
        measured = run.outcome.measurand("unintended bolus").value
        assert measured is not None
        assert measured.expanded_uncertainty < 0.5 * own_ul


def test_an_alarm_known_from_polls_has_bounds_from_poll_to_poll() -> None:
    runs = [run_occlusion(seed, poll_s=10.0) for seed in SEEDS]
    assert all(agreements(run)["time to alarm"] and agreements(run)["pressure at alarm"] for run in runs)
    time = runs[0].outcome.measurand("time to alarm").value
    assert time is not None
    assert time.standard_uncertainty == pytest.approx(10.0 / 12.0**0.5, rel=0.01)


def test_a_fixture_that_dominates_makes_the_corrected_numbers_invalid() -> None:
    soft = {"fixture.compliance_ul_per_kpa": {"value": 1.0, "u": 0.0, "distribution": "normal"}}
    evaluation = evaluation_of(criteria=LIMITS, largest_fixture_share=0.3)
    outcome = run_occlusion(1, changes=soft, evaluation=evaluation).outcome
    for name in ("time to alarm, corrected", "unintended bolus, corrected", "line compliance, corrected"):
        assert outcome.measurand(name).absent_verdict is Verdict.INVALID
        assert "stiffer fixture" in outcome.measurand(name).absent
    assert outcome.verdict is Verdict.INVALID
    assert value(outcome, "time to alarm") > 0.0


def test_a_pump_without_thresholds_to_choose_is_said_to_be_one() -> None:
    outcome = run_occlusion(1, evaluation=evaluation_of(threshold_kpa=None)).outcome
    assert "the pump offers no choice of occlusion thresholds" in outcome.notes
    assert outcome.measurand("pressure at alarm less threshold").value is None


def test_a_reduction_that_had_not_finished_is_said() -> None:
    moved = "the pressure still moved when the line was let go"
    assert not any(moved in note for note in run_occlusion(1, reduction=True).outcome.notes)
    cut_short = run_occlusion(1, reduction=True, release_after_s=4.0).outcome.notes
    assert any(moved in note for note in cut_short), cut_short


def test_a_line_drawn_empty_before_its_release_gives_no_bolus_and_hides_no_failure() -> None:
    limits = evaluation_of(criteria=(*LIMITS, LIMITS[0].model_copy(update={"high": 10.0})))
    outcome = run_occlusion(1, evaluation=limits, reduction=True, reduction_kpa=80.0).outcome
    for name in ("pressure at release", "unintended bolus", "unintended bolus, corrected"):
        absent = outcome.measurand(name)
        assert (absent.value, absent.absent_verdict) == (None, Verdict.INCONCLUSIVE), name
        assert "drawn it empty" in str(absent.absent)
    assert value(outcome, "maximum pressure") == pytest.approx(value(outcome, "pressure at alarm"), abs=5.0)
    assert outcome.verdict is Verdict.FAIL


def test_a_leak_is_told_by_what_the_line_does_not_give_back() -> None:
    leak = {"kind": "leak", "at_s": 1375.0, "duration_s": 100.0, "resistance_kpa_h_per_ml": 60.0}
    notes = run_occlusion(1, events=[leak]).outcome.notes
    assert any("look for a leak" in note for note in notes), notes
    assert not any("look for a leak" in note for note in run_occlusion(1).outcome.notes)


def test_a_dead_pump_fails_and_is_not_the_bench_s_fault() -> None:
    outcome = run_occlusion(5, evaluation=evaluation_of(criteria=LIMITS), pump_runs=False).outcome
    assert outcome.verdict is Verdict.FAIL
    bolus = outcome.measurand("unintended bolus")
    assert (bolus.value, bolus.absent_verdict) == (None, Verdict.FAIL)
    assert outcome.measurand("stored volume at alarm").absent_verdict is Verdict.FAIL
    assert outcome.measurand("line compliance").absent_verdict is Verdict.FAIL
