"""What the cases of weighed tests at one steady dose say: the dose, and the concentration that makes a flow of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from instruments.program import InfusionProgram, flow_ul_per_h_from_dose
from rig.cases.plan_tables import PlannedFlow
from rig.procedures.weighed import WeighedCase, WeighedCaseTable


@dataclass(frozen=True, slots=True, kw_only=True)
class DosedCase(WeighedCase):
    """A weighed case with one continuous program."""

    program: InfusionProgram


class DosedCaseTable(WeighedCaseTable):
    """`[case.<name>]` of a weighed test at one steady dose."""

    dose_ug_per_day: float = Field(gt=0)
    concentration_ug_per_ml: float = Field(gt=0)

    def flows(self) -> Iterator[PlannedFlow]:
        """Yield the prime and the flow of the dose."""
        yield from super().flows()
        yield "the infusion", self.flow_ul_per_h

    def flow_ul_per_h(self) -> float:
        """Return the flow of the dose, uL/h."""
        return flow_ul_per_h_from_dose(
            dose_ug_per_day=self.dose_ug_per_day, concentration_ug_per_ml=self.concentration_ug_per_ml
        )

    def evaluated(self) -> dict[str, Any]:
        """Return the set flow."""
        return {"set_flow_ul_per_h": self.flow_ul_per_h()}
