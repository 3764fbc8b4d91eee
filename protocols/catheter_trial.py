"""Catheter trial: the continuous test infusion before an implant, started low and raised in steps.

The plan beside this file says which steps, how long each is held, and what is asked of the result.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.catheter_trial import CatheterTrialCase


def test_catheter_trial(bench: Bench, case: CatheterTrialCase) -> None:
    """Every step is reached, and delivers what is set; so does the trial as a whole."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    for step in case.steps:
        bench.change_program(step.program)
        bench.infuse(step.phase, step.hold_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
