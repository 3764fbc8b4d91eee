"""Flow accuracy: how far the mean flow of a pump is from its set flow, by weighing what leaves the catheter tip.

The plan beside this file says for which flows, how long each phase lasts, and what is asked of the result.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.flow_accuracy import FlowCase


def test_flow_accuracy(bench: Bench, case: FlowCase) -> None:
    """The mean flow over the analysis period lies within the plan's limits."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    bench.infuse("stabilisation", case.stabilisation_s)
    bench.infuse("analysis", case.analysis_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
