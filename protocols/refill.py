"""Refill: what the pump calculates it has delivered, and takes a refill for, against what is weighed and filled.

The plan beside this file says the flow, how often the pump is refilled, and how far the two may lie apart.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.refill import RefillCase


def test_refill(bench: Bench, case: RefillCase) -> None:
    """The pump's own count is what the balance shows, from refill to refill."""
    bench.operator_step(case.refill)
    bench.refilled(case.fill_ul)
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    for phase in case.infusions:
        bench.start_infusion(case.program)
        bench.infuse(phase, case.infusion_s)
        bench.stop_infusion()
        bench.wait(case.standing_s)
        bench.operator_step(case.refill)
        bench.refilled(case.fill_ul)
        bench.wait(case.standing_s)
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
