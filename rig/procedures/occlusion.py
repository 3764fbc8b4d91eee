"""Occlusion of a pump with an alarm: fixture, steady flow, dead end up to the alarm, release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from instruments.program import InfusionProgram, ProgramMode
from results.kinds.occlusion import OcclusionTraceEvaluation
from results.occlusion.feasibility import PlannedOcclusion
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration
from rig.procedures.occluded_line import OccludedLineCase, OccludedLineTable, fixture_test
from rig.procedures.procedure import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionCase(OccludedLineCase):
    """One combination of flow and threshold.

    `deadline_s`: an alarm that has not come by then does not come. `rest_s`: the pressure rests before it is let go.
    `restart_after_s`: the line is let go so long after the pump has begun to check it, that it may go on by itself;
    None: it waits for the alarm. `restart_deadline_s`: it has gone on by then.
    """

    evaluation: OcclusionTraceEvaluation
    threshold_kpa: float
    deadline_s: float
    reduction_deadline_s: float
    rest_s: float
    restart_after_s: float | None
    restart_deadline_s: float

    @property
    def closed_s(self) -> float:
        """When the pressure is expected to reach the threshold, s."""
        return self.line.whole_ul_per_kpa * self.threshold_kpa / self.evaluation.set_flow_ul_per_h * 3600.0

    @property
    def further_s(self) -> float:
        """How long the pressure rests before it is let go, s."""
        return self.rest_s

    @property
    def planned(self) -> PlannedOcclusion:
        """What the plan expects of line and pump."""
        return PlannedOcclusion(
            flow_ul_per_h=self.evaluation.set_flow_ul_per_h,
            threshold_kpa=self.threshold_kpa,
            pump_and_set_ul_per_kpa=self.line.pump_and_set_ul_per_kpa,
            fixture_ul_per_kpa=self.line.fixture_ul_per_kpa,
            largest_fixture_share=self.evaluation.largest_fixture_share,
            deadline_s=self.deadline_s,
        )


class OcclusionTable(OccludedLineTable):
    """`[case.<name>]`: the threshold chosen, and the deadlines.

    `restart_after_s` is stated where the pump is to go on by itself.
    """

    threshold_kpa: float = Field(gt=0)
    deadline_s: Duration
    reduction_deadline_s: Duration
    rest_s: Duration
    restart_after_s: Duration | None = None
    restart_deadline_s: Duration = 60.0

    def evaluated(self) -> dict[str, Any]:
        """Return the set flow and the threshold."""
        return {**super().evaluated(), "threshold_kpa": self.threshold_kpa}


def _case(base: Mapping[str, Any], table: OcclusionTable, evaluation: OcclusionTraceEvaluation) -> OcclusionCase:
    restarts = table.restart_after_s is not None
    functions = {"occlusion_alarm", "automatic_restart" if restarts else "bolus_reduction"}
    return OcclusionCase(
        **base,
        **table.line(),
        evaluation=evaluation,
        needs=PumpNeeds(
            flows_ul_per_h=table.set_flows_ul_per_h(),
            occlusion_thresholds_kpa=(table.threshold_kpa,),
            functions=frozenset(functions),
        ),
        fixture=fixture_test(table.fixture, evaluation.fixture_channel or evaluation.channel),
        program=InfusionProgram(ProgramMode.CONTINUOUS, (table.steady_flow(),)),
        threshold_kpa=table.threshold_kpa,
        deadline_s=table.deadline_s,
        reduction_deadline_s=table.reduction_deadline_s,
        rest_s=table.rest_s,
        restart_after_s=table.restart_after_s,
        restart_deadline_s=table.restart_deadline_s,
    )


PROCEDURE = Procedure(name="occlusion", kind="occlusion", table=OcclusionTable, case=_case)
