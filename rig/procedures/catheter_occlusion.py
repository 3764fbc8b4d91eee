"""The occluded catheter of a pump without an alarm: closed for a time, let go, and watched until the flow is steady."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instruments.program import InfusionProgram, ProgramMode
from results.kinds.catheter_occlusion import CatheterTraceEvaluation
from results.occlusion.feasibility import PlannedOcclusion
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration
from rig.procedures.occluded_line import OccludedLineCase, OccludedLineTable, fixture_test
from rig.procedures.procedure import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class CatheterOcclusionCase(OccludedLineCase):
    """One flow: how long the catheter is closed at it, and how long its recovery is weighed."""

    evaluation: CatheterTraceEvaluation
    occluded_s: float
    recovery_s: float

    @property
    def closed_s(self) -> float:
        """How long the catheter is closed, s."""
        return self.occluded_s

    @property
    def further_s(self) -> float:
        """How long the recovery is weighed, s."""
        return self.recovery_s

    @property
    def planned(self) -> PlannedOcclusion:
        """What the plan expects of line and pump."""
        return PlannedOcclusion(
            flow_ul_per_h=self.evaluation.set_flow_ul_per_h,
            threshold_kpa=None,
            pump_and_set_ul_per_kpa=self.line.pump_and_set_ul_per_kpa,
            fixture_ul_per_kpa=self.line.fixture_ul_per_kpa,
            largest_fixture_share=self.evaluation.largest_fixture_share,
            deadline_s=self.occluded_s,
        )


class CatheterOcclusionTable(OccludedLineTable):
    """`[case.<name>]`: how long the catheter is closed, and how long the flow is weighed after it."""

    occluded_s: Duration
    recovery_s: Duration


def _case(
    base: Mapping[str, Any], table: CatheterOcclusionTable, evaluation: CatheterTraceEvaluation
) -> CatheterOcclusionCase:
    return CatheterOcclusionCase(
        **base,
        **table.line(),
        evaluation=evaluation,
        needs=PumpNeeds(flows_ul_per_h=table.set_flows_ul_per_h()),
        fixture=fixture_test(table.fixture, evaluation.fixture_channel or evaluation.channel),
        program=InfusionProgram(ProgramMode.CONTINUOUS, (table.steady_flow(),)),
        occluded_s=table.occluded_s,
        recovery_s=table.recovery_s,
    )


PROCEDURE = Procedure(name="catheter-occlusion", kind="catheter_occlusion", table=CatheterOcclusionTable, case=_case)
