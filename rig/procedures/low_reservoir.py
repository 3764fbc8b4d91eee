"""Low and empty reservoir: what is truly left when the pump says so, and that nothing comes after the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import InfusionProgram, continuous
from results.kinds.reservoir import ReservoirEvaluation
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, Duration, PlannedFlow
from rig.configuration.section import Contradictions
from rig.operators.step import OperatorStep
from rig.procedures.procedure import Procedure
from rig.procedures.refill import refill_step
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


@dataclass(frozen=True, slots=True, kw_only=True)
class LowReservoirCase(WeighedCase):
    """The refill, the infusion until the pump says it is empty (at most `deadline_s`), and `after_s` beyond."""

    program: InfusionProgram
    refill: OperatorStep
    fill_ul: float
    low_reservoir_ul: float
    deadline_s: float
    after_s: float

    @property
    def delivery_s(self) -> float:
        """Longest duration of both, s."""
        return self.deadline_s + self.after_s


def _alarms_within_the_deadline(case: LowReservoirTable) -> Contradictions:
    if not case.low_reservoir_ul < case.fill_ul:
        yield "low_reservoir_ul", f"the reservoir is filled with {case.fill_ul:g} uL: it is low from the beginning"
    lasts_s = case.fill_ul / case.flow_ul_per_h() * 3600.0
    if not lasts_s < case.deadline_s:
        yield "deadline_s", f"the reservoir lasts {lasts_s:g} s: a pump without fault would miss it"


class LowReservoirTable(WeighedCaseTable):
    """`[case.<name>]`: the flow, what the reservoir is filled with, and what the pump must alarm below.

    `deadline_s`: how long the alarms are waited for; `after_s`: watched once the pump says it is empty.
    """

    flow_ml_per_day: float = Field(gt=0)
    fill_ul: float = Field(gt=0)
    low_reservoir_ul: float = Field(gt=0)
    deadline_s: Duration
    after_s: Duration

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_alarms_within_the_deadline,)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and the flow."""
        yield from super().flows()
        yield "the infusion", self.flow_ul_per_h

    def flow_ul_per_h(self) -> float:
        """Return the flow, uL/h."""
        return self.flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY

    def evaluated(self) -> dict[str, Any]:
        """Return the flow and what the reservoir holds."""
        return {"set_flow_ul_per_h": self.flow_ul_per_h(), "fill_ul": self.fill_ul}


def _case(base: Mapping[str, Any], table: LowReservoirTable, evaluation: ReservoirEvaluation) -> LowReservoirCase:
    prime = table.prime()
    return LowReservoirCase(
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
        refill=refill_step(table.fill_ul),
        fill_ul=table.fill_ul,
        low_reservoir_ul=table.low_reservoir_ul,
        deadline_s=table.deadline_s,
        after_s=table.after_s,
    )


PROCEDURE = Procedure(name="low-reservoir", kind="reservoir", table=LowReservoirTable, case=_case)
