"""Bolus accuracy: successive boluses at one setting of the pump."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field

from rig.configuration.section import Contradictions
from rig.procedures.boluses import BolusesTable, boluses_case
from rig.procedures.procedure import Procedure

SUCCESSIVE_BOLUSES = 25
"""Of the method (IEC 60601-2-24:2012, 201.12.1.106): a case with another number says why."""


def _deviation_is_explained(case: BolusAccuracyTable) -> Contradictions:
    if case.boluses != SUCCESSIVE_BOLUSES and case.deviation is None:
        yield "deviation", f"missing; boluses = {case.boluses}, not {SUCCESSIVE_BOLUSES}: say why"
    if case.boluses == SUCCESSIVE_BOLUSES and case.deviation is not None:
        yield "deviation", f"explains a deviation, but the boluses are the method's {SUCCESSIVE_BOLUSES}"


class BolusAccuracyTable(BolusesTable):
    """`[case.<name>]`: the volume the pump is set to."""

    bolus_volume_ul: float = Field(gt=0)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_deviation_is_explained,)

    def volume_ul(self) -> float:
        """Return the volume of a bolus, uL."""
        return self.bolus_volume_ul


PROCEDURE = Procedure(name="bolus-accuracy", kind="bolus", table=BolusAccuracyTable, case=boluses_case)
