"""Plans: what a protocol is asked to do and to prove, from the TOML file beside it.

A plan names its requirements, its standard and its sources, and has cases. A case is steps in instruments' terms
(prime, blanks, one infusion program) and an evaluation in results' terms; nothing in it is a literal of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from instruments.program import FlowStep, InfusionProgram, ProgramError, continuous
from results.evaluation import FlowEvaluation
from results.profiles.profile import MethodProfile, load_profile
from rig.configuration import ConfigurationError, Fault, SourceFile, check_table, parse_toml, read_source
from rig.plan_evaluation import evaluation_faults, evaluation_of
from rig.plan_file import CaseTable, PlanFile

_REMEDY = "A plan lies beside its protocol: the module's name with the ending .toml"


@dataclass(frozen=True, slots=True)
class PlanIdentity:
    """What plan this is, what it is for, and the text it was read from."""

    id: str
    revision: str
    title: str
    requirements: tuple[str, ...]
    standard: str
    clause: str
    wording: str
    sources: tuple[str, ...]
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a plan. Dose (ug/day) and concentration (ug/mL) are None where the plan states the flow itself.

    `deviation` says why the timings are not the profile's own; None where they are.
    """

    plan: PlanIdentity
    name: str
    title: str
    flow_ul_per_h: float
    dose_ug_per_day: float | None
    concentration_ug_per_ml: float | None
    prime: FlowStep
    blank_s: float
    program: InfusionProgram
    stabilisation_s: float
    analysis_s: float
    evaluation: FlowEvaluation
    deviation: str | None

    @property
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""
        prime_s = self.prime.duration_s or 0.0
        return prime_s + self.blank_s + self.stabilisation_s + self.analysis_s + self.blank_s


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan."""

    identity: PlanIdentity
    path: Path
    cases: tuple[Case, ...]

    def case(self, name: str) -> Case:
        """Return a case by its name. Raises `ConfigurationError` naming those there are."""
        for case in self.cases:
            if case.name == name:
                return case
        known = ", ".join(case.name for case in self.cases)
        raise ConfigurationError(self.path, [Fault("case", f"there is no case {name!r}; there are: {known}")])


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises `ConfigurationError` with every fault of the file."""
    return parse_plan(read_source(path, remedy=_REMEDY))


def parse_plan(source: SourceFile) -> Plan:
    """Return the plan in a file that was read before. Raises `ConfigurationError` with every fault of the file."""
    checked = check_table(parse_toml(source), PlanFile)
    faults = list(checked.faults)
    evaluation = getattr(checked.partial, "evaluation", None)
    if isinstance(evaluation, Mapping):
        faults += evaluation_faults(evaluation, _sound_cases(checked.partial))
    if faults or checked.value is None:
        raise ConfigurationError(source.path, faults)
    file = checked.value
    identity = PlanIdentity(**file.plan.identity(), text=source.text, sha256=source.sha256)
    cases = tuple(_case(identity, name, table, file.evaluation) for name, table in file.case.items())
    return Plan(identity=identity, path=source.path, cases=cases)


def _sound_cases(file: PlanFile) -> dict[str, CaseTable]:
    cases = getattr(file, "case", {})
    return {name: case for name, case in cases.items() if isinstance(getattr(case, "profile", None), str)}


def _case(identity: PlanIdentity, name: str, table: CaseTable, evaluation: Mapping[str, object]) -> Case:
    profile: MethodProfile = load_profile(table.profile).profile
    flow_ul_per_h = table.flow_ul_per_h()
    if flow_ul_per_h is None:
        raise ProgramError(f"case {name!r} states no flow")
    return Case(
        plan=identity,
        name=name,
        title=table.title,
        flow_ul_per_h=flow_ul_per_h,
        dose_ug_per_day=table.dose_ug_per_day,
        concentration_ug_per_ml=table.concentration_ug_per_ml,
        prime=FlowStep(table.prime_flow_ul_per_h(), table.prime_s),
        blank_s=table.blank_s,
        program=continuous(flow_ul_per_h),
        stabilisation_s=table.resolved_stabilisation_s(profile),
        analysis_s=table.resolved_analysis_s(profile),
        evaluation=evaluation_of(evaluation, profile=table.profile, set_flow_ul_per_h=flow_ul_per_h),
        deviation=table.deviation,
    )
