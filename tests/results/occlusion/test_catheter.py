"""An implant's catheter occluded on the twin's physics: what the balance alone can tell, against what was true."""

from __future__ import annotations

import pytest

from results.decision import Criterion, Verdict
from results.occlusion.catheter import MEASURANDS
from tests.results.occlusion.catheter_runs import CatheterRun, evaluation_of, run_catheter

SEEDS = range(1, 4)
LIMITS = (
    Criterion(id="delay", measurand="detection delay", unit="s", high=1000.0, source="plan"),
    Criterion(id="back", measurand="volume not returned", unit="uL", low=-5.0, high=5.0, source="plan"),
)


def agreements(run: CatheterRun) -> dict[str, bool]:
    """Whether the truth lies within U, of every measurand that has a value and a known truth."""
    found = {}
    for one in run.outcome.measurands:
        if one.value is not None and one.name in run.true:
            found[one.name] = abs(one.value.value - run.true[one.name]) <= one.value.expanded_uncertainty
    return found


def test_numbers_agree_with_the_truth_within_their_uncertainty() -> None:
    pooled = [agreements(run_catheter(seed)) for seed in SEEDS]
    told = [agrees for run in pooled for agrees in run.values()]
    assert len(told) == 9 * len(SEEDS)
    assert sum(told) / len(told) >= 0.93, pooled


def test_the_under_delivery_is_told_by_the_balance_and_dated() -> None:
    run = run_catheter(1, evaluation=evaluation_of(criteria=LIMITS))
    assert [decision.verdict for decision in run.outcome.decisions] == [Verdict.PASS, Verdict.PASS]
    assert tuple(one.name for one in run.outcome.measurands) == MEASURANDS
    onset, delay = (run.outcome.measurand(name).value for name in ("onset of under-delivery", "detection delay"))
    assert onset is not None
    assert delay is not None
    assert abs(onset.value) < 87.0  # less than a stroke's time
    assert 600.0 <= delay.value <= 1200.0
    assert any("no alarm for an occlusion" in note for note in run.outcome.notes)


def test_a_line_that_is_not_closed_tells_of_no_under_delivery() -> None:
    run = run_catheter(2, evaluation=evaluation_of(criteria=LIMITS), occluder_works=False)
    delay = run.outcome.measurand("detection delay")
    assert delay.value is None
    assert delay.absent_verdict is Verdict.FAIL
    assert run.outcome.measurand("line compliance").value is None


def test_a_pump_that_slips_is_found_slipping_and_returns_less_than_it_missed() -> None:
    slipping = run_catheter(3, changes={"pump.slip_pressure_kpa": 60.0})
    slip = slipping.outcome.measurand("slip pressure").value
    assert slip is not None
    # It slips before the stroke that would begin above its pressure; the one before may end a stroke's rise above it.
    assert 60.0 <= slip.value <= 60.0 + 1.1 / 0.1
    missing = slipping.outcome.measurand("volume not returned").value
    assert missing is not None
    assert missing.value > missing.expanded_uncertainty
    assert "still rose" in run_catheter(3).outcome.measurand("slip pressure").absent


@pytest.mark.parametrize("name", ["post-release bolus", "missed volume"])
def test_the_volumes_balance(name: str) -> None:
    run = run_catheter(4)
    measured = run.outcome.measurand(name).value
    assert measured is not None
    assert measured.value == pytest.approx(41.7 * 1200.0 / 3600.0, rel=0.1)
    assert measured.expanded_uncertainty < 2.0


def test_a_dead_pump_fails_and_is_not_the_bench_s_fault() -> None:
    outcome = run_catheter(5, evaluation=evaluation_of(criteria=LIMITS), pump_runs=False).outcome
    assert outcome.verdict is Verdict.FAIL
    for name in ("detection delay", "missed volume", "recovery time"):
        found = outcome.measurand(name)
        assert found.absent_verdict is Verdict.FAIL, name
        assert found.absent.startswith("no flow"), name
    weighed = outcome.measurand("steady flow").value
    assert weighed is not None
    assert abs(weighed.value) <= weighed.expanded_uncertainty


def test_a_recovery_without_readings_is_no_recovery() -> None:
    found = run_catheter(1, recovery_s=(900.3, 900.7)).outcome.measurand("recovery time")
    assert (found.value, found.absent_verdict) == (None, Verdict.INVALID)
    assert found.absent.startswith("no reading of the balance")
