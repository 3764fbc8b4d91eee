"""The whole of it: `python -m tests.proof.bad_input [--examples 2000] [--write]`, the table in docs/bad-input.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s, utc_now
from tests.end_to_end.bench_runs import ROOT
from tests.proof.bad_input.inspector import INSPECTOR
from tests.proof.bad_input.kinds import KINDS
from tests.proof.bad_input.matrix import cells_of, markdown
from tests.proof.bad_input.properties import ALL, check_damaged, check_profiles

DOCUMENT = ROOT / "docs" / "bad-input.md"
MARKS = {"matrix": ("<!-- matrix -->", "<!-- end of matrix -->"), "drawn": ("<!-- drawn -->", "<!-- end of drawn -->")}


def main() -> int:
    """Run the matrix and the drawn damages; print or write both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=2000, help="damaged files of each kind")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/bad-input.md")
    options = parser.parse_args()
    began_s = host_monotonic_s()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        matrix = markdown([cell for kind in KINDS for cell in cells_of(kind, folder / "matrix" / kind.name)])
        rows = []
        for kind in ALL:
            tally = check_damaged(kind, folder / "drawn" / kind.name, examples=options.examples)
            rows.append(f"| {kind.name} | {tally} |")
            sys.stderr.write(rows[-1] + "\n")
        rows.append(f"| method profile | {check_profiles(examples=options.examples)} |")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    drawn = "\n".join([
        f"Made by `python -m {__package__} --examples {options.examples}` at commit {commit.strip()} on "
        f"{utc_now():%Y-%m-%d} in {(host_monotonic_s() - began_s) / 60.0:.0f} min. "
        f"The HDF5 library ended or hung {INSPECTOR.deaths} times, in the process of its own that looked first.",
        "",
        "| file | damaged files | refused | used, loss told | used |",
        "|---|---|---|---|---|",
        *rows,
    ])  # fmt: skip
    for part, text in (("matrix", matrix), ("drawn", drawn)):
        if options.write:
            _write(part, text)
        else:
            sys.stdout.write(text + "\n")
    return 0


def _write(part: str, text: str) -> None:
    begin, end = MARKS[part]
    head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    DOCUMENT.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
