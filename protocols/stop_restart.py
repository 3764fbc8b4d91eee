"""Stop and restart: stopped for so long that it must alarm, a pump delivers nothing, and then its flow again.

The plan beside this file says how long the pump stands, and what is asked of alarm and flow.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.stop_restart import StopRestartCase


def test_stop_restart(bench: Bench, case: StopRestartCase) -> None:
    """Nothing comes while the pump stands, it says that it stands, and comes back to its flow."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    bench.infuse("before stop", case.before_s)
    bench.stop_infusion()
    with bench.phase("stopped", case.stopped_s):
        bench.wait(case.stopped_s)
    bench.acknowledge_alarms()
    bench.start_infusion(case.program)
    bench.infuse("after restart", case.after_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
