"""Over-infusion, sudden or creeping: the delivered mass is added up while the pump runs, and ends the case in FAIL.

The pump's own reservoir alarms are drawn from what is programmed and stay silent. The plan beside this file says how
long is watched, what excess is still allowed, and how much beyond it decides.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.over_infusion import OverInfusionCase


def test_over_infusion(bench: Bench, case: OverInfusionCase) -> None:
    """The pump never delivers so much more than programmed that it adds up."""
    bench.operator_step(case.refill)
    bench.refilled(case.fill_ul)
    bench.set_low_reservoir(case.low_reservoir_ul)
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.stop_when(case.stopping_criterion())
    bench.start_infusion(case.program)
    bench.infuse("infusion", case.watched_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
