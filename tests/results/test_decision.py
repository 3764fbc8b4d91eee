"""Decision rules: what passes, what fails, and that nothing odd ever passes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from results.decision import (
    Criterion,
    DecisionRule,
    MeasuredValue,
    Verdict,
    combined_verdict,
    conformance_probability,
    decide,
)

GUARDED = DecisionRule(kind="guarded")
SIMPLE = DecisionRule(kind="simple", minimum_limit_to_u_ratio=4.0)
LIMITS = Criterion(id="A", measurand="mean flow error A", unit="%", low=-14.5, high=14.5, source="label")


def measured(value: float, expanded: float = 1.0) -> MeasuredValue:
    return MeasuredValue(
        value=value,
        unit="%",
        standard_uncertainty=expanded / 2.0,
        degrees_of_freedom=math.inf,
        coverage_factor=2.0,
        expanded_uncertainty=expanded,
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.0, Verdict.PASS),
        (13.5, Verdict.PASS),
        (-13.5, Verdict.PASS),
        (13.6, Verdict.INCONCLUSIVE),
        (14.5, Verdict.INCONCLUSIVE),
        (15.5, Verdict.INCONCLUSIVE),
        (-15.4, Verdict.INCONCLUSIVE),
        (15.6, Verdict.FAIL),
        (-20.0, Verdict.FAIL),
    ],
)
def test_guarded_rule(value: float, verdict: Verdict) -> None:
    decision = decide(measured(value), LIMITS, GUARDED)
    assert decision.verdict is verdict
    assert (decision.acceptance_low, decision.acceptance_high) == (-13.5, 13.5)
    assert (decision.tolerance_low, decision.tolerance_high) == (-14.5, 14.5)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(14.5, Verdict.PASS), (-14.5, Verdict.PASS), (14.51, Verdict.FAIL), (-14.51, Verdict.FAIL)],
)
def test_simple_rule(value: float, verdict: Verdict) -> None:
    assert decide(measured(value), LIMITS, SIMPLE).verdict is verdict


def test_simple_rule_demands_a_good_enough_measurement() -> None:
    assert decide(measured(0.0, 14.5 / 4.0), LIMITS, SIMPLE).verdict is Verdict.PASS
    decision = decide(measured(0.0, 3.7), LIMITS, SIMPLE)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "4 times U" in decision.reason
    one_sided = Criterion(id="B", measurand="mean flow error A", unit="%", high=10.0, source="label")
    assert decide(measured(0.0, 2.6), one_sided, SIMPLE).verdict is Verdict.INCONCLUSIVE
    assert decide(measured(-50.0, 2.4), one_sided, SIMPLE).verdict is Verdict.PASS


def test_one_sided_limits() -> None:
    upper = Criterion(id="B", measurand="mean flow error A", unit="%", high=14.5, source="label")
    assert decide(measured(-90.0), upper, GUARDED).verdict is Verdict.PASS
    assert decide(measured(16.0), upper, GUARDED).verdict is Verdict.FAIL
    lower = Criterion(id="C", measurand="mean flow error A", unit="%", low=-14.5, source="label")
    assert decide(measured(-90.0), lower, GUARDED).verdict is Verdict.FAIL
    assert decide(measured(90.0), lower, GUARDED).acceptance_high is None


@given(
    value=st.sampled_from([math.nan, math.inf, -math.inf, 0.0]),
    expanded=st.sampled_from([math.nan, math.inf, -1.0]),
    rule=st.sampled_from([GUARDED, SIMPLE]),
)
def test_what_is_no_number_is_invalid(value: float, expanded: float, rule: DecisionRule) -> None:
    decision = decide(measured(value, expanded), LIMITS, rule)
    assert decision.verdict is Verdict.INVALID


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_finite_value_no_pass(value: float) -> None:
    assert decide(measured(value), LIMITS, SIMPLE).verdict is Verdict.INVALID


@given(
    value=st.floats(min_value=-50.0, max_value=50.0),
    expanded=st.floats(min_value=0.0, max_value=60.0),
)
def test_guarded_pass_leaves_the_whole_interval_inside_the_limits(value: float, expanded: float) -> None:
    decision = decide(measured(value, expanded), LIMITS, GUARDED)
    if decision.verdict is Verdict.PASS:
        assert value - expanded >= -14.5 - 1e-9
        assert value + expanded <= 14.5 + 1e-9
    if decision.verdict is Verdict.FAIL:
        assert not -14.5 <= value <= 14.5


def test_an_uncertainty_as_wide_as_the_limits_decides_nothing() -> None:
    decision = decide(measured(0.0, 14.5), LIMITS, GUARDED)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "no acceptance zone" in decision.reason
    assert decide(measured(60.0, 20.0), LIMITS, GUARDED).verdict is Verdict.FAIL


def test_conformance_probability() -> None:
    at_limit = conformance_probability(measured(14.5), low=-14.5, high=14.5)
    assert at_limit == pytest.approx(0.5)
    one_sided = conformance_probability(measured(14.5 - 0.5 * 1.645), low=None, high=14.5)
    assert one_sided == pytest.approx(0.95, abs=2e-4)
    few = MeasuredValue(13.5, "%", 0.5, 3.0, 3.31, 1.65)
    assert conformance_probability(few, low=-14.5, high=14.5) == pytest.approx(0.9303, abs=1e-4)
    assert conformance_probability(measured(14.4, 0.0), low=None, high=14.5) == 1.0
    assert math.isnan(conformance_probability(measured(math.nan), low=None, high=14.5))


def test_units_must_agree() -> None:
    litres = Criterion(id="A", measurand="mean flow error A", unit="uL/h", low=8.0, high=10.0, source="label")
    with pytest.raises(ValueError, match="uL/h"):
        decide(measured(9.0), litres, GUARDED)


@pytest.mark.parametrize(
    "table",
    [
        {"low": None, "high": None},
        {"low": 3.0, "high": 3.0},
        {"low": 5.0, "high": -5.0},
        {"low": math.nan, "high": 5.0},
        {"low": -math.inf, "high": 5.0},
        {"low": "-14.5", "high": 5.0},
        {"low": -1.0, "high": 5.0, "source": ""},
        {"low": -1.0, "high": 5.0, "guard": 1.0},
    ],
)
def test_criteria_without_meaning_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Criterion.model_validate({"id": "A", "measurand": "m", "unit": "%", "source": "label", **table})


def test_the_simple_rule_must_state_its_ratio() -> None:
    with pytest.raises(ValidationError, match="minimum_limit_to_u_ratio"):
        DecisionRule(kind="simple")


def test_the_gravest_verdict_is_the_case_s() -> None:
    assert combined_verdict([]) is Verdict.NOT_RUN
    assert combined_verdict([Verdict.PASS, Verdict.PASS]) is Verdict.PASS
    assert combined_verdict([Verdict.PASS, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert combined_verdict([Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS]) is Verdict.FAIL
    assert combined_verdict([Verdict.FAIL, Verdict.INVALID]) is Verdict.INVALID
