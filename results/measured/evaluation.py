"""What a plan says about the evaluation of any measured test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from results.decision import Criterion, DecisionRule, StrictModel
from results.evaluation import VolumeEvaluation

Flows = Annotated[tuple[Annotated[float, Field(gt=0.0)], ...], Field(strict=False, min_length=1)]
"""Set flows (uL/h), one for each step of a programme."""


class MeasuredEvaluation(StrictModel):
    """Criteria on named measurands, the rule they are decided by, and how the result may be quoted."""

    criteria: Annotated[tuple[Criterion, ...], Field(strict=False)] = ()
    decision_rule: DecisionRule
    wording: str = ""

    def measurand_units(self) -> Mapping[str, str]:
        """Return the unit of every measurand by its name, in the order they are reported."""
        return {}

    @model_validator(mode="after")
    def _measurands_exist(self) -> Self:
        units = self.measurand_units()
        for criterion in self.criteria:
            unit = units.get(criterion.measurand)
            if unit is None:
                names = ", ".join(map(repr, units))
                raise ValueError(
                    f"criterion {criterion.id!r}: {criterion.measurand!r} is not measured; there are {names}"
                )
            if criterion.unit != unit:
                raise ValueError(
                    f"criterion {criterion.id!r} is in {criterion.unit!r}; {criterion.measurand!r} is in {unit!r}"
                )
        return self


class WeighedEvaluation(VolumeEvaluation, MeasuredEvaluation):
    """A measured test whose values come from weighed volumes."""


def names_of(evaluation: MeasuredEvaluation) -> tuple[str, ...]:
    """Return the measurands a criterion may name."""
    return tuple(evaluation.measurand_units())
