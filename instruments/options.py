"""What a station file may say to a driver: strict, frozen, no unknown keys, no NaN."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DriverOptions(BaseModel):
    """Base of the options of a driver."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Text = Annotated[str, Field(min_length=1)]
Deadline = Annotated[float, Field(gt=0.0, le=60.0)]
"""Longest wait for an answer, s of host time."""
