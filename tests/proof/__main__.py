"""`python -m tests.proof`: every matrix of how a run may end, in full, tables written; about 70 minutes on two cores.

Nothing else should run on the machine meanwhile: the kills are made at wall-clock time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from instruments.clock import host_monotonic_s
from tests.end_to_end.bench_runs import ROOT

PROOFS = {
    "kill": ("--times", "3"),
    "power_cut": (),
    "link_faults": ("--runs", "3", "--at-once", "8"),
    "bad_input": (),
    "soak": (),
}


def main() -> int:
    """Run them one after another, whatever comes of each; 1 when a demand of any was not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.parse_args()
    statuses, lines = [], []
    for name, options in PROOFS.items():
        began_s = host_monotonic_s()
        command = [sys.executable, "-m", f"tests.proof.{name}", *options, "--write"]
        statuses.append(subprocess.run(command, cwd=ROOT, check=False).returncode)
        outcome = "NOT AS DEMANDED" if statuses[-1] else "as demanded"
        lines.append(f"{name}: {outcome}, {(host_monotonic_s() - began_s) / 60.0:.0f} min\n")
    sys.stdout.writelines(lines)
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main())
