"""The operator of a simulated bench: does each step on the digital twin at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from instruments.clock import utc_now
from rig.faults import NotRun
from rig.operators.step import Confirmation, OperatorStep


class ScriptedOperator:
    """Does the steps on the digital twin."""

    def __init__(self, operate: Callable[[str, Mapping[str, float]], None]) -> None:
        self._operate = operate

    def perform(self, step: OperatorStep, check: Callable[[], None]) -> Confirmation:
        """Do a step now."""
        check()
        try:
            self._operate(step.action, step.values)
        except ValueError as error:
            raise NotRun([f"operator step {step.name!r}: {error}"]) from error
        return Confirmation("scripted, on the digital twin", utc_now().isoformat())
