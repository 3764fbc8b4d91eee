"""Values the bench's owner does not know exactly: stated with an uncertainty, drawn once per seed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Base of every table of the twin's truth: no unknown key, no NaN, no conversion, no change after loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Drawn(Strict):
    """A stated value and its standard uncertainty.

    `u` is the standard uncertainty in both distributions: a rectangular one reaches `sqrt(3) * u` to either side.
    """

    value: float
    u: float = Field(ge=0.0)
    distribution: Literal["normal", "rectangular"]


def _safely_positive(drawn: Drawn) -> Drawn:
    if drawn.value <= 0.0 or drawn.u > drawn.value / 8.0:
        raise ValueError("must be positive, and u at most an eighth of it: a drawn value must stay positive")
    return drawn


def _not_negative(drawn: Drawn) -> Drawn:
    if drawn.value < 0.0 or drawn.u > drawn.value / 8.0:
        raise ValueError("must not be negative, and u at most an eighth of it")
    return drawn


DrawnPositive = Annotated[Drawn, AfterValidator(_safely_positive)]
"""A drawn quantity without meaning at or below zero, such as a diameter."""

DrawnNotNegative = Annotated[Drawn, AfterValidator(_not_negative)]
"""A drawn quantity that may be exactly zero, such as an evaporation rate."""

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
