"""A decision in words: both kinds of limits, and how likely it is right."""

from __future__ import annotations

import math

import pytest

from results.decision import Criterion, Decision, DecisionRule, MeasuredValue, decide
from rig.terminal.outcome_text import conformance_text, limits_text, value_text


def decision(
    value: float, u: float = 1.0, *, low: float | None = -10.0, high: float | None = 10.0, kind: str = "guarded"
) -> Decision:
    criterion = Criterion(id="A", measurand="error", unit="%", low=low, high=high, source="label")
    rule = DecisionRule.model_validate({"kind": kind} | ({"minimum_limit_to_u_ratio": 4.0} if kind == "simple" else {}))
    return decide(MeasuredValue(value, "%", u, math.inf, 2.0, 2.0 * u), criterion, rule)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (decision(0.0), "-10 .. +10 %\nguarded: -8 .. +8 %"),
        (decision(0.0, kind="simple"), "-10 .. +10 %\nsimple"),
        (decision(0.0, high=None), "-10 ..  %\nguarded: -8 ..  %"),
        (decision(0.0, low=None), " .. +10 %\nguarded:  .. +8 %"),
        (decision(0.0, u=6.0), "-10 .. +10 %\nguarded"),
    ],
)
def test_acceptance_limits_stand_beside_the_tolerance(made: Decision, text: str) -> None:
    assert limits_text(made) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "conforms: > 99.9 %"), (10.0, "conforms: 50.0 %"), (12.0, "conforms: 2.3 %"), (math.nan, "")],
)
def test_the_probability_of_conformance(value: float, text: str) -> None:
    assert conformance_text(decision(value)) == text


def test_counts_have_no_unit_and_days_in_seconds_no_powers_of_ten() -> None:
    assert value_text(3.0, 0.0, "1") == "3"
    long = Criterion(id="A", measurand="alarm", unit="s", low=171900.0, high=173700.0, source="label")
    made = decide(MeasuredValue(172800.0, "s", 15.0, math.inf, 2.0, 30.0), long, DecisionRule(kind="guarded"))
    assert limits_text(made) == "+171900 .. +173700 s\nguarded: +171930 .. +173670 s"
