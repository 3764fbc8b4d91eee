"""Low and empty reservoir: a little is filled in and delivered until the pump says that nothing is left.

An implant computes both alarms from its program; what is truly left, the balance tells. The plan beside this file says
how much is filled in, and by how much the pump may be wrong.
"""

from __future__ import annotations

from instruments.readings import PumpAlarm
from rig.bench import Bench
from rig.procedures.low_reservoir import LowReservoirCase


def test_low_reservoir(bench: Bench, case: LowReservoirCase) -> None:
    """The pump says low and empty when it is, and delivers nothing more."""
    bench.prime(case.prime)
    bench.operator_step(case.refill)
    bench.refilled(case.fill_ul)
    bench.set_low_reservoir(case.low_reservoir_ul)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    with bench.phase("infusion", case.deadline_s):
        bench.wait_for_alarm(PumpAlarm.EMPTY_RESERVOIR, deadline_s=case.deadline_s)
    bench.infuse("after empty", case.after_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
