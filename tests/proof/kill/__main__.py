"""`python -m tests.proof.kill --write`: the kill matrix in full; about 10 minutes on two cores with nothing else to do.

`--seeds 1-73` does a part of it (once through all cells are 73), and `--results FILE` keeps what was found and counts
what the file holds already.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s
from tests.end_to_end.bench_runs import ROOT
from tests.proof.document import write_between
from tests.proof.kill.judged import keep, kept
from tests.proof.kill.lanes import all_kills, run_lanes
from tests.proof.kill.table import DOCUMENT, as_text

TIMES = 3


def main() -> int:
    """Run it, print its tables; 1 when a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.kill")
    parser.add_argument("--seeds", default="", help="only these, as 1-73")
    parser.add_argument("--times", type=int, default=TIMES, help=f"how often each cause comes in each phase [{TIMES}]")
    parser.add_argument("--only", default="", help="only causes whose name holds this")
    parser.add_argument("--results", type=Path, help="a file of results to add to")
    parser.add_argument("--keep", type=Path, help="keep runs and witnesses in this folder")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT}")
    options = parser.parse_args()
    first, last = (int(one) for one in (options.seeds or "1-1000000").split("-"))
    kills = [one for one in all_kills(options.times) if first <= one.seed <= last and options.only in one.cause.name]
    begun_s, loads = host_monotonic_s(), [os.getloadavg()[0]]

    def report(line: str) -> None:
        loads.append(os.getloadavg()[0])
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as temporary:
        judged = run_lanes(options.keep or Path(temporary), kills, report)
    if options.results is not None:
        keep(options.results, judged)
        judged = kept(options.results)
    text = as_text(judged, loads=loads, took_s=host_monotonic_s() - begun_s)
    sys.stdout.write(text)
    if options.write:
        write_between(ROOT / DOCUMENT, "kill matrix", text)
    return int(any(one.complaints for one in judged))


if __name__ == "__main__":
    sys.exit(main())
