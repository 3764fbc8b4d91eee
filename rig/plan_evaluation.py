"""The `[evaluation]` of a plan: shared by its cases, checked against what its procedure can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from results.decision import StrictModel
from rig.configuration import Fault, check_table
from rig.plan_tables import CaseTable
from rig.procedures.procedure import Procedure


def evaluation_faults(
    table: Mapping[str, Any], procedure: Procedure, cases: Mapping[str, CaseTable]
) -> Iterator[Fault]:
    """Yield what is wrong with the evaluation, by itself and for the cases (those without faults of their own)."""
    said_by_cases = ", ".join(procedure.stand_in)
    for key in procedure.stand_in:
        if key in table:
            yield Fault(f"evaluation.{key}", f"unknown key; said by each case: {said_by_cases}")
    checked = check_table({**table, **procedure.stand_in}, procedure.evaluation, prefix=("evaluation",))
    yield from checked.faults
    for number, criterion in enumerate(getattr(checked.partial, "criteria", ()), start=1):
        for problem in procedure.measurand_faults(getattr(criterion, "measurand", None), cases):
            yield Fault(f"evaluation.criteria[{number}].measurand", problem)


def evaluation_of(
    table: Mapping[str, Any], procedure: Procedure, name: str, case: CaseTable
) -> tuple[StrictModel | None, list[Fault]]:
    """Return the evaluation of one sound case from the sound table of its plan, or what is wrong between them."""
    own, place = case.evaluation, f"case.{name}.evaluation"
    said_twice = [
        Fault(f"{place}.{key}", "unknown key; said by the case itself") for key in procedure.stand_in if key in own
    ]
    checked = check_table({**table, **own, **case.evaluated()}, procedure.evaluation)
    faults = [
        Fault(f"{place}.{fault.key}" if _first_key(fault) in own else f"case.{name}", fault.problem)
        for fault in checked.faults
    ]
    return checked.value, said_twice + faults


def _first_key(fault: Fault) -> str:
    return fault.key.split(".")[0].split("[")[0]
