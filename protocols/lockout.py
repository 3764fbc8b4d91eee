"""Lockout: a bolus is given; a demand that comes too soon is refused, and nothing comes beyond the basal flow.

The plan beside this file says basal flow, bolus and lockout, and how much is still nothing.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.lockout import LockoutCase


def test_lockout(bench: Bench, case: LockoutCase) -> None:
    """Every bolus that is due is given, and none that is not; the balance has the last word on both."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.basal)
    for demand in case.demands:
        bench.demand_bolus(demand.granted, case.bolus, watched_s=case.bolus_s)
        bench.wait(case.settle_s)
        bench.demand_bolus(demand.refused, case.bolus, watched_s=case.watched_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
