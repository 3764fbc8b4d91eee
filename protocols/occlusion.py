"""Occlusion: the line is closed while the pump runs, up to its alarm, and let go.

First the bench's own part of the line is measured without the pump. The plan beside this file says at which flows and
thresholds, how long an alarm is waited for, and what is asked of the result.
"""

from __future__ import annotations

from instruments.readings import PumpAlarm, PumpState
from rig.bench import Bench
from rig.procedures.occlusion import OcclusionCase


def test_occlusion(bench: Bench, case: OcclusionCase) -> None:
    """The pump alarms in time and near its threshold, and lets little out when the line is opened."""
    bench.prime(case.prime)
    bench.set_occlusion_threshold(case.threshold_kpa)
    bench.set_automatic_restart(case.restart_after_s is not None)
    bench.blank("blank_before", case.blank_s)
    bench.measure_fixture(case.fixture)
    bench.start_infusion(case.program)
    bench.infuse("run-in", case.run_in_s)
    bench.infuse("steady", case.steady_s)
    with bench.phase("occluded", case.lead_s + case.deadline_s):
        bench.wait(case.lead_s)
        bench.occlude()
        if case.restart_after_s is None:
            wait_for_the_alarm(bench, case)
        elif bench.wait_for_state(PumpState.CHECKING_LINE, deadline_s=case.deadline_s):
            bench.wait(case.restart_after_s)
    with bench.phase("release", case.lead_s + case.collect_s):
        bench.wait(case.lead_s)
        bench.release()
        if case.restart_after_s is not None:
            bench.wait_for_state(PumpState.INFUSING, deadline_s=case.restart_deadline_s)
        bench.wait_until_pressure_below(case.back_kpa, deadline_s=case.back_deadline_s)
        bench.wait(case.collect_s)
    bench.stop_infusion()
    bench.acknowledge_alarms()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)


def wait_for_the_alarm(bench: Bench, case: OcclusionCase) -> None:
    """Let the pump alarm and finish its bolus reduction; stop one that does not alarm."""
    if bench.wait_for_alarm(PumpAlarm.OCCLUSION, deadline_s=case.deadline_s):
        bench.wait_for_state(PumpState.ALARM, deadline_s=case.reduction_deadline_s)
    else:
        bench.stop_infusion()
    bench.wait(case.rest_s)
