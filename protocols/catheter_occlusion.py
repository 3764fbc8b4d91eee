"""Catheter occlusion: the catheter of a pump that raises no alarm is closed for a time, and let go.

What is measured is pressure and delivery: how it rises, when the balance tells that nothing comes, what comes out on
release, and when the flow is steady again. The plan beside this file says at which flow, for how long, and what is
asked of the result.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.catheter_occlusion import CatheterOcclusionCase


def test_catheter_occlusion(bench: Bench, case: CatheterOcclusionCase) -> None:
    """The pump goes on against the pressure, gives back what it stored, and recovers."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.measure_fixture(case.fixture)
    bench.start_infusion(case.program)
    bench.infuse("run-in", case.run_in_s)
    bench.infuse("steady", case.steady_s)
    with bench.phase("occluded", case.lead_s + case.occluded_s):
        bench.wait(case.lead_s)
        bench.occlude()
        bench.wait(case.occluded_s)
    with bench.phase("release", case.lead_s + case.collect_s):
        bench.wait(case.lead_s)
        bench.release()
        bench.wait_until_pressure_below(case.back_kpa, deadline_s=case.back_deadline_s)
        bench.wait(case.collect_s)
    bench.infuse("recovery", case.recovery_s)
    bench.stop_infusion()
    bench.acknowledge_alarms()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
