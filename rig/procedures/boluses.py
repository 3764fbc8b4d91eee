"""What the cases of bolus tests have in common: successive boluses, each weighed by settled readings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from instruments.program import InfusionProgram, ProgramMode, bolus, continuous
from results.kinds.bolus import BolusTraceEvaluation, measure
from results.measured.expected import PlannedPhase, PlannedTest
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import UL_PER_H_OF_ML_PER_DAY, Duration, PlannedFlow
from rig.procedures.weighed import WeighedCase, WeighedCaseTable

BOLUS_MODE = ProgramMode.SINGLE_BOLUS


@dataclass(frozen=True, slots=True, kw_only=True)
class BolusesCase(WeighedCase):
    """The bolus, the names of its phases, and what runs between them (None: the pump stands).

    Each is waited for `rest_s` after its end: it settles, is read, and read again before the next.
    """

    evaluation: BolusTraceEvaluation
    basal: InfusionProgram | None
    bolus: InfusionProgram
    boluses: tuple[str, ...]
    bolus_s: float
    rest_s: float

    @property
    def delivery_s(self) -> float:
        """Duration of all boluses with their rests, and of the rest before the first, s."""
        return self.rest_s + len(self.boluses) * (self.bolus_s + self.rest_s)

    def planned_test(self, reading_interval_s: float) -> PlannedTest:
        """Return the test as planned."""
        basal_ul_per_h = self.evaluation.basal_flow_ul_per_h
        rest = PlannedPhase("", self.rest_s, basal_ul_per_h)
        flow_ul_per_h = self.bolus.steps[0].flow_ul_per_h
        given = [part for name in self.boluses for part in (PlannedPhase(name, self.bolus_s, flow_ul_per_h), rest)]
        return PlannedTest(self.between_blanks([rest, *given]), self.evaluation, measure, reading_interval_s)


class BolusesTable(WeighedCaseTable, ABC):
    """`[case.<name>]`: how many boluses, how long each takes and is weighed, and what runs between them.

    After each, `settle_s` pass before it is read for `reading_s`; as long again is read before the next.
    """

    boluses: int = Field(ge=1, le=100)
    bolus_s: Duration
    settle_s: float = Field(ge=0)
    reading_s: Duration
    basal_flow_ml_per_day: float | None = Field(default=None, gt=0)

    @abstractmethod
    def volume_ul(self) -> float:
        """Return the volume of a bolus, uL."""

    def flow_ul_per_h(self) -> float:
        """Return the flow of a bolus, uL/h."""
        return self.volume_ul() * 3600.0 / self.bolus_s

    def basal_flow_ul_per_h(self) -> float:
        """Return the flow between boluses, uL/h."""
        return (self.basal_flow_ml_per_day or 0.0) * UL_PER_H_OF_ML_PER_DAY

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime, and the basal flow if there is one."""
        yield from super().flows()
        if self.basal_flow_ml_per_day is not None:
            yield "the basal flow", self.basal_flow_ul_per_h

    def evaluated(self) -> dict[str, Any]:
        """Return the volume of a bolus, how it is weighed, and the basal flow whose place it takes."""
        return {
            "set_volume_ul": self.volume_ul(),
            "duration_s": self.bolus_s,
            "settle_s": self.settle_s,
            "reading_s": self.reading_s,
            "basal_flow_ul_per_h": self.basal_flow_ul_per_h(),
            "basal_paused_s": self.bolus_s,
        }


def boluses_case(base: Mapping[str, Any], table: BolusesTable, evaluation: BolusTraceEvaluation) -> BolusesCase:
    """Return the case of a checked table and evaluation."""
    prime = table.prime()
    basal_ul_per_h = table.basal_flow_ul_per_h()
    running = (basal_ul_per_h,) if basal_ul_per_h else ()
    return BolusesCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            modes=frozenset({ProgramMode.CONTINUOUS, BOLUS_MODE}),
            flows_ul_per_h=(prime.flow_ul_per_h, *running),
            bolus_flows_ul_per_h=(table.flow_ul_per_h(),),
        ),
        prime=prime,
        blank_s=table.blank_s,
        basal=continuous(basal_ul_per_h) if running else None,
        bolus=bolus(BOLUS_MODE, volume_ul=table.volume_ul(), duration_s=table.bolus_s),
        boluses=tuple(f"bolus {number}" for number in range(1, table.boluses + 1)),
        bolus_s=table.bolus_s,
        rest_s=table.settle_s + 2.0 * table.reading_s,
    )
