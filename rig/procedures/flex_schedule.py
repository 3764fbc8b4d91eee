"""The flex schedule: day-steps, each with its own dose, repeated day after day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from instruments.program import FlowStep, InfusionProgram, ProgramMode, flow_ul_per_h_from_dose
from results.kinds.schedule import ScheduleEvaluation, measure
from results.measured.expected import PlannedPhase, PlannedTest
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration, PlannedFlow
from rig.configuration import Listed, Section
from rig.configuration.section import Contradictions
from rig.procedures.procedure import Procedure
from rig.procedures.weighed import WeighedCase, WeighedCaseTable

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class DayStep:
    """One step of one day: the name of its phase, and how long it lasts (s)."""

    phase: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexScheduleCase(WeighedCase):
    """A day's program, and the steps of all days in order of time."""

    evaluation: ScheduleEvaluation
    concentration_ug_per_ml: float
    program: InfusionProgram
    day_steps: tuple[DayStep, ...]

    @property
    def delivery_s(self) -> float:
        """Duration of all days, s."""
        return sum(step.duration_s for step in self.day_steps)

    def planned_test(self, reading_interval_s: float) -> PlannedTest:
        """Return the test as planned."""
        flows = zip(self.day_steps, self.evaluation.step_flows, strict=True)
        days = [PlannedPhase(step.phase, step.duration_s, flow) for step, flow in flows]
        programme = self.between_blanks(days)
        return PlannedTest(programme, self.evaluation, measure, reading_interval_s, lengthen="day-step")


class DayStepTable(Section):
    """One of `day`: the rate of a dose, and how long it is given."""

    dose_ug_per_day: float = Field(gt=0)
    duration_s: Duration


def _steps_fill_the_day(case: FlexScheduleTable) -> Contradictions:
    total_s = sum(step.duration_s for step in case.day)
    if total_s != DAY_S:
        yield "day", f"the steps last {total_s:g} s together; a day has {DAY_S:g} s"


class FlexScheduleTable(WeighedCaseTable):
    """`[case.<name>]`: the concentration, the steps of a day, and how many days they are repeated."""

    concentration_ug_per_ml: float = Field(gt=0)
    days: int = Field(ge=1, le=31)
    day: Annotated[Listed[DayStepTable], Field(min_length=1, max_length=24)]

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_steps_fill_the_day,)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and every day-step."""
        yield from super().flows()
        for number, step in enumerate(self.day, start=1):
            yield f"day-step {number}", partial(self.flow_ul_per_h, step)

    def flow_ul_per_h(self, step: DayStepTable) -> float:
        """Return the flow of a day-step, uL/h."""
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=step.dose_ug_per_day, concentration_ug_per_ml=self.concentration_ug_per_ml
        )

    def evaluated(self) -> dict[str, Any]:
        """Return the flow of each day-step, the days, and the concentration that makes a dose of a volume."""
        return {
            "flows_ul_per_h": [self.flow_ul_per_h(step) for step in self.day],
            "days": self.days,
            "concentration_ug_per_ml": self.concentration_ug_per_ml,
        }


def _case(base: Mapping[str, Any], table: FlexScheduleTable, evaluation: ScheduleEvaluation) -> FlexScheduleCase:
    prime = table.prime()
    steps = tuple(FlowStep(table.flow_ul_per_h(step), step.duration_s) for step in table.day)
    return FlexScheduleCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            modes=frozenset({ProgramMode.CONTINUOUS, ProgramMode.FLEX}),
            flows_ul_per_h=(prime.flow_ul_per_h, *(step.flow_ul_per_h for step in steps)),
        ),
        prime=prime,
        blank_s=table.blank_s,
        concentration_ug_per_ml=table.concentration_ug_per_ml,
        program=InfusionProgram(ProgramMode.FLEX, steps),
        day_steps=tuple(
            DayStep(f"day-step {day}.{number}", step.duration_s)
            for day in range(1, table.days + 1)
            for number, step in enumerate(table.day, start=1)
        ),
    )


PROCEDURE = Procedure(name="flex-schedule", kind="schedule", table=FlexScheduleTable, case=_case)
