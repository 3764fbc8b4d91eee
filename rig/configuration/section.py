"""The base of every table in a configuration file: strict, closed, frozen, finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Strict

from rig.configuration.expected import Location

T = TypeVar("T")
Listed = Annotated[tuple[T, ...], Strict(False)]
"""A TOML list, kept as a tuple; its items stay strict."""

Contradictions = Iterator[tuple[str | Location, str]]
"""Pairs of (key or location relative to the section, problem); a key that comes from the file is a location."""


class Section(BaseModel):
    """A table of a configuration file.

    `contradictions_of` lists functions of the section that tell what is wrong between its values. Each one is small:
    when a file has faults, a function that needs a faulty value is passed over and the others still run.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = ()
