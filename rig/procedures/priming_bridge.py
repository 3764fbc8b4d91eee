"""Priming bolus, and bridge bolus after a change of concentration: what an implant is given when it is filled anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from instruments.program import (
    FlowStep,
    InfusionProgram,
    ProgramMode,
    bolus,
    bridge_bolus,
    continuous,
    flow_ul_per_h_from_dose,
)
from results.kinds.prime_bridge import PrimeBridgeEvaluation, measure
from results.measured.expected import PlannedPhase, PlannedTest
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration, PlannedFlow
from rig.procedures.procedure import Procedure
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimingBridgeCase(WeighedCase):
    """The two boluses, the programs of the doses before and after, and how long each of these is watched (s)."""

    evaluation: PrimeBridgeEvaluation
    priming: InfusionProgram
    old_dose: InfusionProgram
    bridge: InfusionProgram
    new_dose: InfusionProgram
    after_priming_s: float
    after_bridge_s: float

    @property
    def phases(self) -> tuple[tuple[str, FlowStep], ...]:
        """The phases in order, each with its flow and duration."""
        return (
            ("priming bolus", self.priming.steps[0]),
            ("after priming", FlowStep(self.old_dose.steps[0].flow_ul_per_h, self.after_priming_s)),
            ("bridge bolus", self.bridge.steps[0]),
            ("after bridge", FlowStep(self.new_dose.steps[0].flow_ul_per_h, self.after_bridge_s)),
        )

    @property
    def delivery_s(self) -> float:
        """Duration of the boluses and what follows each, s."""
        return sum(step.duration_s or 0.0 for _, step in self.phases)

    def planned_test(self, reading_interval_s: float) -> PlannedTest:
        """Return the test as planned."""
        delivery = [PlannedPhase(name, step.duration_s or 0.0, step.flow_ul_per_h) for name, step in self.phases]
        return PlannedTest(self.between_blanks(delivery), self.evaluation, measure, reading_interval_s, "after")


class PrimingBridgeTable(WeighedCaseTable):
    """`[case.<name>]`: what has to be filled, and the doses and concentrations before and after.

    `dead_volume_ul`: of pump tubing and catheter. The bridge gives the old dose for dead volume * old concentration /
    old dose.
    """

    dead_volume_ul: float = Field(gt=0)
    priming_s: Duration
    after_priming_s: Duration
    old_dose_ug_per_day: float = Field(gt=0)
    old_concentration_ug_per_ml: float = Field(gt=0)
    new_dose_ug_per_day: float = Field(gt=0)
    new_concentration_ug_per_ml: float = Field(gt=0)
    after_bridge_s: Duration

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and the flows of both doses."""
        yield from super().flows()
        yield "the old dose", self.old_flow_ul_per_h
        yield "the new dose", self.new_flow_ul_per_h

    def old_flow_ul_per_h(self) -> float:
        """Return the flow of the old dose, uL/h."""
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=self.old_dose_ug_per_day, concentration_ug_per_ml=self.old_concentration_ug_per_ml
        )

    def new_flow_ul_per_h(self) -> float:
        """Return the flow of the new dose, uL/h."""
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=self.new_dose_ug_per_day, concentration_ug_per_ml=self.new_concentration_ug_per_ml
        )

    def evaluated(self) -> dict[str, Any]:
        """Return volumes and flows of both boluses and of what follows them."""
        return {
            "priming_volume_ul": self.dead_volume_ul,
            "flow_after_priming_ul_per_h": self.old_flow_ul_per_h(),
            "bridge_volume_ul": self.dead_volume_ul,
            "bridge_flow_ul_per_h": self.old_flow_ul_per_h(),
            "flow_after_bridge_ul_per_h": self.new_flow_ul_per_h(),
        }


def _case(base: Mapping[str, Any], table: PrimingBridgeTable, evaluation: PrimeBridgeEvaluation) -> PrimingBridgeCase:
    prime = table.prime()
    priming = bolus(ProgramMode.PRIMING_BOLUS, volume_ul=table.dead_volume_ul, duration_s=table.priming_s)
    bridge = bridge_bolus(
        dead_volume_ul=table.dead_volume_ul,
        dose_ug_per_day=table.old_dose_ug_per_day,
        concentration_ug_per_ml=table.old_concentration_ug_per_ml,
    )
    flows = (table.old_flow_ul_per_h(), table.new_flow_ul_per_h())
    return PrimingBridgeCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            modes=frozenset({ProgramMode.CONTINUOUS, ProgramMode.PRIMING_BOLUS, ProgramMode.BRIDGE_BOLUS}),
            flows_ul_per_h=(prime.flow_ul_per_h, *flows),
            bolus_flows_ul_per_h=(priming.steps[0].flow_ul_per_h, bridge.steps[0].flow_ul_per_h),
        ),
        prime=prime,
        blank_s=table.blank_s,
        priming=priming,
        old_dose=continuous(flows[0]),
        bridge=bridge,
        new_dose=continuous(flows[1]),
        after_priming_s=table.after_priming_s,
        after_bridge_s=table.after_bridge_s,
    )


PROCEDURE = Procedure(name="priming-bridge", kind="prime_bridge", table=PrimingBridgeTable, case=_case)
