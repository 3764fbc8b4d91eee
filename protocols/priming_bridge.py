"""Priming bolus and bridge bolus: the catheter filled fast, and the old drug given on until it has left the catheter.

The plan beside this file says volume, doses and concentrations, and what is asked of both boluses.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.priming_bridge import PrimingBridgeCase


def test_priming_bridge(bench: Bench, case: PrimingBridgeCase) -> None:
    """Both boluses give their volume, the bridge in its time, and each is followed by the dose that is due."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.give_bolus("priming bolus", case.priming)
    bench.start_infusion(case.old_dose)
    bench.infuse("after priming", case.after_priming_s)
    bench.change_program(case.new_dose)
    bench.give_bolus("bridge bolus", case.bridge)
    bench.infuse("after bridge", case.after_bridge_s)
    bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
