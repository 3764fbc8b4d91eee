"""`python -m tests.proof.kill [--times N] [--write]`: the kill matrix in full."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s
from tests.proof.kill.lanes import all_kills, run_lanes
from tests.proof.kill.table import DOCUMENT, as_text, write


def main() -> int:
    """Run it, print its table; 1 when a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.kill")
    parser.add_argument("--times", type=int, default=3, help="how often each cause comes in each of its phases [3]")
    parser.add_argument("--only", default="", help="only causes whose name holds this")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT}")
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    options = parser.parse_args()
    kills = [kill for kill in all_kills(options.times) if options.only in kill.cause.name]
    begun_s, loads = host_monotonic_s(), [os.getloadavg()[0]]

    def report(line: str) -> None:
        loads.append(os.getloadavg()[0])
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as temporary:
        judged = run_lanes(options.keep or Path(temporary), kills, report)
    text = as_text(judged, loads=loads, took_s=host_monotonic_s() - begun_s)
    sys.stdout.write(text)
    if options.write:
        write(text)
    return int(any(one.faults for one in judged))


if __name__ == "__main__":
    sys.exit(main())
