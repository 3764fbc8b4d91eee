"""Coverage of U of the mean flow: three benches, three rates, many seeded runs of the twin straight to arrays.

Run by hand: `python -m tests.proof.coverage [--runs 1000] [--write]`. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
import time
from pathlib import Path

from tests.proof.coverage_document import NOTES, document
from tests.proof.coverage_runs import cells, study

_DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"


def notes_of(text: str) -> str:
    """Return the notes of a document, which are written by hand, from their heading on."""
    place = text.find(NOTES)
    return text[place:] if place >= 0 else NOTES


def main() -> None:
    """Run the study and print its tables; write the document when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="runs per cell [1000]")
    parser.add_argument("--cell", action="append", help="only this cell, such as 'poor, 2 uL/h' (repeatable)")
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md, its notes as they are")
    options = parser.parse_args()
    chosen = tuple(cell for cell in cells() if not options.cell or cell.name in options.cell)
    commit = _commit()
    begin = time.perf_counter()
    rows = list(study(options.runs, chosen))
    minutes = (time.perf_counter() - begin) / 60.0
    command = f"`python -m tests.proof.coverage --runs {options.runs}{' --write' if options.write else ''}`"
    made = f"{command} at commit {commit} on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, in {minutes:.0f} min."
    text = document(rows, made=made, notes=notes_of(_DOCUMENT.read_text(encoding="utf-8")))
    sys.stdout.write(text)
    if options.write:
        _DOCUMENT.write_text(text, encoding="utf-8")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=_DOCUMENT.parent, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
