"""The bolus trial: the screening doses an external pump gives before an implant."""

from __future__ import annotations

from pydantic import Field

from rig.procedures.boluses import BolusesTable, boluses_case
from rig.procedures.procedure import Procedure


class BolusTrialTable(BolusesTable):
    """`[case.<name>]`: the dose, and the concentration that makes a volume of it."""

    dose_ug: float = Field(gt=0)
    concentration_ug_per_ml: float = Field(gt=0)

    def volume_ul(self) -> float:
        """Return the volume of a dose, uL: 50 ug at 50 ug/mL are 1000 uL."""
        return self.dose_ug / self.concentration_ug_per_ml * 1000.0


PROCEDURE = Procedure(name="bolus-trial", kind="bolus", table=BolusTrialTable, case=boluses_case)
