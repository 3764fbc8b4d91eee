"""The whole matrix: `python -m tests.proof.protocols [--seeds 10] [--first-seed 1] [--protocol NAME] [--write]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from instruments.clock import host_monotonic_s, utc_now
from tests.end_to_end.bench_runs import ROOT
from tests.proof.protocols.all_rows import all_rows
from tests.proof.protocols.matrix import run_rows
from tests.proof.protocols.table import LEAST_AGREEMENT, agreement, matrix_markdown

DOCUMENT = ROOT / "docs" / "protocol-matrix.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def main() -> int:
    """Run, tell of every run that is not as it should be, print or write the tables; 1 unless all are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10, help="consecutive seeds of every row")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--protocol", action="append", help="only this protocol (repeatable)")
    parser.add_argument("--at-once", type=int, default=2, help="sessions at the same time")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/protocol-matrix.md")
    options = parser.parse_args()
    rows = [row for row in all_rows() if not options.protocol or row.protocol in options.protocol]
    first = options.first_seed
    work = [(row, seed) for row in rows for seed in range(first, first + min(row.seeds, options.seeds))]
    began_s = host_monotonic_s()
    runs = []
    for run in run_rows(work, at_once=options.at_once):
        runs.append(run)
        wrong = [one for one in run.comparisons if not one.agrees]
        told = "" if run.as_expected else "  NOT AS WANTED"
        sys.stderr.write(f"{run.row.key}, seed {run.seed}: {run.verdict}, {run.cpu_s:.1f} s{told}\n")
        for one in wrong:
            sys.stderr.write(
                f"    {one.name}: {one.measured:.6g}, U {one.expanded_uncertainty:.3g}, true {one.true:.6g}\n"
            )
        if not run.as_expected:
            sys.stderr.write(f"    {run.reason[-600:]}\n")
    minutes = (host_monotonic_s() - began_s) / 60.0
    cpu_min = sum(run.cpu_s for run in runs) / 60.0
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    text = (
        f"Made by `python -m {__package__} {' '.join(sys.argv[1:])}` at commit {commit.strip()} on "
        f"{utc_now():%Y-%m-%d}: {len(runs)} runs, seeds from {first}, in {minutes:.0f} min, {cpu_min:.0f} min of a "
        "processor.\n\n"
        f"{matrix_markdown(runs)}"
    )
    if options.write:
        _write(DOCUMENT, text)
    else:
        sys.stdout.write(text)
    good, count = agreement(runs)
    return 0 if all(run.as_expected for run in runs) and good >= LEAST_AGREEMENT * count else 1


def _write(document: Path, text: str) -> None:
    whole = document.read_text(encoding="utf-8")
    head, _, rest = whole.partition(BEGIN)
    _, _, tail = rest.partition(END)
    document.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
