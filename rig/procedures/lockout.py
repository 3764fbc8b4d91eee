"""Lockout: boluses on a basal flow, each followed by a demand that comes too soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import InfusionProgram, ProgramMode, bolus, continuous
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, Duration, PlannedFlow
from rig.configuration.section import Contradictions
from rig.procedures.procedure import Procedure
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


@dataclass(frozen=True, slots=True)
class Demands:
    """One bolus that is due and one that is not, by the names of their phases."""

    granted: str
    refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutCase(WeighedCase):
    """What runs all the time, the bolus, and when it is asked for (s)."""

    basal: InfusionProgram
    bolus: InfusionProgram
    demands: tuple[Demands, ...]
    bolus_s: float
    settle_s: float
    watched_s: float

    @property
    def delivery_s(self) -> float:
        """Duration of all boluses and lockouts, s."""
        return len(self.demands) * (self.bolus_s + self.settle_s + self.watched_s)


def _demand_lies_in_the_lockout(case: LockoutTable) -> Contradictions:
    if not case.bolus_s + case.settle_s < case.lockout_s:
        yield "lockout_s", "it has passed already when the demand comes that must be refused"
    if not case.bolus_s + case.settle_s + case.watched_s > case.lockout_s:
        yield "watched_s", "the lockout has not passed yet when the next bolus is asked for"


class LockoutTable(WeighedCaseTable):
    """`[case.<name>]`: basal flow, bolus and lockout.

    `settle_s`: from the end of a bolus to the demand within its lockout; `watched_s`: from there to the next bolus.
    """

    basal_flow_ml_per_day: float = Field(gt=0)
    bolus_volume_ul: float = Field(gt=0)
    bolus_s: Duration
    lockout_s: Duration
    boluses: int = Field(ge=1, le=25)
    settle_s: Duration
    watched_s: Duration

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_demand_lies_in_the_lockout,)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime, the basal flow and the bolus."""
        yield from super().flows()
        yield "the basal flow", self.basal_flow_ul_per_h
        yield "the bolus", lambda: self.bolus_volume_ul * 3600.0 / self.bolus_s

    def basal_flow_ul_per_h(self) -> float:
        """Return the basal flow, uL/h."""
        return self.basal_flow_ml_per_day * UL_PER_H_OF_ML_PER_DAY

    def evaluated(self) -> dict[str, Any]:
        """Return how many boluses are granted, of what volume, and the basal flow whose place each of them takes."""
        return {
            "boluses": self.boluses,
            "bolus_volume_ul": self.bolus_volume_ul,
            "basal_flow_ul_per_h": self.basal_flow_ul_per_h(),
            "basal_paused_s": self.bolus_s,
        }


def _case(base: Mapping[str, Any], table: LockoutTable, evaluation: Any) -> LockoutCase:
    prime = table.prime()
    given = bolus(
        ProgramMode.SINGLE_BOLUS,
        volume_ul=table.bolus_volume_ul,
        duration_s=table.bolus_s,
        lockout_s=table.lockout_s,
    )
    return LockoutCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            modes=frozenset({ProgramMode.CONTINUOUS, ProgramMode.SINGLE_BOLUS}),
            flows_ul_per_h=(prime.flow_ul_per_h, table.basal_flow_ul_per_h()),
            bolus_flows_ul_per_h=(given.steps[0].flow_ul_per_h,),
            functions=frozenset({"lockout"}),
        ),
        prime=prime,
        blank_s=table.blank_s,
        basal=continuous(table.basal_flow_ul_per_h()),
        bolus=given,
        demands=tuple(Demands(f"bolus {number}", f"lockout {number}") for number in range(1, table.boluses + 1)),
        bolus_s=table.bolus_s,
        settle_s=table.settle_s,
        watched_s=table.watched_s,
    )


PROCEDURE = Procedure(name="lockout", kind="lockout", table=LockoutTable, case=_case)
