"""The bench of a test: a simulated station in this process, and one run on it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from results.trace.events import read_events
from results.trace.schema import TraceEvent
from rig.bench import Bench
from rig.cases.case import Case
from rig.plan import load_plan
from rig.procedures.catheter_trial import CatheterTrialCase
from rig.running.case_run import CaseRun
from rig.session import RigSession
from rig.stations.file import load_station_file
from tests.end_to_end.bench_runs import ROOT, make_station

PLAN = ROOT / "protocols" / "catheter_trial.toml"


def trial_case(name: str = "short") -> CatheterTrialCase:
    return load_plan(PLAN).case(name, CatheterTrialCase)


@dataclass(frozen=True)
class TestSession:
    """A session, and the runs it made."""

    __test__ = False
    session: RigSession

    @contextmanager
    def bench(self, case: Case | None = None) -> Iterator[tuple[CaseRun, Bench]]:
        """One run; what ends it is judged as a session judges it, and raised."""
        run = CaseRun(self.session, case or trial_case())
        with run.opened() as bench:
            yield run, bench


def ended_by(
    session: TestSession,
    protocol: Callable[[Bench], None],
    error: type[Exception],
    match: str,
    *,
    case: Case | None = None,
) -> CaseRun:
    """Return a run that must end by an error."""
    runs: list[CaseRun] = []

    def run_protocol() -> None:
        with session.bench(case) as (run, bench):
            runs.append(run)
            protocol(bench)

    with pytest.raises(error, match=match):
        run_protocol()
    return runs[0]


def session_on(
    folder: Path,
    *,
    seed: int = 1,
    checks: str = "",
    twin: dict[str, str] | None = None,
    changes: dict[str, str] | None = None,
) -> TestSession:
    """Return a session on the simulated station, with `[checks]` appended, its file and its twin changed."""
    station = make_station(folder / "station", station=changes, twin=twin)
    if checks:
        with station.open("a", encoding="utf-8") as file:
            file.write(f"\n{checks}")
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    file_ = load_station_file(station)
    return TestSession(RigSession(station=file_, virtual=True, seed=seed, runs=runs, terminal=io.StringIO()))


def events_of(run: CaseRun, kind: str) -> list[TraceEvent]:
    return [event for event in read_events(run.folder.events).events if event.kind == kind]


def record_of(run: CaseRun) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(run.folder.record.read_text(encoding="utf-8"))
    return record
