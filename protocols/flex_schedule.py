"""Flex schedule: day-steps with a dose of their own, repeated over days, as an implant gives them.

The plan beside this file says the steps of a day, how many days, and what is asked of the result.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.flex_schedule import FlexScheduleCase


def test_flex_schedule(bench: Bench, case: FlexScheduleCase) -> None:
    """Every day-step gives its dose, begins when it should, and every day adds up."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    for step in case.day_steps:
        bench.infuse(step.phase, step.duration_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
