"""The operating curve: what the decision rules do to a pump of known true error."""

from __future__ import annotations

import math

import pytest

from results.decision import DecisionRule, Verdict
from tests.proof.operating_curve import GUARDED, SIMPLE, U_PERCENT, VERDICTS, criterion, true_errors, verdicts_at

RUNS = 1000
CURVE_RUNS = 60
MOST_FALSE_PASSES = 38


@pytest.mark.parametrize(
    ("end", "expanded", "dof"),
    [
        ("low", U_PERCENT[0], math.inf),
        ("high", U_PERCENT[0], math.inf),
        ("low", U_PERCENT[1], math.inf),
        ("high", U_PERCENT[1], 8.0),
        ("high", U_PERCENT[2], math.inf),
    ],
)
def test_at_the_limit_the_guarded_rule_passes_at_most_38_in_1000(end: str, expanded: float, dof: float) -> None:
    limit = getattr(criterion(), end)
    counts = verdicts_at(limit, rule=GUARDED, expanded=expanded, runs=RUNS, dof=dof)
    assert 0 < counts[Verdict.PASS] <= MOST_FALSE_PASSES
    assert 0 < counts[Verdict.FAIL] <= MOST_FALSE_PASSES
    assert counts[Verdict.INCONCLUSIVE] >= RUNS - 2 * MOST_FALSE_PASSES


def test_without_the_guard_half_of_the_pumps_at_the_limit_pass() -> None:
    counts = verdicts_at(14.5, rule=SIMPLE, expanded=0.27, runs=RUNS)
    assert 400 < counts[Verdict.PASS] < 600
    assert counts[Verdict.INCONCLUSIVE] == 0


@pytest.mark.parametrize("rule", [GUARDED, SIMPLE], ids=lambda rule: rule.kind)
@pytest.mark.parametrize("expanded", U_PERCENT)
def test_the_curve_rises_and_falls_once_and_ends_in_fail(rule: DecisionRule, expanded: float) -> None:
    curve = [verdicts_at(true, rule=rule, expanded=expanded, runs=CURVE_RUNS) for true in true_errors()]
    assert all(sum(counts[verdict] for verdict in VERDICTS) == CURVE_RUNS for counts in curve)
    passes = [counts[Verdict.PASS] for counts in curve]
    top = passes.index(max(passes))
    assert passes[: top + 1] == sorted(passes[: top + 1])
    assert passes[top:] == sorted(passes[top:], reverse=True)
    assert curve[true_errors().index(0.0)][Verdict.PASS] == CURVE_RUNS
    for end in (0, -1):
        assert curve[end][Verdict.PASS] <= (3 if rule is SIMPLE and expanded > 2.0 else 0)
        assert curve[end][Verdict.FAIL] >= (CURVE_RUNS if expanded < 2.0 else CURVE_RUNS // 2)


def test_a_bench_too_poor_for_the_simple_rule_decides_nothing() -> None:
    counts = verdicts_at(0.0, rule=SIMPLE, expanded=6.0, runs=200)
    assert counts == {Verdict.INCONCLUSIVE: 200}
