"""Coverage of U of the mean flow: three benches, three rates, many seeded runs of the twin straight to arrays.

Run by hand: `python -m tests.proof.coverage [--runs 1000] [--write]`. Stopped half-way, it goes on from the file of
`--keep`, where every run is written as it is done. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.proof.coverage_document import NOTES, document
from tests.proof.coverage_runs import Row, cells, jobs_of, study

_DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"


def notes_of(text: str) -> str:
    """Return the notes of a document, which are written by hand, from their heading on."""
    place = text.find(NOTES)
    return text[place:] if place >= 0 else NOTES


def kept_rows(path: Path, jobs: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[Row, str]]:
    """Return what a file holds of the jobs, each with the commit it was run at."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        entry = json.loads(line)
        commit = entry.pop("commit")
        row = Row(**{**entry, "left_out": {key: (error, u) for key, (error, u) in entry["left_out"].items()}})
        found[row.cell, row.seed] = (row, commit)
    return {job: found[job] for job in jobs if job in found}


def keep(path: Path, row: Row, commit: str) -> None:
    """Add a row to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row) | {"commit": commit}) + "\n")


def main() -> None:
    """Run the study and print its tables; write the document when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="runs per cell [1000]")
    parser.add_argument("--cell", action="append", help="only this cell, such as 'poor, 2 uL/h' (repeatable)")
    parser.add_argument("--keep", type=Path, help="file to which runs are added, and from which they are taken")
    parser.add_argument("--no-more", action="store_true", help="run nothing: the tables of what is kept")
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md, its notes as they are")
    options = parser.parse_args()
    jobs = jobs_of(options.runs, [cell for cell in cells() if not options.cell or cell.name in options.cell])
    commit = _commit()
    done = kept_rows(options.keep, jobs) if options.keep else {}
    for row in () if options.no_more else study([job for job in jobs if job not in done]):
        done[row.cell, row.seed] = (row, commit)
        if options.keep:
            keep(options.keep, row, commit)
    commits = " and ".join(sorted({commit for _, commit in done.values()}))
    made = (
        f"`python -m tests.proof.coverage --runs {options.runs} --write` at commit {commits} on "
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}."
    )
    text = document([row for row, _ in done.values()], made=made, notes=notes_of(_DOCUMENT.read_text(encoding="utf-8")))
    sys.stdout.write(text)
    if options.write:
        _DOCUMENT.write_text(text, encoding="utf-8")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=_DOCUMENT.parent, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
