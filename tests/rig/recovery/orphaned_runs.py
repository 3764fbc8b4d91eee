"""Runs whose rig died, made without one: a journal as a killed writer leaves it, and what both logs say."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.schema import TraceEvent
from rig.run_folder import RunFolder, new_run_folder
from tests.results.trace.runs import HEADER, STREAMS, write_second

SECONDS = 5


def orphan(runs: Path, *events: TraceEvent, watchdog: tuple[dict[str, Any], ...] = ()) -> RunFolder:
    """A run whose rig died after five seconds: mass each second, pressure at 1 kHz for a tenth of each."""
    folder = new_run_folder(runs, station="bench", plan="flow-accuracy", case="fast")
    plan = {"id": "flow-accuracy", "revision": "3", "procedure": "flow_accuracy", "case": "fast", "sha256": "cd"}
    header = {**HEADER, "run_id": folder.run_id, "plan": plan, "station": {"id": "bench", "sha256": "ab"}}
    leave_journal(folder.journal, header)
    with EventLog(folder.events) as log:
        for event in events:
            log.record(event)
    if watchdog:
        folder.watchdog.write_text("".join(json.dumps(line) + "\n" for line in watchdog))
    return folder


def leave_journal(path: Path, header: dict[str, object]) -> None:
    """A journal as a killed writer leaves it: committed, with its write-ahead log, not closed, and owned by nobody."""
    with tempfile.TemporaryDirectory() as name:
        living = Path(name) / path.name
        writer = JournalWriter(living, header=header, streams=STREAMS)
        for second in range(SECONDS):
            write_second(writer, second)
        writer.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{living}{suffix}", f"{path}{suffix}")
        writer.close()


def begun(second: float, phase: str) -> TraceEvent:
    return TraceEvent(round(second * 1e9), "phase_begin", "protocol", {"phase": phase})


def made_safe(failed: list[list[str]]) -> TraceEvent:
    return TraceEvent(5 * 10**9, "safe_state", "rig", {"reason": "x", "done": [], "failed": failed})
