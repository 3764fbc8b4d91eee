"""Verdicts, criteria and decision rules: whether a measured value with its uncertainty meets a limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import stats


class Verdict(Enum):
    """What a case ends in. Only PASS is a pass."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"
    ABORTED = "ABORTED"
    NOT_RUN = "NOT RUN"


_WORST_FIRST = (
    Verdict.INVALID,
    Verdict.ABORTED,
    Verdict.FAIL,
    Verdict.NOT_RUN,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
)


def combined_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a case from those of its criteria: the gravest; NOT RUN when there is none."""
    present = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in present), Verdict.NOT_RUN)


class StrictModel(BaseModel):
    """A part of a plan or station: unknown keys, wrong types, NaN and infinity are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Criterion(StrictModel):
    """Tolerance limits of one measurand, with where they come from. At least one of low and high is given."""

    id: str = Field(min_length=1)
    measurand: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _has_a_limit(self) -> Criterion:
        if self.low is None and self.high is None:
            raise ValueError(f"criterion {self.id!r} has neither a low nor a high limit")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"criterion {self.id!r}: low {self.low:g} is not below high {self.high:g}")
        return self

    @property
    def allowance(self) -> float:
        """What U is compared with: half the distance between the limits, or the size of the only limit."""
        only = self.high if self.low is None else self.low
        return self.half_width if math.isfinite(self.half_width) or only is None else abs(only)

    @property
    def half_width(self) -> float:
        """Half the distance between the limits; infinite when one-sided."""
        if self.low is None or self.high is None:
            return math.inf
        return (self.high - self.low) / 2.0


class DecisionRule(StrictModel):
    """How uncertainty enters the decision, stated before the measurement (ISO/IEC 17025:2017, 7.1.3; ILAC-G8:09/2019).

    `simple`: the value decides alone, and U must be smaller than limit / `minimum_limit_to_u_ratio`.
    `guarded`: acceptance limits lie `guard_factor` times U inside the tolerance limits; between is INCONCLUSIVE.
    """

    kind: Literal["simple", "guarded"]
    guard_factor: float = Field(default=1.0, gt=0.0)
    minimum_limit_to_u_ratio: float | None = Field(default=None, gt=0.0)

    @model_validator(mode="after")
    def _simple_states_its_ratio(self) -> DecisionRule:
        if self.kind == "simple" and self.minimum_limit_to_u_ratio is None:
            raise ValueError("the simple rule needs minimum_limit_to_u_ratio")
        return self


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value with its standard uncertainty, effective degrees of freedom, coverage factor and expanded uncertainty."""

    value: float
    unit: str
    standard_uncertainty: float
    degrees_of_freedom: float
    coverage_factor: float
    expanded_uncertainty: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict on one criterion and everything it was drawn from; absent limits are None."""

    criterion_id: str
    measurand: str
    unit: str
    value: float
    expanded_uncertainty: float
    tolerance_low: float | None
    tolerance_high: float | None
    acceptance_low: float | None
    acceptance_high: float | None
    rule: str
    conformance_probability: float
    verdict: Verdict
    reason: str
    source: str


def conformance_probability(measured: MeasuredValue, *, low: float | None, high: float | None) -> float:
    """Return the probability that the true value lies within the limits, for a scaled and shifted t-distribution.

    JCGM 106:2012, 7.2 with a non-informative prior. NaN when the value is not a number.
    """
    if not (math.isfinite(measured.value) and measured.standard_uncertainty >= 0.0):
        return math.nan
    if measured.standard_uncertainty == 0.0:
        return float(_within(measured.value, low, high))
    shape = stats.norm if math.isinf(measured.degrees_of_freedom) else stats.t(measured.degrees_of_freedom)
    above_low = 1.0 if low is None else shape.sf((low - measured.value) / measured.standard_uncertainty)
    above_high = 0.0 if high is None else shape.sf((high - measured.value) / measured.standard_uncertainty)
    return float(above_low - above_high)


def decide(measured: MeasuredValue, criterion: Criterion, rule: DecisionRule) -> Decision:
    """Return the decision on a measured value. A value or U that is not a number is INVALID, never a pass."""
    guard = rule.guard_factor * measured.expanded_uncertainty if rule.kind == "guarded" else 0.0
    low, high = criterion.low, criterion.high
    acceptance_low = None if low is None else low + guard
    acceptance_high = None if high is None else high - guard
    verdict, reason = _verdict(measured, criterion, rule, guard)
    return Decision(
        criterion_id=criterion.id,
        measurand=criterion.measurand,
        unit=criterion.unit,
        value=measured.value,
        expanded_uncertainty=measured.expanded_uncertainty,
        tolerance_low=low,
        tolerance_high=high,
        acceptance_low=acceptance_low,
        acceptance_high=acceptance_high,
        rule=rule.kind,
        conformance_probability=conformance_probability(measured, low=low, high=high),
        verdict=verdict,
        reason=reason,
        source=criterion.source,
    )


def _verdict(measured: MeasuredValue, criterion: Criterion, rule: DecisionRule, guard: float) -> tuple[Verdict, str]:
    value, expanded = measured.value, measured.expanded_uncertainty
    if measured.unit != criterion.unit:
        raise ValueError(f"criterion {criterion.id!r} is in {criterion.unit!r}, the value in {measured.unit!r}")
    if not (math.isfinite(value) and math.isfinite(expanded) and expanded >= 0.0):
        return Verdict.INVALID, "the value or its uncertainty is not a finite number"
    low, high = criterion.low, criterion.high
    if rule.kind == "guarded":
        if not _within(value, None if low is None else low - guard, None if high is None else high + guard):
            return Verdict.FAIL, "the value lies outside the tolerance limits by more than its uncertainty"
        if not guard < criterion.half_width:
            return Verdict.INCONCLUSIVE, "the guard bands leave no acceptance zone"
        if _within(value, None if low is None else low + guard, None if high is None else high - guard):
            return Verdict.PASS, "the value lies within the acceptance limits"
        return Verdict.INCONCLUSIVE, "a tolerance limit lies within the uncertainty of the value"
    ratio = rule.minimum_limit_to_u_ratio
    if ratio is not None and not expanded * ratio <= criterion.allowance:
        return Verdict.INCONCLUSIVE, f"the limit is less than {ratio:g} times U, as the simple rule demands"
    if _within(value, low, high):
        return Verdict.PASS, "the value lies within the tolerance limits"
    return Verdict.FAIL, "the value lies outside the tolerance limits"


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (-math.inf if low is None else low) <= value <= (math.inf if high is None else high)


def gravest_first(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions, those that made the verdict of the case first: where few are shown, none of them hides."""
    return tuple(sorted(decisions, key=lambda one: _WORST_FIRST.index(one.verdict)))
