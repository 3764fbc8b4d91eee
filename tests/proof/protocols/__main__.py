"""The whole matrix: `python -m tests.proof.protocols [--seeds 10] [--first-seed 1] [--protocol NAME] [--write]`.

Every row runs at one seed before any runs at the next. With `--results FILE` each run is kept as a line of that file as
it ends, and a matrix that was interrupted goes on where it stood, at the commit it was begun at.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from instruments.clock import host_monotonic_s, utc_now
from tests.end_to_end.bench_runs import ROOT
from tests.proof.protocols.all_rows import all_rows
from tests.proof.protocols.matrix import RowRun, run_rows
from tests.proof.protocols.results import Results
from tests.proof.protocols.rows import Row
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
    parser.add_argument(
        "--results", type=Path, help="file that keeps each run as it ends; those in it are not run again"
    )
    parser.add_argument(
        "--until-min", type=float, help="begin no session later than this, and tell of those that ended"
    )
    parser.add_argument("--write", action="store_true", help="write the tables into docs/protocol-matrix.md")
    options = parser.parse_args()
    rows = [row for row in all_rows() if not options.protocol or row.protocol in options.protocol]
    first, began_s = options.first_seed, host_monotonic_s()
    wanted = [(row, seed) for seed in range(first, first + options.seeds) for row in rows if seed < first + row.seeds]
    commit = _commit()
    results = Results(options.results, commit=commit)
    runs = results.of(wanted)
    done = {(run.row.key, run.seed) for run in runs}
    work: Iterator[tuple[Row, int]] = (item for item in wanted if (item[0].key, item[1]) not in done)
    if options.until_min is not None:
        end_s = began_s + 60.0 * options.until_min
        work = itertools.takewhile(lambda _: host_monotonic_s() < end_s, work)
    for run in run_rows(work, at_once=options.at_once):
        runs.append(run)
        results.keep(run)
        _tell(run)
    order = {(row.key, seed): place for place, (row, seed) in enumerate(wanted)}
    runs.sort(key=lambda run: order[run.row.key, run.seed])
    took_min = (host_monotonic_s() - began_s) / 60.0
    head = _head(runs, commit=commit, wanted=len(wanted), resumed=bool(done), took_min=took_min)
    text = f"{head}\n\n{matrix_markdown(runs)}"
    if options.write:
        _write(DOCUMENT, text)
    else:
        sys.stdout.write(text)
    good, count = agreement(runs)
    return 0 if all(run.as_expected for run in runs) and good >= LEAST_AGREEMENT * count else 1


def _tell(run: RowRun) -> None:
    told = "" if run.as_expected else "  NOT AS WANTED"
    verdict = run.verdict.value if run.verdict else "no record"
    sys.stderr.write(f"{run.row.key}, seed {run.seed}: {verdict}, {run.cpu_s:.1f} s{told}\n")
    for one in run.comparisons:
        if not one.agrees:
            values = f"{one.measured:.6g}, U {one.expanded_uncertainty:.3g}, true {one.true:.6g}"
            sys.stderr.write(f"    {one.name}: {values}\n")
    if not run.as_expected:
        sys.stderr.write(f"    {run.reason[-600:]}\n")


def _head(runs: Sequence[RowRun], *, commit: str, wanted: int, resumed: bool, took_min: float) -> str:
    cpu_min = sum(run.cpu_s for run in runs) / 60.0
    took = "in parts" if resumed else f"in {took_min:.0f} min"
    part = "" if len(runs) == wanted else f" of the {wanted} of the whole matrix: it was not run to its end"
    return (
        f"Made by `python -m {__package__}` at commit {commit} on {utc_now():%Y-%m-%d}: {len(runs)} runs{part}. They "
        f"ran {took} and took {cpu_min:.0f} min of a processor, {cpu_min / 2.0:.0f} min on two that do nothing else."
    )


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout.strip()


def _write(document: Path, text: str) -> None:
    whole = document.read_text(encoding="utf-8")
    head, _, rest = whole.partition(BEGIN)
    _, _, tail = rest.partition(END)
    document.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
