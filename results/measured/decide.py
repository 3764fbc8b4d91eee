"""The decision on each criterion of a measured test."""

from __future__ import annotations

import math
from collections.abc import Sequence

from results.decision import Criterion, Decision, DecisionRule, decide
from results.measured.measurand import Measurand
from results.refusal import EvaluationRefused


def decide_all(
    criteria: Sequence[Criterion], rule: DecisionRule, measurands: Sequence[Measurand]
) -> tuple[Decision, ...]:
    """Return a decision for every criterion. Raises `EvaluationRefused` for a measurand that is not there."""
    by_name = {one.name: one for one in measurands}
    decisions = []
    for criterion in criteria:
        found = by_name.get(criterion.measurand)
        if found is None:
            names = ", ".join(map(repr, by_name))
            raise EvaluationRefused(
                f"criterion {criterion.id!r} asks for {criterion.measurand!r}; this test measures {names}"
            )
        if found.value is not None and found.value.unit != criterion.unit:
            raise EvaluationRefused(
                f"criterion {criterion.id!r} is in {criterion.unit!r}; {found.name!r} is in {found.value.unit!r}"
            )
        decisions.append(
            _absent(criterion, rule, found) if found.value is None else decide(found.value, criterion, rule)
        )
    return tuple(decisions)


def _absent(criterion: Criterion, rule: DecisionRule, measurand: Measurand) -> Decision:
    """Return the decision on what could not be measured: never a pass, and no number."""
    return Decision(
        criterion_id=criterion.id,
        measurand=criterion.measurand,
        unit=criterion.unit,
        value=math.nan,
        expanded_uncertainty=math.nan,
        tolerance_low=criterion.low,
        tolerance_high=criterion.high,
        acceptance_low=None,
        acceptance_high=None,
        rule=rule.kind,
        conformance_probability=math.nan,
        verdict=measurand.absent_verdict,
        reason=measurand.absent,
        source=criterion.source,
    )
