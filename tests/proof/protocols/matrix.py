"""Runs rows of the protocol matrix as sessions of their own, and says what became of them."""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from results.decision import Verdict
from tests.end_to_end.bench_runs import ROOT, add_events, copy_protocols, make_station, run_protocols
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.truth import RunTruth

RUN_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class RowRun:
    """One row at one seed: its verdict (None: no record), the reason given, and reported numbers beside the truth."""

    row: Row
    seed: int
    verdict: Verdict | None
    reason: str
    comparisons: tuple[Comparison, ...]

    @property
    def as_expected(self) -> bool:
        """True when the verdict is the row's, and the defect is found by its name where the row asks for it."""
        return self.verdict is self.row.verdict and self.row.finds.lower() in self.reason.lower()


def run_row(row: Row, seed: int) -> RowRun:
    """Run one row at one seed, as a person would: a station folder, a plan, a session."""
    with tempfile.TemporaryDirectory(prefix="protocol-matrix-") as name:
        folder = Path(name)
        station = make_station(folder / "station", station=row.station, twin=row.twin, base=row.base)
        add_events(station, *row.events)
        cwd = copy_protocols(folder / "copy", row.plan, protocol=row.protocol) if row.plan else ROOT
        finished = run_protocols(
            folder / "runs",
            *("--station", str(station), "--case", row.case, "--seed", str(seed)),
            protocols=f"protocols/{row.protocol}.py",
            cwd=cwd,
            timeout_s=RUN_TIMEOUT_S,
        )
        if not finished.runs or not finished.run.record.exists():
            verdict = Verdict.NOT_RUN if "NOT RUN" in finished.output else None
            return RowRun(row, seed, verdict, finished.output[-2000:], ())
        record = json.loads(finished.run.record.read_text())
        outcome = record["outcome"]
        comparisons = row.compare(outcome, RunTruth(finished.run)) if outcome else []
        reason = "\n".join([record["reason"], *record["notes"], *((outcome or {}).get("notes") or ())])
        return RowRun(row, seed, Verdict(record["verdict"]), reason, tuple(comparisons))


def _take_a_processor(places: Iterator[int]) -> None:
    """Give each thread, and the sessions it starts, a processor of its own where the system can."""
    if sys.platform == "linux":
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[next(places) % len(processors)]})


def run_rows(rows: Iterable[Row], seeds: Iterable[int], *, at_once: int = 2) -> Iterator[RowRun]:
    """Run every row at every seed, a few sessions at once, and yield them in that order."""
    work = [(row, seed) for row in rows for seed in seeds]
    with ThreadPoolExecutor(at_once, initializer=_take_a_processor, initargs=(itertools.count(),)) as pool:
        yield from pool.map(lambda item: run_row(*item), work)
