"""The balance checked before anything and after every run, on the simulated bench; and what it is to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols import daily_check
from results.decision import Verdict
from results.evaluate_trace import evaluate_trace
from results.refusal import EvaluationRefused
from rig.acquisition.stream import Item
from rig.bench import Bench
from rig.faults import CriterionReached, VerdictError
from rig.plan import load_plan
from rig.procedures.daily_check import DailyCheckCase
from rig.stopping import OverInfusionStop, Reached
from tests.end_to_end.bench_runs import ROOT, add_events
from tests.rig.bench_sessions import ended_by, record_of, session_on

AFTER = """
[checks.after]
mass_mg = 200.0
mass_u_mg = 0.003
limit_mg = 0.3
zero_limit_mg = 0.2
settle_s = 20.0
reading_s = 30.0
source = "ten times the repeatability of a difference"

[checks.after.decision_rule]
kind = "guarded"
guard_factor = 1.0
"""
SENSITIVITY = "sensitivity_error_ppm = { value = 0.0"


@pytest.mark.parametrize("error_ppm", [0, 4000])
def test_a_balance_that_lost_its_sensitivity_makes_the_run_invalid(tmp_path: Path, error_ppm: int) -> None:
    session = session_on(tmp_path, checks=AFTER, twin={SENSITIVITY: SENSITIVITY.replace("0.0", f"{error_ppm}.0")})

    def protocol(bench: Bench) -> None:
        bench.infuse("step 1", 60.0)
        bench.evaluate()

    # The good balance's run is no catheter trial and is refused as such: it holds one step of four.
    refusal = "did not pass its check after the run: check weight error" if error_ppm else "the plan says 4"
    run = ended_by(session, protocol, EvaluationRefused, refusal)
    assert run.verdict is Verdict.INVALID
    assert run.after_check is not None
    assert (run.after_check.verdict is Verdict.PASS) is (error_ppm == 0)
    with pytest.raises(EvaluationRefused, match=refusal):
        evaluate_trace(run.folder.trace)
    (shown,) = [one for one in record_of(run)["after_check"]["decisions"] if one["measurand"] == "check weight error"]
    # The truth: so many ppm of 200 mg. What the twin draws beside it is within U.
    assert abs(shown["value"] - 200.0 * error_ppm * 1e-6) <= shown["expanded_uncertainty"]


def test_a_run_that_a_stopping_criterion_ended_is_not_checked(tmp_path: Path) -> None:
    class AtOnce:
        def listen(self, item: Item) -> Reached | None:
            return Reached("STOP", 2.0, 1.0, "uL", "at once")

    def protocol(bench: Bench) -> None:
        bench.stop_when(AtOnce())
        bench.infuse("step 1", 60.0)

    run = ended_by(session_on(tmp_path, checks=AFTER), protocol, CriterionReached, "STOP")
    assert run.verdict is Verdict.FAIL
    record = record_of(run)
    assert record["after_check"] is None
    assert "STOP" in record["reason"]
    assert any("no value of the run as a whole" in note for note in record["notes"])


def test_the_weight_of_the_check_after_the_run_is_no_over_infusion(tmp_path: Path) -> None:
    criterion = OverInfusionStop(
        "STOP", set_flow_ul_per_h=90.0, allowance_percent=7.0, decision_ul=30.0, interval_s=10.0
    )

    def protocol(bench: Bench) -> None:
        bench.stop_when(criterion)
        bench.infuse("step 1", 60.0)
        bench.stop_infusion()
        bench.evaluate()

    # 200 mg are laid on the pan: the run is refused for its one step of four, and not failed.
    ended_by(session_on(tmp_path, checks=AFTER), protocol, EvaluationRefused, "the plan says 4")


@pytest.mark.parametrize(
    ("twin", "event", "finds"),
    [
        ({}, None, ""),
        ({SENSITIVITY: SENSITIVITY.replace("0.0", "2000.0")}, None, "check weight 1"),
        ({}, 'kind = "leak"\nresistance_kpa_h_per_ml = 5000.0\nat_s = 0.0\nduration_s = 1e6', "leak rate"),
        (
            {"offset_kpa = { value = 0.0, u = 0.1": "offset_kpa = { value = 2.0, u = 0.1"},
            None,
            "transducer zero",
        ),
        ({"gain_error_percent = { value = 0.0, u = 0.1": "gain_error_percent = { value = 3.0, u = 0.1"}, None, "span"),
    ],
)
def test_the_daily_check_finds_what_it_is_for(
    tmp_path: Path, twin: dict[str, str], event: str | None, finds: str
) -> None:
    session = session_on(tmp_path, twin=twin)
    if event is not None:
        add_events(session.session.station.path, event)
    case = load_plan(ROOT / "protocols" / "daily_check.toml").case("daily_implant", DailyCheckCase)
    if not finds:
        with session.bench(case) as (run, bench):
            daily_check.test_daily_check(bench, case)
        assert run.verdict is Verdict.PASS
        return
    run = ended_by(session, lambda bench: daily_check.test_daily_check(bench, case), VerdictError, finds, case=case)
    assert run.verdict is Verdict.FAIL
