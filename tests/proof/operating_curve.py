"""The operating curve of the decision rules: how often a pump of a given true error passes, fails, stays undecided.

Run by hand: `python -m tests.proof.operating_curve [--runs 1000] [--write]`. Nothing here is a test. The measured value
scatters about the true one as its budget says: a scaled t-distribution with the budget's degrees of freedom.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from results.decision import Criterion, DecisionRule, MeasuredValue, Verdict, decide
from results.measurands import ERROR_A
from results.uncertainty.budget import BudgetLine, Distribution, combine
from tests.end_to_end.bench_runs import ROOT
from tests.proof.array_bench import shipped_case
from tests.proof.document import made_at, write_between

DOCUMENT = Path("docs/operating-curve.md")
VERDICTS = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL)
U_PERCENT = (0.27, 1.1, 4.7)
"""U of a typical bench at 9 uL/h, of a poor one at 9 and at 2 uL/h."""
GUARDED = DecisionRule(kind="guarded")
SIMPLE = DecisionRule(kind="simple", minimum_limit_to_u_ratio=3.0)


def criterion() -> Criterion:
    """Return the shipped plan's criterion on the mean flow."""
    (found,) = shipped_case("maintenance").evaluation.criteria
    return found


def measured_value(value: float, *, expanded: float, dof: float = math.inf) -> MeasuredValue:
    """Return a measured error A (%) of about this U, its coverage factor from its degrees of freedom."""
    line = BudgetLine(
        name=ERROR_A,
        value=0.0,
        unit="%",
        standard_uncertainty=expanded / 2.0,
        distribution=Distribution.NORMAL,
        sensitivity=1.0,
        degrees_of_freedom=dof,
    )
    return combine(value=value, unit="%", lines=[line]).measured


def verdicts_at(
    true_percent: float, *, rule: DecisionRule, expanded: float, runs: int, seed: int = 1, dof: float = math.inf
) -> Counter[Verdict]:
    """Return how many of `runs` measurements of a pump of this true error end in each verdict."""
    generator = np.random.Generator(np.random.Philox(seed))
    scatter = generator.standard_normal(runs) if math.isinf(dof) else generator.standard_t(dof, runs)
    nominal = measured_value(0.0, expanded=expanded, dof=dof)
    asked = criterion()
    counts: Counter[Verdict] = Counter()
    for number in scatter:
        value = true_percent + nominal.standard_uncertainty * float(number)
        measured = MeasuredValue(
            value=value,
            unit=nominal.unit,
            standard_uncertainty=nominal.standard_uncertainty,
            degrees_of_freedom=nominal.degrees_of_freedom,
            coverage_factor=nominal.coverage_factor,
            expanded_uncertainty=nominal.expanded_uncertainty,
        )
        counts[decide(measured, asked, rule).verdict] += 1
    return counts


def true_errors() -> list[float]:
    """Return -20 to +20 % in steps of 1 %, and the limits themselves."""
    asked = criterion()
    limits = [limit for limit in (asked.low, asked.high) if limit is not None]
    return sorted({*map(float, range(-20, 21)), *limits})


def table(rule: DecisionRule, runs: int) -> Iterator[str]:
    """Yield the operating curve of a rule as the lines of a Markdown table."""
    asked = criterion()
    yield f"Rule: {rule.kind}; limits {asked.low:g} to {asked.high:g} %; PASS / INCONCLUSIVE / FAIL in {runs} runs."
    yield ""
    yield "| true error | " + " | ".join(f"U = {expanded:g} %" for expanded in U_PERCENT) + " |"
    yield "|---" * (len(U_PERCENT) + 1) + "|"
    for true_percent in true_errors():
        cells = []
        for expanded in U_PERCENT:
            counts = verdicts_at(true_percent, rule=rule, expanded=expanded, runs=runs)
            cells.append(" / ".join(str(counts[verdict]) for verdict in VERDICTS))
        yield f"| {true_percent:+g} % | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the operating curves of both rules; write them into their document when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="measurements per true error [1000]")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT}")
    options = parser.parse_args()
    text = "\n\n".join("\n".join(table(rule, options.runs)) for rule in (GUARDED, SIMPLE)) + "\n"
    sys.stdout.write(text)
    if options.write:
        write_between(ROOT / DOCUMENT, "operating curve", f"{made_at()}.\n\n{text}")


if __name__ == "__main__":
    main()
