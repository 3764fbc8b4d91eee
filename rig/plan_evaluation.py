"""The evaluation of a case: the plan's `[evaluation]`, what the case replaces of it, and what its procedure adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from results.decision import StrictModel
from results.kinds import KINDS
from rig.cases.plan_tables import CaseTable
from rig.configuration import Fault, check_table
from rig.procedures.procedure import Procedure


def evaluation_of(
    shared: Mapping[str, Any], procedure: Procedure, name: str, case: CaseTable, *, wording: str
) -> tuple[StrictModel | None, list[Fault]]:
    """Return the evaluation of a case, or what is wrong with it, each fault at the key a person finds in the file.

    Raises `AttributeError` for a case that lacks what its procedure adds: it has faults of its own.
    """
    kind = KINDS[procedure.kind]
    said = {"kind": procedure.kind, "wording": wording, **case.evaluated()}
    added = {key: value for key, value in said.items() if key in kind.model.model_fields}
    place = _Place(name, frozenset(case.evaluation), frozenset(added))
    merged = {**shared, **case.evaluation, **added}
    faults = [*_said_twice(shared, case, place), *_limits_of_nothing(merged, case, place)]
    checked = check_table(_with_limits(merged, case), kind.model)
    faults += [Fault(place.key_of(fault.key), fault.problem) for fault in checked.faults]
    return checked.value, faults


def measurand_faults(procedure: Procedure, name: str, case: CaseTable, evaluation: StrictModel) -> Iterator[Fault]:
    """Yield the criteria of a case without faults that ask for what its evaluation does not measure."""
    measured = KINDS[procedure.kind].measurands(evaluation)
    place = f"case.{name}.evaluation" if "criteria" in case.evaluation else "evaluation"
    for number, criterion in enumerate(getattr(evaluation, "criteria", ()), start=1):
        if criterion.measurand not in measured:
            problem = f"case {name!r} has no {criterion.measurand!r}; it has {', '.join(map(repr, measured))}"
            yield Fault(f"{place}.criteria[{number}].measurand", problem)


def _with_limits(table: dict[str, Any], case: CaseTable) -> dict[str, Any]:
    """Return the evaluation with the limits that the case has of its own."""
    criteria = table.get("criteria")
    if not case.limits or not isinstance(criteria, list | tuple):
        return table
    own = {name: limits.model_dump(exclude_none=True) for name, limits in case.limits.items()}
    return {**table, "criteria": [_limited(one, own) for one in criteria]}


def _limited(criterion: object, own: Mapping[str, Mapping[str, Any]]) -> object:
    if not (isinstance(criterion, Mapping) and criterion.get("id") in own):
        return criterion
    kept = {key: value for key, value in criterion.items() if key not in ("low", "high")}
    return {**kept, **own[criterion["id"]]}


def _limits_of_nothing(table: Mapping[str, Any], case: CaseTable, place: _Place) -> Iterator[Fault]:
    criteria = table.get("criteria")
    known = [one.get("id") for one in criteria if isinstance(one, Mapping)] if isinstance(criteria, list) else []
    for name in case.limits:
        if name not in known:
            yield Fault(
                f"{place.case}.limits.{name}", f"no criterion has this id; there are: {', '.join(map(str, known))}"
            )


class _Place:
    """Where the parts of a case's evaluation stand in the file."""

    def __init__(self, name: str, own: frozenset[str], added: frozenset[str]) -> None:
        self.case = f"case.{name}"
        self._own = own
        self.added = added

    def key_of(self, key: str) -> str:
        first = key.split(".")[0].split("[")[0]
        if first in self._own:
            return f"{self.case}.evaluation.{key}"
        if first in self.added:
            return self.case
        return f"evaluation.{key}" if key else "evaluation"


def _said_twice(shared: Mapping[str, Any], case: CaseTable, place: _Place) -> Iterator[Fault]:
    for key in sorted(place.added):
        if key in shared:
            yield Fault(f"evaluation.{key}", "unknown key; said by each case or by [plan]")
        if key in case.evaluation:
            yield Fault(f"{place.case}.evaluation.{key}", "unknown key; said by the case itself or by [plan]")
