"""Tables that a proof writes into a document: between two marks, with commit and date."""

from __future__ import annotations

import subprocess
from datetime import UTC
from pathlib import Path

from instruments.clock import utc_now
from tests.end_to_end.bench_runs import ROOT


def made_at() -> str:
    """Return commit and date, as a sentence."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"Made at commit {done.stdout.strip() or 'unknown'} on {utc_now().astimezone(UTC):%Y-%m-%d}"


def write_between(path: Path, mark: str, text: str) -> None:
    """Put a text between `<!-- MARK: begin -->` and `<!-- MARK: end -->`."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->\n"
    before, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{rest[rest.index(end) :]}", encoding="utf-8")
