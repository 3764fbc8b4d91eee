"""One thing a test measures, or could not measure; and things seen that are no number."""

from __future__ import annotations

from dataclasses import dataclass

from results.decision import MeasuredValue, Verdict
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
