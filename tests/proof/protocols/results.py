"""Runs of the matrix as lines of a file, so that an interrupted matrix goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from results.decision import Verdict
from tests.proof.protocols.matrix import RowRun
from tests.proof.protocols.rows import Comparison, Row


class Results:
    """Keeps the runs of one commit; without a file it keeps nothing.

    Errors: ValueError where the file holds runs of another commit: a table is of one.
    """

    def __init__(self, path: Path | None, *, commit: str) -> None:
        self._path = path
        self._commit = commit
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self._kept = {(one["key"], one["seed"]): one for one in map(json.loads, lines)}
        others = {one["commit"] for one in self._kept.values()} - {commit}
        if others:
            raise ValueError(f"{path} holds runs of commit {', '.join(others)}, this is {commit}: name another file")

    def of(self, work: Iterable[tuple[Row, int]]) -> list[RowRun]:
        """Return the runs there are of some rows at seeds."""
        kept = ((row, self._kept.get((row.key, seed))) for row, seed in work)
        return [_run(row, one) for row, one in kept if one is not None]

    def keep(self, run: RowRun) -> None:
        """Add a run to the file."""
        if self._path is None:
            return
        line = {
            "commit": self._commit,
            "key": run.row.key,
            "seed": run.seed,
            "verdict": run.verdict.value if run.verdict else None,
            "reason": run.reason,
            "comparisons": [asdict(one) for one in run.comparisons],
            "cpu_s": run.cpu_s,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _run(row: Row, kept: Mapping[str, Any]) -> RowRun:
    comparisons = tuple(Comparison(**one) for one in kept["comparisons"])
    verdict = Verdict(kept["verdict"]) if kept["verdict"] else None
    return RowRun(row, kept["seed"], verdict, kept["reason"], comparisons, kept["cpu_s"])
