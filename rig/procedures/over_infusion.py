"""Over-infusion: a long infusion with the CUSUM of the delivered mass as the alarm that the pump does not give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import continuous
from results.kinds.overinfusion import OverInfusionEvaluation
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration
from rig.configuration.section import Contradictions
from rig.operators.step import OperatorStep
from rig.procedures.dosed import DosedCase, DosedCaseTable
from rig.procedures.procedure import Procedure
from rig.stopping import OverInfusionStop


@dataclass(frozen=True, slots=True, kw_only=True)
class OverInfusionCase(DosedCase):
    """A refill, and an infusion watched while it runs."""

    refill: OperatorStep
    fill_ul: float
    low_reservoir_ul: float
    watched_s: float
    evaluation: OverInfusionEvaluation
    reading_together_s: float

    @property
    def delivery_s(self) -> float:
        """Duration of the infusion, s."""
        return self.watched_s

    def stopping_criterion(self) -> OverInfusionStop:
        """Return the live CUSUM, by the same allowance and decision as the evaluation's, with nothing added up yet."""
        return OverInfusionStop(
            "over-infusion",
            set_flow_ul_per_h=self.evaluation.set_flow_ul_per_h,
            allowance_percent=self.evaluation.allowance_percent,
            decision_ul=self.evaluation.decision_ul,
            interval_s=self.reading_together_s,
        )


def _reservoir_lasts(case: OverInfusionTable) -> Contradictions:
    used_ul = (case.prime_flow_ul_per_h() * case.prime_s + case.flow_ul_per_h() * case.watched_s) / 3600.0
    if not case.fill_ul - used_ul > case.low_reservoir_ul:
        left_ul = case.fill_ul - used_ul
        yield "fill_ul", f"{left_ul:g} uL are left at the end: a pump without fault would alarm, too"


class OverInfusionTable(DosedCaseTable):
    """`[case.<name>]`: how long is watched, and what the reservoir holds.

    `low_reservoir_ul`: what the pump must alarm below. `reading_together_s`: readings of so long enter the live sum by
    their median.
    """

    watched_s: Duration
    fill_ul: float = Field(gt=0)
    low_reservoir_ul: float = Field(gt=0)
    reading_together_s: Duration

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_reservoir_lasts,)


def _case(base: Mapping[str, Any], table: OverInfusionTable, evaluation: OverInfusionEvaluation) -> OverInfusionCase:
    prime = table.prime()
    flow = table.flow_ul_per_h()
    return OverInfusionCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            flows_ul_per_h=(prime.flow_ul_per_h, flow),
            functions=frozenset({"reservoir"}),
            reservoir_ul=table.fill_ul,
        ),
        prime=prime,
        blank_s=table.blank_s,
        program=continuous(flow),
        refill=OperatorStep(
            name="refill",
            instruction=f"Empty the pump's reservoir and fill it with {table.fill_ul:g} uL.",
            action="refill",
            values={"volume_ul": table.fill_ul},
        ),
        fill_ul=table.fill_ul,
        low_reservoir_ul=table.low_reservoir_ul,
        watched_s=table.watched_s,
        reading_together_s=table.reading_together_s,
    )


PROCEDURE = Procedure(name="over-infusion", kind="overinfusion", table=OverInfusionTable, case=_case)
