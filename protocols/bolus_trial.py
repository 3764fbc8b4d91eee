"""Bolus trial: the screening doses before an implant, by an external pump, each over at least a minute.

The plan beside this file says doses and concentration, how long each takes, and what is asked of the volume.
"""

from __future__ import annotations

from rig.bench import Bench
from rig.procedures.boluses import BolusesCase


def test_bolus_trial(bench: Bench, case: BolusesCase) -> None:
    """Every bolus of a dose gives its volume, and not too fast."""
    bench.prime(case.prime)
    bench.blank("blank_before", case.blank_s)
    bench.wait(case.rest_s)
    for name in case.boluses:
        bench.give_bolus(name, case.bolus)
        bench.wait(case.rest_s)
    bench.blank("blank_after", case.blank_s)
    outcome = bench.evaluate()
    bench.verify(outcome)
