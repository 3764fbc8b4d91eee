"""Stall and recovery: a time without delivery is found by the balance alone, whatever the pump says of itself.

The plan beside this file says how long an infusion is watched, how long the rotor is held, and what is asked.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.stall_recovery import StallRecoveryCase


def test_stall_recovery(bench: Bench, case: StallRecoveryCase) -> None:
    """The pump does not stall by itself; made to, it is found out, says so, and comes back to its flow."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    with bench.phase("infusion", case.delivery_s):
        bench.wait(case.undisturbed_s)
        if case.hold is not None:
            bench.operator_step(case.hold.begin)
            bench.wait(case.hold.duration_s)
            bench.operator_step(case.hold.end)
            bench.wait(case.hold.recovery_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
