"""A stepped infusion computed by hand: flows, delays, response times and the total dose."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from results.decision import Criterion, Verdict
from results.kinds.steps import StepsEvaluation, measure
from results.measured.outcome import MeasuredOutcome
from results.refusal import EvaluationRefused
from tests.results.kinds.hand import COMMON, HOUR_S, QUIET, consecutive, piecewise, record

BLANK_S = 1800.0
STEP_S = 4.0 * HOUR_S
PHASES = consecutive(
    ("blank_before", BLANK_S), ("step 1", STEP_S), ("step 2", STEP_S), ("step 3", STEP_S), ("blank_after", BLANK_S)
)


def evaluation_of(**changes: Any) -> StepsEvaluation:
    values: dict[str, Any] = {
        "kind": "steps",
        "flows_ul_per_h": (30.0, 60.0, 90.0),
        "settle_s": 600.0,
        "response_band_percent": 10.0,
        "concentration_ug_per_ml": 50.0,
    }
    return StepsEvaluation(**COMMON | values | changes)


def outcome_of(*pieces: tuple[float, float], **changes: Any) -> MeasuredOutcome:
    return measure(record(piecewise((BLANK_S, 0.0), *pieces), PHASES), evaluation_of(**changes), QUIET)


def value(outcome: MeasuredOutcome, name: str) -> float:
    found = outcome.measurand(name).value
    assert found is not None, outcome.measurand(name).absent
    return found.value


def test_flows_errors_and_doses_by_hand() -> None:
    outcome = outcome_of((STEP_S, 30.0), (STEP_S, 57.0), (STEP_S, 99.0))
    assert value(outcome, "mean flow, step 2") == pytest.approx(57.0, abs=0.01)
    assert [value(outcome, f"mean flow error, step {n}") for n in (1, 2, 3)] == pytest.approx([0, -5, 10], abs=0.02)
    assert value(outcome, "total dose") == pytest.approx(0.05 * 4.0 * (30 + 57 + 99), rel=1e-4)
    assert value(outcome, "total dose error") == pytest.approx(100.0 * (186 / 180 - 1), abs=0.01)
    total = outcome.measurand("total dose")
    assert total.value is not None
    assert total.value.unit == "ug"
    assert {line.name for line in total.budget} >= {"balance sensitivity", "timing of the period"}


def test_a_change_that_comes_late_is_delayed_by_as_much() -> None:
    outcome = outcome_of((STEP_S + 240.0, 30.0), (STEP_S, 60.0), (STEP_S - 240.0, 90.0))
    assert value(outcome, "response delay, step 1") == pytest.approx(0.0, abs=1.0)
    assert value(outcome, "response delay, step 2") == pytest.approx(240.0, abs=1.0)
    assert value(outcome, "response delay, step 3") == pytest.approx(240.0, abs=1.0)


def test_strokes_hide_when_the_flow_changed_by_half_of_one() -> None:
    """Of 2 uL, at a change by 30 uL/h: within 120 s either way, rectangular."""
    plain = piecewise((BLANK_S, 0.0), (STEP_S, 30.0), (STEP_S, 60.0), (STEP_S, 90.0))
    strokes = record(lambda times: 2.0 * np.floor(plain(times) / 2.0 + 0.3), PHASES)
    found = measure(strokes, evaluation_of(stroke_volume_ul=2.0), QUIET).measurand("response delay, step 2")
    (line,) = (line for line in found.budget if line.name == "volume delivered in strokes")
    assert line.contribution == pytest.approx(120.0 / math.sqrt(3.0), rel=0.01)
    assert found.value is not None
    assert abs(found.value.value) <= found.value.expanded_uncertainty


def test_the_response_time_of_a_first_order_lag_is_known_to_its_resolution() -> None:
    """From 30 to 60 uL/h with tau = 300 s: within 10 % of 60 uL/h after 300 ln(30 / 6) = 483 s."""
    plain, tau_s = piecewise((BLANK_S, 0.0), (STEP_S, 30.0), (STEP_S, 60.0), (STEP_S, 90.0)), 300.0

    def lagging(times: NDArray[np.float64]) -> NDArray[np.float64]:
        passed = np.clip(times - PHASES["step 2"].begin_s, 0.0, None)
        return np.asarray(plain(times) - 30.0 / HOUR_S * tau_s * -np.expm1(-passed / tau_s))

    outcome = measure(record(lagging, PHASES), evaluation_of(), QUIET)
    found = outcome.measurand("response time, step 2").value
    assert found is not None
    # Noise is half the band: known to between 15 and 5 %.
    assert abs(found.value - tau_s * math.log(5.0)) <= found.expanded_uncertainty < tau_s * math.log(15.0 / 5.0)
    assert value(outcome, "response delay, step 2") == pytest.approx(tau_s, rel=0.1)


def test_strokes_limit_the_response_time_and_say_so() -> None:
    outcome = outcome_of((STEP_S, 30.0), (STEP_S, 60.0), (STEP_S, 90.0), stroke_volume_ul=5.0)
    late = outcome.measurand("response time, step 1")
    assert late.value is None
    assert "which strokes and noise need" in late.absent
    assert late.absent_verdict is Verdict.INCONCLUSIVE
    resolved = outcome.measurand("response time, step 3").value
    assert resolved is not None
    assert resolved.expanded_uncertainty > 0.5 * 5.0 / (90.0 * 0.05) * HOUR_S


def test_a_step_that_never_comes_fails() -> None:
    criteria = (
        Criterion(id="R", measurand="response time, step 3", unit="s", high=1800.0, source="plan"),
        Criterion(id="D", measurand="response delay, step 3", unit="s", high=1800.0, source="plan"),
    )
    outcome = outcome_of((STEP_S, 30.0), (STEP_S, 60.0), (STEP_S, 60.0), criteria=criteria)
    assert [decision.verdict for decision in outcome.decisions] == [Verdict.FAIL, Verdict.FAIL]
    assert "did not reach and stay within 10 % of 90 uL/h" in outcome.decisions[0].reason
    assert "did not change as programmed" in outcome.decisions[1].reason
    assert value(outcome, "mean flow error, step 3") == pytest.approx(-100.0 / 3.0, abs=0.02)


def test_the_phases_must_be_those_of_the_plan() -> None:
    phases = {name: phase for name, phase in PHASES.items() if name != "step 3"}
    with pytest.raises(EvaluationRefused, match="holds 2 completed phases 'step' n; the plan says 3"):
        measure(record(piecewise((BLANK_S, 0.0), (3 * STEP_S, 30.0)), phases), evaluation_of(), QUIET)
    with pytest.raises(EvaluationRefused, match="leaves nothing to measure"):
        outcome_of((STEP_S, 30.0), settle_s=STEP_S)


def test_criteria_are_checked_as_the_plan_is_read() -> None:
    wrong_name = Criterion(id="X", measurand="mean flow error, step 4", unit="%", high=5.0, source="plan")
    with pytest.raises(ValidationError, match=r"'mean flow error, step 4' is not measured; there are 'mean flow, step"):
        evaluation_of(criteria=(wrong_name,))
    wrong_unit = Criterion(id="X", measurand="total dose", unit="mg", high=5.0, source="plan")
    with pytest.raises(ValidationError, match="is in 'mg'; 'total dose' is in 'ug'"):
        evaluation_of(criteria=(wrong_unit,))
