"""A whole plan file for a procedure, and what must not be said in one plan together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field

from instruments.program import ProgramError
from rig.cases.plan_tables import FLOW_RANGES, CaseName, CaseTable, ConditionsTable, GapsTable, PlanTable
from rig.configuration import Section
from rig.configuration.section import Contradictions

T = TypeVar("T", bound=CaseTable)


def _flows_suit_the_pump(file: PlanFile[CaseTable]) -> Contradictions:
    for name, case in file.case.items():
        kind = getattr(case, "pump", None) or file.plan.pump
        if kind not in FLOW_RANGES:
            continue
        for what, flow in case.flows():
            problem = _unsuitable(kind, flow)
            if problem is not None:
                yield ("case", name), f"{what}: {problem}"


def _unsuitable(kind: str, flow: Callable[[], float | None]) -> str | None:
    try:
        flow_ul_per_h = flow()
        if flow_ul_per_h is not None:
            FLOW_RANGES[kind].check(flow_ul_per_h)
    except ProgramError as error:
        return str(error)
    except AttributeError:
        return None  # a value it needs is faulty itself, and told as such
    return None


class PlanFile(Section, Generic[T]):
    """A whole plan file. `evaluation` is checked by the room that evaluates."""

    plan: PlanTable
    conditions: ConditionsTable
    evaluation: dict[str, Any]
    gaps: GapsTable = GapsTable()
    case: Annotated[dict[CaseName, T], Field(min_length=1)]

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_flows_suit_the_pump,)


def plan_file_of(table: type[CaseTable]) -> type[PlanFile[Any]]:
    """Return the plan file whose cases say what a procedure's table has."""
    return PlanFile.__class_getitem__(table)  # type: ignore[return-value]
