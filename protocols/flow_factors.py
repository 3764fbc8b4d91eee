"""Flow accuracy under one factor at a time: what back pressure, temperature, filling and air pressure do to a flow.

The plan beside this file says the factors and the flow; what must be set up by hand is asked of the operator.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.flow_factors import FlowFactorCase


def test_flow_factors(bench: Bench, case: FlowFactorCase) -> None:
    """The mean flow lies within the plan's limits under the factor, too."""
    bench.prime(case.prime)
    for step in case.steps:
        bench.operator_step(step)
    if case.fill_ul is not None:
        bench.refilled(case.fill_ul)
    with bench.phase("adapt", case.adapt_s):
        bench.wait(case.adapt_s)
    bench.blank("blank_before", case.blank_s)
    bench.start_infusion(case.program)
    bench.infuse("stabilisation", case.stabilisation_s)
    bench.infuse("analysis", case.analysis_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
