"""`python -m tests.proof.link_faults --write`: every fault of every link in every phase, with and without a gap.

`--runs N` goes N times through all cells, each time at other instants; `--results FILE` keeps what was found and adds
to what the file holds already.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from instruments.clock import host_monotonic_s
from tests.end_to_end.bench_runs import ROOT
from tests.proof.document import write_between
from tests.proof.link_faults.faults import all_faults
from tests.proof.link_faults.matrix import keep, kept, run_cells
from tests.proof.link_faults.table import DOCUMENT, as_text


def main() -> int:
    """Run it, print its tables; 1 when a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.link_faults")
    parser.add_argument("--runs", type=int, default=1, help="how often each cell, at instants of its own [1]")
    parser.add_argument("--first-seed", type=int, default=1, help="seed of the first time through [1]")
    parser.add_argument("--only", default="", help="only cells whose words hold this: a driver, a fault, a phase")
    parser.add_argument("--at-once", type=int, default=4, help="runs side by side [4]")
    parser.add_argument("--results", type=Path, help="a file of results to add to")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT}")
    options = parser.parse_args()
    begun_s = host_monotonic_s()
    seeds = range(options.first_seed, options.first_seed + options.runs)
    faults = [fault for seed in seeds for fault in all_faults(seed) if options.only in fault.words]
    judged = []
    for one in run_cells(faults, at_once=options.at_once):
        judged.append(one)
        if options.results is not None:
            keep(options.results, one)
        words = one.outcome if not one.complaints else f"NOT AS DEMANDED: {one.complaints[0]}"
        sys.stdout.write(f"{one.fault.words}: {one.verdict}, {words}\n")
        sys.stdout.flush()
    if options.results is not None:
        judged = kept(options.results)
    text = as_text(judged, took_s=host_monotonic_s() - begun_s)
    sys.stdout.write(text)
    if options.write:
        write_between(ROOT / DOCUMENT, "link faults", text)
    return int(any(one.complaints for one in judged))


if __name__ == "__main__":
    sys.exit(main())
