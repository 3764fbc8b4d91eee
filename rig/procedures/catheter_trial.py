"""The catheter trial: a continuous test infusion that starts low and is raised in steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from instruments.program import InfusionProgram, continuous, flow_ul_per_h_from_dose
from results.kinds.steps import StepsEvaluation, measure
from results.measured.expected import PlannedPhase, PlannedTest
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration, PlannedFlow
from rig.configuration import Listed, Section
from rig.procedures.procedure import Procedure
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step: the name of its phase, what the pump is told, how long it is held (s)."""

    phase: str
    dose_ug_per_day: float
    program: InfusionProgram
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CatheterTrialCase(WeighedCase):
    """One set-up of the trial: the concentration in the pump, and the steps, the lowest first."""

    evaluation: StepsEvaluation
    concentration_ug_per_ml: float
    steps: tuple[TrialStep, ...]

    @property
    def delivery_s(self) -> float:
        """Duration of all steps, s."""
        return sum(step.hold_s for step in self.steps)

    def planned_test(self, reading_interval_s: float) -> PlannedTest:
        """Return the test as planned."""
        steps = [PlannedPhase(step.phase, step.hold_s, step.program.steps[0].flow_ul_per_h) for step in self.steps]
        programme = self.between_blanks(steps)
        return PlannedTest(programme, self.evaluation, measure, reading_interval_s, lengthen="step")


class StepTable(Section):
    """One of `steps`: a dose, and how long it is held."""

    dose_ug_per_day: float = Field(gt=0)
    hold_s: Duration


class CatheterTrialTable(WeighedCaseTable):
    """`[case.<name>]`: the concentration, and the steps."""

    concentration_ug_per_ml: float = Field(gt=0)
    steps: Annotated[Listed[StepTable], Field(min_length=1)]

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and every step."""
        yield from super().flows()
        for number, step in enumerate(self.steps, start=1):
            yield f"step {number}", partial(self.flow_ul_per_h, step)

    def flow_ul_per_h(self, step: StepTable) -> float:
        """Return the flow of a step, uL/h."""
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=step.dose_ug_per_day, concentration_ug_per_ml=self.concentration_ug_per_ml
        )

    def evaluated(self) -> dict[str, Any]:
        """Return the flow of each step, and the concentration that makes a dose of a volume."""
        flows = [self.flow_ul_per_h(step) for step in self.steps]
        return {"flows_ul_per_h": flows, "concentration_ug_per_ml": self.concentration_ug_per_ml}


def _case(base: Mapping[str, Any], table: CatheterTrialTable, evaluation: StepsEvaluation) -> CatheterTrialCase:
    prime = table.prime()
    flows = [table.flow_ul_per_h(step) for step in table.steps]
    return CatheterTrialCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(flows_ul_per_h=(prime.flow_ul_per_h, *flows)),
        prime=prime,
        blank_s=table.blank_s,
        concentration_ug_per_ml=table.concentration_ug_per_ml,
        steps=tuple(
            TrialStep(f"step {number}", step.dose_ug_per_day, continuous(flow), step.hold_s)
            for number, (step, flow) in enumerate(zip(table.steps, flows, strict=True), start=1)
        ),
    )


PROCEDURE = Procedure(name="catheter-trial", kind="steps", table=CatheterTrialTable, case=_case)
