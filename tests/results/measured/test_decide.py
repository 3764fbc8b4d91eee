"""Decisions on named measurands, those that could not be measured among them."""

from __future__ import annotations

import math

import pytest

from results.decision import Criterion, DecisionRule, MeasuredValue, Verdict
from results.measured.decide import decide_all
from results.measured.measurand import Measurand, not_measured
from results.refusal import EvaluationRefused

GUARDED = DecisionRule(kind="guarded")
ALARM_TIME = Measurand("time to alarm", MeasuredValue(210.0, "s", 1.0, math.inf, 2.0, 2.0))


def criterion(measurand: str = "time to alarm", *, high: float = 300.0, unit: str = "s") -> Criterion:
    return Criterion(id="C", measurand=measurand, unit=unit, high=high, source="label")


@pytest.mark.parametrize(
    ("high", "verdict"), [(212.1, Verdict.PASS), (211.0, Verdict.INCONCLUSIVE), (207.0, Verdict.FAIL)]
)
def test_a_measured_value_is_judged_with_its_uncertainty(high: float, verdict: Verdict) -> None:
    (decision,) = decide_all([criterion(high=high)], GUARDED, [ALARM_TIME])
    assert decision.verdict is verdict
    assert (decision.value, decision.expanded_uncertainty) == (210.0, 2.0)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.INVALID])
def test_what_could_not_be_measured_is_judged_by_its_cause_and_has_no_number(verdict: Verdict) -> None:
    absent = not_measured("time to alarm", "no alarm within 1800 s", verdict)
    (decision,) = decide_all([criterion()], GUARDED, [absent])
    assert decision.verdict is verdict
    assert decision.reason == "no alarm within 1800 s"
    assert math.isnan(decision.value)


def test_a_criterion_on_nothing_measured_or_in_another_unit_is_refused() -> None:
    with pytest.raises(EvaluationRefused, match="asks for 'pressure at alarm'; this test measures 'time to alarm'"):
        decide_all([criterion("pressure at alarm")], GUARDED, [ALARM_TIME])
    with pytest.raises(EvaluationRefused, match="is in 'min'; 'time to alarm' is in 's'"):
        decide_all([criterion(unit="min")], GUARDED, [ALARM_TIME])


def test_a_measurand_has_either_a_value_or_a_reason_and_its_absence_is_no_pass() -> None:
    with pytest.raises(ValueError, match="either a value or the reason"):
        Measurand("time to alarm", None)
    with pytest.raises(ValueError, match="either a value or the reason"):
        Measurand("time to alarm", ALARM_TIME.value, absent="none")
    with pytest.raises(ValueError, match="is no pass"):
        not_measured("time to alarm", "none", Verdict.PASS)
