"""Rows of the protocol matrix: a protocol, a pump or bench with one defect, the verdict it must end in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.truth import RunTruth


@dataclass(frozen=True, slots=True)
class Comparison:
    """A reported number beside the twin's truth, in the same unit."""

    name: str
    measured: float
    expanded_uncertainty: float
    true: float

    @property
    def agrees(self) -> bool:
        """True when the truth lies within U of the reported number."""
        return abs(self.measured - self.true) <= self.expanded_uncertainty


MANY_SEEDS, FEW_SEEDS = 10, 2

Compare = Callable[[Mapping[str, Any], RunTruth], list[Comparison]]
"""Takes the outcome as recorded and the truth of its run."""


def _nothing(outcome: Mapping[str, Any], truth: RunTruth) -> list[Comparison]:
    return []


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix.

    `twin`, `station` and `plan` replace texts of the shipped files (each must occur); `events` are bodies of
    `[[event]]` tables. `finds` is text that the reason or a note of the record must hold: the defect by its name.
    `or_else`: a verdict that is as right, for a defect so near to its limit that U reaches from one to the other; that
    none of them is a pass is what such a row is for.
    `in_ci`: run by the tests too, at one seed; each protocol marks one good and one bad row.
    """

    protocol: str
    case: str
    label: str
    verdict: Verdict
    or_else: Verdict | None = None
    base: str = "simulated"
    twin: Mapping[str, str] = field(default_factory=dict)
    station: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    finds: str = ""
    compare: Compare = _nothing
    in_ci: bool = False

    @property
    def seeds(self) -> int:
        """How many consecutive seeds the whole matrix runs: many of every defect, and of one good pump a protocol."""
        is_defect = self.verdict not in (Verdict.PASS, Verdict.NOT_RUN)
        return MANY_SEEDS if self.in_ci or is_defect else FEW_SEEDS

    @property
    def key(self) -> str:
        """Protocol, case and label in one."""
        return f"{self.protocol}: {self.case}: {self.label}"


def measurand(outcome: Mapping[str, Any], name: str) -> tuple[float, float] | None:
    """Return value and U of a measurand of a recorded outcome; None where it has no value or is not there."""
    for one in outcome["measurands"]:
        if one["name"] == name and one["value"] is not None:
            return one["value"]["value"], one["value"]["expanded_uncertainty"]
    return None


def compared(outcome: Mapping[str, Any], name: str, true: float) -> list[Comparison]:
    """Return the comparison of a measurand with its true value; none where it was not measured."""
    found = measurand(outcome, name)
    return [] if found is None else [Comparison(name, found[0], found[1], true)]
