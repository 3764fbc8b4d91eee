"""Refill: what the pump calculates it has delivered between refills, against what is weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import InfusionProgram, continuous
from results.kinds.refill import RefillEvaluation
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, Duration, PlannedFlow
from rig.configuration.section import Contradictions
from rig.operators.step import OperatorStep
from rig.procedures.procedure import Procedure
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


def refill_step(volume_ul: float) -> OperatorStep:
    """Return the manual step that fills the reservoir with a volume, uL."""
    return OperatorStep(
        name="refill",
        instruction=f"Empty the pump's reservoir and fill it with {volume_ul:g} uL.",
        action="refill",
        values={"volume_ul": volume_ul},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillCase(WeighedCase):
    """The infusions, by the names of their phases, and the refill before the first and after each.

    `standing_s`: so long the pump stands before and after a refill, and tells its volumes meanwhile.
    """

    program: InfusionProgram
    infusions: tuple[str, ...]
    infusion_s: float
    standing_s: float
    refill: OperatorStep
    fill_ul: float

    @property
    def delivery_s(self) -> float:
        """Duration of the infusions and the refills, s."""
        return len(self.infusions) * (self.infusion_s + 2.0 * self.standing_s)


def _reservoir_lasts(case: RefillTable) -> Contradictions:
    used_ul = (case.prime_flow_ul_per_h() * case.prime_s + case.flow_ul_per_h() * case.infusion_s) / 3600.0
    if not used_ul < case.fill_ul:
        yield "fill_ul", f"{used_ul:g} uL go with the prime and the first infusion"


class RefillTable(WeighedCaseTable):
    """`[case.<name>]`: the flow, how often and how long it is infused, and what the reservoir is filled with."""

    flow_ml_per_day: float = Field(gt=0)
    infusions: int = Field(ge=1, le=20)
    infusion_s: Duration
    standing_s: Duration
    fill_ul: float = Field(gt=0)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_reservoir_lasts,)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and the flow."""
        yield from super().flows()
        yield "the infusion", self.flow_ul_per_h

    def flow_ul_per_h(self) -> float:
        """Return the flow, uL/h."""
        return self.flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY

    def evaluated(self) -> dict[str, Any]:
        """Return the flow and how many infusions there are."""
        return {"infusions": self.infusions, "flow_ul_per_h": self.flow_ul_per_h()}


def _case(base: Mapping[str, Any], table: RefillTable, evaluation: RefillEvaluation) -> RefillCase:
    prime = table.prime()
    return RefillCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            flows_ul_per_h=(prime.flow_ul_per_h, table.flow_ul_per_h()),
            functions=frozenset({"reservoir"}),
            reservoir_ul=table.fill_ul,
        ),
        prime=prime,
        blank_s=table.blank_s,
        program=continuous(table.flow_ul_per_h()),
        infusions=tuple(f"infusion {number}" for number in range(1, table.infusions + 1)),
        infusion_s=table.infusion_s,
        standing_s=table.standing_s,
        refill=refill_step(table.fill_ul),
        fill_ul=table.fill_ul,
    )


PROCEDURE = Procedure(name="refill", kind="refill", table=RefillTable, case=_case)
