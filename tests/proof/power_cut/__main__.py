"""The whole of it: `python -m tests.proof.power_cut [--cuts 300] [--write]`, the table in docs/crash-safety.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s, utc_now
from tests.end_to_end.bench_runs import ROOT
from tests.proof.power_cut.cuts import cuts, recorded_run, table
from tests.proof.power_cut.recorder import Sync, SyncFolder, Write

DOCUMENT = ROOT / "docs" / "crash-safety.md"
BEGIN, END = "<!-- power cuts -->", "<!-- end of power cuts -->"


def main() -> int:
    """Record a run, cut the power, tell of every cut that broke something; 1 unless none did."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=330, help="commits of the run; from 300 the log is checkpointed")
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table into docs/crash-safety.md")
    options = parser.parse_args()
    began_s = host_monotonic_s()
    seeds = range(options.first_seed, options.first_seed + options.cuts)
    with tempfile.TemporaryDirectory() as name:
        ops = recorded_run(Path(name), commits=options.commits)
        done = []
        for cut in cuts(ops, Path(name), seeds):
            done.append(cut)
            if cut.broken is not None:
                sys.stderr.write(f"{cut}\n")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    writes = sum(isinstance(op, Write) for op in ops)
    syncs = sum(isinstance(op, Sync | SyncFolder) for op in ops)
    text = (
        f"Made by `python -m {__package__}` at commit {commit.strip()} on {utc_now():%Y-%m-%d}: {len(done)} cuts,\n"
        f"seeds {seeds[0]} to {seeds[-1]}, of a run of {options.commits} commits ({len(ops)} operations, {writes} "
        f"of them writes, {syncs} syncs),\nin {(host_monotonic_s() - began_s) / 60.0:.0f} min.\n\n{table(done)}"
    )
    if options.write:
        head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        DOCUMENT.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")
    return int(any(cut.broken is not None for cut in done))


if __name__ == "__main__":
    sys.exit(main())
