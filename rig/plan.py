"""Plans: what a protocol is asked to do and to prove, from the TOML file beside it.

A plan names its procedure, its requirements, its standard and its sources, and has cases. A case is steps in
instruments' terms and an evaluation in results' terms; nothing in it is a literal of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rig.case import Case, PlanIdentity
from rig.configuration import ConfigurationError, Fault, SourceFile, check_table, parse_toml, read_source
from rig.configuration.words import found
from rig.plan_evaluation import evaluation_faults, evaluation_of
from rig.plan_file import PlanFile, plan_file_of
from rig.plan_tables import CaseTable
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
    evaluation = getattr(checked.partial, "evaluation", None)
    if isinstance(evaluation, Mapping):
        sound = {name: case for name, case in getattr(checked.partial, "case", {}).items() if case is not None}
        faults += evaluation_faults(evaluation, procedure, sound)
    if faults or checked.value is None:
        raise ConfigurationError(source.path, faults)
    return _plan(source, procedure, checked.value)


def _procedure_name(tables: Mapping[str, Any]) -> str:
    """Return the name a plan gives; empty where it gives none, which is told with the other faults of [plan]."""
    plan = tables.get("plan")
    name = plan.get("procedure") if isinstance(plan, Mapping) else None
    return name if isinstance(name, str) else ""


def _unknown_procedure(name: str) -> Fault:
    return Fault("plan.procedure", f"found {found(name)}; wanted one of {', '.join(sorted(PROCEDURES))}")


def _plan(source: SourceFile, procedure: Procedure, file: PlanFile[Any]) -> Plan:
    identity = PlanIdentity(**file.plan.identity(), text=source.text, sha256=source.sha256)
    cases: list[Case] = []
    faults: list[Fault] = []
    for name, table in file.case.items():
        evaluation, wrong = evaluation_of(file.evaluation, procedure, name, table)
        faults += wrong
        base = {
            "plan": identity,
            "name": name,
            "title": table.title,
            "pump": table.pump or file.plan.pump,
            "sampling": table.sampling,
            "conditions": file.conditions,
            "deviation": table.deviation,
        }
        if not wrong:
            cases.append(procedure.case(base, table, evaluation))
    if faults:
        raise ConfigurationError(source.path, faults)
    return Plan(identity=identity, path=source.path, cases=tuple(cases))
