"""Runs rows of the protocol matrix as sessions of their own, and says what became of them."""

from __future__ import annotations

import itertools
import json
import os
import queue
import re
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from results.decision import Verdict
from tests.end_to_end.bench_runs import LEAN, ROOT, add_events, copy_protocols, make_station
from tests.proof.protocols.rows import Comparison, Row
from tests.proof.protocols.sessions import run_session
from tests.proof.protocols.truth import RunTruth

RUN_TIMEOUT_S = 900.0
CHEAP = ("--no-figure", "--assert=plain", "-p", "no:unraisableexception")
"""Options of a session whose figures nobody looks at, and whose process ends with it."""
DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class RowRun:
    """One row at one seed: its verdict (None: no record), the reason given, and reported numbers beside the truth.

    `cpu_s`: processor time of its session, s.
    """

    row: Row
    seed: int
    verdict: Verdict | None
    reason: str
    comparisons: tuple[Comparison, ...]
    cpu_s: float

    @property
    def as_expected(self) -> bool:
        """True when the verdict is one of the row's, and the defect is found by its name where the row asks for it."""
        is_right = self.verdict is not None and self.verdict in (self.row.verdict, self.row.or_else)
        return is_right and self.row.finds.lower() in self.reason.lower()


def run_row(row: Row, seed: int, *, cpu: int | None = None) -> RowRun:
    """Run one row at one seed, as a person would: a station folder, a plan, a session (on processor `cpu`)."""
    with tempfile.TemporaryDirectory(prefix="protocol-matrix-") as name:
        folder = Path(name)
        station = make_station(folder / "station", station=row.station, twin=row.twin, base=row.base)
        add_events(station, *row.events)
        _give_time(station)
        cwd = copy_protocols(folder / "copy", row.plan, protocol=row.protocol) if row.plan else ROOT
        runs = folder / "runs"
        session = run_session(
            [
                *(f"protocols/{row.protocol}.py", *LEAN, *CHEAP, "--runs", str(runs)),
                *("--station", str(station), "--case", row.case, "--seed", str(seed)),
            ],
            runs=runs,
            cwd=cwd,
            timeout_s=RUN_TIMEOUT_S,
            cpu=cpu,
        )
        finished = session.finished
        if not finished.runs or not finished.run.record.exists():
            verdict = Verdict.NOT_RUN if "NOT RUN" in finished.output else None
            return RowRun(row, seed, verdict, finished.output[-2000:], (), session.cpu_s)
        record = json.loads(finished.run.record.read_text())
        outcome = record["outcome"]
        comparisons = row.compare(outcome, RunTruth(finished.run)) if outcome else []
        reason = "\n".join([record["reason"], *record["notes"], *((outcome or {}).get("notes") or ())])
        return RowRun(row, seed, Verdict(record["verdict"]), reason, tuple(comparisons), session.cpu_s)


def _give_time(station: Path) -> None:
    """Let each driver wait long for its answer: that other work holds this computer up is no matter of a protocol."""
    text = station.read_text(encoding="utf-8")
    station.write_text(re.sub(r'(?m)^(driver = ".*)$', rf"\1\ndeadline_s = {DEADLINE_S}", text), encoding="utf-8")


def run_rows(work: Iterable[tuple[Row, int]], *, at_once: int = 2) -> Iterator[RowRun]:
    """Run rows at seeds, a few sessions at once, each on a processor of its own; yield them as they end."""
    processors = sorted(os.sched_getaffinity(0))
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for place in range(at_once):
        free.put(processors[place % len(processors)])

    def run(item: tuple[Row, int]) -> RowRun:
        cpu = free.get()
        try:
            return run_row(*item, cpu=cpu)
        finally:
            free.put(cpu)

    waiting = iter(work)
    with ThreadPoolExecutor(at_once) as pool:
        running = {pool.submit(run, item) for item in itertools.islice(waiting, at_once)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ended)
            running |= {pool.submit(run, item) for item in itertools.islice(waiting, len(ended))}
