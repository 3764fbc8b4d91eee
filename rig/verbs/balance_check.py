"""The balance checked by a weight: nothing on it, the weight, nothing again."""

from __future__ import annotations

from results.after_check import WEIGHT, ZERO_AFTER, ZERO_BEFORE, AfterCheck
from results.trace.schema import MASS
from rig.operators.step import ExpectedState, OperatorStep
from rig.verbs.operator_verbs import OperatorVerbs

SEEN_WITHIN = 0.2
"""A weight is on the pan when the reading rose by its mass, give or take this part: how exactly, is for evaluation."""


class BalanceCheckVerbs(OperatorVerbs):
    """Check weights."""

    def check_balance(self, check: AfterCheck) -> None:
        """Weigh the station's check weight after a run."""
        duration_s = check.settle_s + check.reading_s
        self.read_balance(ZERO_BEFORE, duration_s)
        self.place_weight(check.mass_mg, within_s=duration_s)
        self.read_balance(WEIGHT, duration_s)
        self.remove_weight(check.mass_mg, within_s=duration_s)
        self.read_balance(ZERO_AFTER, duration_s)

    def read_balance(self, phase: str, duration_s: float) -> None:
        """Let the balance read for a named phase."""
        with self.phase(phase, duration_s):
            self.wait(duration_s)

    def place_weight(self, mass_mg: float, *, within_s: float) -> None:
        """Have a check weight laid beside the vessel."""
        self.operator_step(
            OperatorStep(
                name=f"place {mass_mg:g} mg",
                instruction=f"Lay the check weight of {mass_mg:g} mg on the pan beside the vessel, close the shield.",
                action="place_weight",
                values={"mass_g": mass_mg * 1e-3},
                expects=_change(mass_mg, within_s),
            )
        )

    def remove_weight(self, mass_mg: float, *, within_s: float) -> None:
        """Have the check weight taken away."""
        self.operator_step(
            OperatorStep(
                name=f"remove {mass_mg:g} mg",
                instruction=f"Take the check weight of {mass_mg:g} mg away, close the shield.",
                action="remove_weight",
                expects=_change(-mass_mg, within_s),
            )
        )


def _change(mass_mg: float, within_s: float) -> ExpectedState:
    low, high = sorted(mass_mg * 1e-3 * (1.0 + part) for part in (-SEEN_WITHIN, SEEN_WITHIN))
    return ExpectedState(stream=MASS, low=low, high=high, within_s=within_s)
