"""Daily check: whether balance, line and transducers are fit to measure anything today.

A station may ask for it before any other protocol. The plan beside this file says with which weights and pressures, and
what is asked of the result.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.daily_check import DailyCheckCase


def test_daily_check(bench: Bench, case: DailyCheckCase) -> None:
    """Balance, line and transducers are within the plan's limits."""
    bench.stop_infusion()
    bench.read_balance("zero", case.reading_s)
    for weight in case.weights:
        bench.place_weight(weight.mass_mg, within_s=case.placed_within_s)
        bench.read_balance(weight.phase, case.reading_s)
        bench.remove_weight(weight.mass_mg, within_s=case.placed_within_s)
    bench.read_balance("drift", case.drift_s)
    bench.occlude()
    bench.operator_step(case.pressurise)
    with bench.phase("pressure hold", case.hold_s):
        bench.wait(case.hold_s)
    bench.release()
    for step, phase in ((case.apply_zero, "transducer zero"), (case.apply_span, "transducer span")):
        bench.operator_step(step)
        with bench.phase(phase, case.transducer_s):
            bench.wait(case.transducer_s)
    bench.operator_step(case.release_reference)
    outcome = bench.evaluate()
    bench.verify(outcome)
