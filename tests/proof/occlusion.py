"""How often U covers the truth in occlusion tests on the twin: `python -m tests.proof.occlusion --seeds 40`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping

from tests.results.occlusion import catheter_runs, occlusion_runs

Run = occlusion_runs.OcclusionRun | catheter_runs.CatheterRun
SLIPPING: Mapping[str, object] = {"pump.slip_pressure_kpa": 60.0}
MAINTENANCE = catheter_runs.evaluation_of(set_flow_ul_per_h=9.0, test_interval_s=1200.0)
STUDIES: Mapping[str, Callable[[int], Run]] = {
    "lowest threshold": lambda seed: occlusion_runs.run_occlusion(seed),
    "highest threshold": lambda seed: occlusion_runs.run_occlusion(
        seed, evaluation=occlusion_runs.evaluation_of(threshold_kpa=120.0)
    ),
    "lower rate": lambda seed: occlusion_runs.run_occlusion(
        seed, evaluation=occlusion_runs.evaluation_of(set_flow_ul_per_h=600.0)
    ),
    "bolus reduction": lambda seed: occlusion_runs.run_occlusion(seed, reduction=True),
    "pump goes on": lambda seed: occlusion_runs.run_occlusion(seed, goes_on=True),
    "alarm by polls": lambda seed: occlusion_runs.run_occlusion(seed, poll_s=10.0),
    "catheter": lambda seed: catheter_runs.run_catheter(seed),
    "catheter, slipping": lambda seed: catheter_runs.run_catheter(seed, changes=SLIPPING),
    "catheter, maintenance": lambda seed: catheter_runs.run_catheter(seed, evaluation=MAINTENANCE, occluded_s=4000.0),
}


def main() -> None:
    """Print, for every study and measurand, how many numbers hold of how many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40, help="seeds 1 to this")
    seeds = range(1, parser.parse_args().seeds + 1)
    held, made = 0, 0
    for study, run in STUDIES.items():
        good: Counter[str] = Counter()
        told: Counter[str] = Counter()
        for seed in seeds:
            one = run(seed)
            for measurand in one.outcome.measurands:
                true = one.true.get(measurand.name)
                if measurand.value is not None and true is not None:
                    told[measurand.name] += 1
                    off = abs(measurand.value.value - true)
                    good[measurand.name] += off <= measurand.value.expanded_uncertainty
        held, made = held + good.total(), made + told.total()
        sys.stdout.write(f"{study}: {good.total()} of {told.total()}\n")
        for name, count in told.items():
            sys.stdout.write(f"    {name}: {good[name]} of {count}\n")
    sys.stdout.write(f"all: {held} of {made}, {100.0 * held / made:.1f} %\n")


if __name__ == "__main__":
    main()
