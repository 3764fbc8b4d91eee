"""A procedure as plans name it: the keys of its cases, and the evaluation that judges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from results.decision import StrictModel
from rig.case import Case
from rig.plan_tables import CaseTable


class CaseOf(Protocol):
    """Makes the case of a checked table; `base` holds what all cases have in common."""

    def __call__(self, base: Mapping[str, Any], table: Any, evaluation: Any) -> Case:
        """Return the case."""


class MeasurandFaults(Protocol):
    """Tells what is wrong with the measurand of a criterion, for the cases of a plan (those without faults)."""

    def __call__(self, measurand: object, cases: Mapping[str, Any]) -> Iterator[str]:
        """Yield the problems."""


def _none(measurand: object, cases: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """What `[plan] procedure = "<name>"` stands for.

    `stand_in` holds sound values for the keys of the evaluation that each case says itself (`CaseTable.evaluated`):
    with them the plan's `[evaluation]` can be checked by itself, and there these keys are refused.
    """

    name: str
    table: type[CaseTable]
    evaluation: type[StrictModel]
    case: CaseOf
    stand_in: Mapping[str, Any] = field(default_factory=dict)
    measurand_faults: MeasurandFaults = _none
