"""Plans: what a protocol is asked to do and to prove, from the TOML file beside it.

A plan names its procedure, its requirements, its standard and its sources, and has cases. A case is steps in
instruments' terms and an evaluation in results' terms; nothing in it is a literal of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from instruments.program import ProgramError
from results.decision import StrictModel
from rig.cases.case import Case, PlanIdentity
from rig.cases.gaps import AllowedGaps
from rig.cases.plan_file import PlanFile, plan_file_of
from rig.cases.plan_tables import CaseTable
from rig.configuration import ConfigurationError, Fault, SourceFile, check_table, parse_toml, read_source
from rig.configuration.words import found
from rig.plan_evaluation import evaluation_of, measurand_faults
from rig.procedures import PROCEDURES
from rig.procedures.procedure import Procedure

_REMEDY = "A plan lies beside its protocol: the module's name with the ending .toml"

C = TypeVar("C", bound=Case)


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan."""

    identity: PlanIdentity
    path: Path
    cases: tuple[Case, ...]

    def case(self, name: str, kind: type[C]) -> C:
        """Return a case by its name and kind. Raises `ConfigurationError` naming those there are."""
        for case in self.cases:
            if case.name == name and isinstance(case, kind):
                return case
        known = ", ".join(case.name for case in self.cases)
        raise ConfigurationError(self.path, [Fault("case", f"there is no case {name!r}; there are: {known}")])


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises `ConfigurationError` with every fault of the file."""
    return parse_plan(read_source(path, remedy=_REMEDY))


def parse_plan(source: SourceFile) -> Plan:
    """Return the plan in a file that was read before. Raises `ConfigurationError` with every fault of the file."""
    tables = parse_toml(source)
    name = _procedure_name(tables)
    procedure = PROCEDURES.get(name)
    checked = check_table(tables, plan_file_of(procedure.table if procedure else CaseTable))
    faults = list(checked.faults)
    if procedure is None:
        # What its cases must say is not known; what every plan says is.
        faults = [fault for fault in faults if not fault.key.startswith("case.")]
        raise ConfigurationError(source.path, [*faults, _unknown_procedure(name)] if name else faults)
    evaluations, wrong = _evaluations(checked.partial, procedure)
    faults += [fault for fault in wrong if not _is_told(fault, faults)]
    for case, evaluation in evaluations.items():
        if evaluation is not None and not any(_is_at(fault, f"case.{case}") for fault in faults):
            faults += measurand_faults(procedure, case, checked.partial.case[case], evaluation)
    if faults or checked.value is None:
        raise ConfigurationError(source.path, faults)
    return _plan(source, procedure, checked.value, evaluations)


def _evaluations(file: PlanFile[Any], procedure: Procedure) -> tuple[dict[str, StrictModel | None], list[Fault]]:
    """Return the evaluation of every case that is sound enough to have one, and what is wrong with them."""
    evaluations: dict[str, StrictModel | None] = {}
    faults: list[Fault] = []
    shared = getattr(file, "evaluation", None)
    if not isinstance(shared, Mapping):
        return evaluations, faults
    for name, case in getattr(file, "case", {}).items():
        try:
            wording = getattr(getattr(file, "plan", None), "wording", "")
            evaluations[name], wrong = evaluation_of(shared, procedure, name, case, wording=wording)
        except (AttributeError, ProgramError):
            continue  # a value it needs is faulty itself, and told as such
        faults += [fault for fault in wrong if fault not in faults]
    return evaluations, faults


def _is_told(fault: Fault, told: list[Fault]) -> bool:
    """Tell whether a case's own fault is already known under one of its keys."""
    return fault.key.startswith("case.") and any(_is_at(one, fault.key) for one in told)


def _is_at(fault: Fault, place: str) -> bool:
    return fault.key == place or fault.key.startswith(f"{place}.")


def _procedure_name(tables: Mapping[str, Any]) -> str:
    """Return the name a plan gives; empty where it gives none, which is told with the other faults of [plan]."""
    plan = tables.get("plan")
    name = plan.get("procedure") if isinstance(plan, Mapping) else None
    return name if isinstance(name, str) else ""


def _unknown_procedure(name: str) -> Fault:
    return Fault("plan.procedure", f"found {found(name)}; wanted one of {', '.join(sorted(PROCEDURES))}")


def _plan(
    source: SourceFile, procedure: Procedure, file: PlanFile[Any], evaluations: Mapping[str, StrictModel | None]
) -> Plan:
    identity = PlanIdentity(**file.plan.identity(), text=source.text, sha256=source.sha256)
    cases = []
    for name, table in file.case.items():
        base = {
            "plan": identity,
            "name": name,
            "title": table.title,
            "pump": table.pump or file.plan.pump,
            "sampling": table.sampling,
            "gaps": AllowedGaps(**{**file.gaps.stated(), **table.gaps.stated()}),
            "conditions": file.conditions,
            "deviation": table.deviation,
        }
        cases.append(procedure.case(base, table, evaluations[name]))
    return Plan(identity=identity, path=source.path, cases=tuple(cases))
