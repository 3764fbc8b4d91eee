"""Bolus accuracy: successive boluses at one setting, each weighed by settled readings before and after it.

The plan beside this file says for which volumes, on what basal flow, and what is asked of mean, extremes and spread.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.boluses import BolusesCase


def test_bolus_accuracy(bench: Bench, case: BolusesCase) -> None:
    """The boluses are as large as set: their mean, the largest, the smallest, and how they scatter."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    if case.basal is not None:
        bench.start_infusion(case.basal)
    bench.wait(case.rest_s)
    for name in case.boluses:
        bench.give_bolus(name, case.bolus)
        bench.wait(case.rest_s)
    if case.basal is not None:
        bench.stop_infusion()
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
