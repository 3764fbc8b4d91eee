"""One thing a test measures, or could not measure; and things seen that are no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy import stats

from results.decision import MeasuredValue, Verdict, combined_verdict
from results.uncertainty.budget import Budget, BudgetLine


@dataclass(frozen=True, slots=True)
class Measurand:
    """A measured value by its name in the field's terms, with the lines of its uncertainty budget.

    `value` is None where nothing could be measured: `absent` says why, and `absent_verdict` is then the verdict of
    every criterion on it: FAIL where the pump is the cause (it never alarmed), INCONCLUSIVE or INVALID where the bench
    is. `budget` is empty where the uncertainty is no sum of lines (a standard deviation's comes from chi-square).
    """

    name: str
    value: MeasuredValue | None
    absent: str = ""
    absent_verdict: Verdict = Verdict.FAIL
    budget: tuple[BudgetLine, ...] = ()

    def __post_init__(self) -> None:
        if (self.value is None) is not bool(self.absent):
            raise ValueError(f"measurand {self.name!r} needs either a value or the reason why it has none")
        if self.absent_verdict is Verdict.PASS:
            raise ValueError(f"measurand {self.name!r}: what was not measured is no pass")


@dataclass(frozen=True, slots=True)
class Observation:
    """Something seen during the test, at an instant (s of station time) or, without one, of the test as a whole."""

    at_s: float | None
    text: str


def measured(name: str, budget: Budget) -> Measurand:
    """Return the measurand of a budget."""
    return Measurand(name, budget.measured, budget=budget.lines)


def not_measured(name: str, why: str, verdict: Verdict = Verdict.FAIL) -> Measurand:
    """Return a measurand that has no value, why, and what a criterion on it then ends in."""
    return Measurand(name, None, absent=why, absent_verdict=verdict)


def extreme(name: str, of: Sequence[Measurand], *, highest: bool) -> Measurand:
    """Return the highest or lowest of several measurands of one unit, with a U that holds for all of them at once.

    Noise makes the extreme of N values more extreme, so each must hold with a probability of p to the power 1/N
    (Sidak, J. Am. Stat. Assoc. 62, 1967): the largest of N errors then stays within U with probability p. Absent as
    soon as one of them is, for that one may be the extreme.
    """
    absent = [one for one in of if one.value is None]
    if absent:
        verdict = combined_verdict(one.absent_verdict for one in absent)
        return not_measured(name, f"{absent[0].name}: {absent[0].absent}", verdict)
    values = [one.value for one in of if one.value is not None]
    if not values:
        return not_measured(name, "nothing of its kind was measured", Verdict.INCONCLUSIVE)
    chosen = (max if highest else min)(values, key=lambda value: value.value)
    return Measurand(name, holding_for(chosen, len(values), widest=max(values, key=_expanded)))


def holding_for(value: MeasuredValue, count: int, *, widest: MeasuredValue | None = None) -> MeasuredValue:
    """Return a value with the U that holds for `count` such values at once; `widest` has the largest U of them."""
    expanded = _simultaneous(widest or value, count)
    u = value.standard_uncertainty
    return replace(value, coverage_factor=expanded / u if u > 0.0 else 0.0, expanded_uncertainty=expanded)


def _expanded(value: MeasuredValue) -> float:
    return value.expanded_uncertainty


def _simultaneous(value: MeasuredValue, count: int) -> float:
    """Return the expanded uncertainty with which `count` such values hold together."""
    freedom = value.degrees_of_freedom
    shape = stats.norm if math.isinf(freedom) else stats.t(freedom)
    single = 2.0 * float(shape.cdf(value.coverage_factor)) - 1.0
    return float(shape.ppf((1.0 + single ** (1.0 / count)) / 2.0)) * value.standard_uncertainty
