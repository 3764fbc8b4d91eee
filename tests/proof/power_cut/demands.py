"""What must hold of a run after a power cut at any moment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from results.trace.content import file_sha256
from results.trace.errors import JournalError
from results.trace.events import read_events
from results.trace.reader import read_trace
from results.trace.seal import seal
from rig.record import recorded_sha256
from rig.run_folder import RunFolder
from tests.proof.power_cut.recorder import Op, Said
from tests.results.trace.runs import check_trace_content, event


@dataclass(frozen=True)
class Promised:
    """What the writer had said was durable before the cut."""

    stage: str
    events: int
    samples: Mapping[str, int]
    sealed: str | None
    recorded: bool


def promised(ops: Sequence[Op]) -> Promised:
    """Return what was said within these operations."""
    said = [op.words for op in ops if isinstance(op, Said)]
    stages = [str(words[0]) for words in said if words[0] != "event"]
    samples = [words[1] for words in said if words[0] == "committed"]
    return Promised(
        stage=stages[-1] if stages else "before",
        events=max((int(words[1]) for words in said if words[0] == "event"), default=0),
        samples=samples[-1] if samples else {},
        sealed=next((str(words[1]) for words in said if words[0] == "sealed"), None),
        recorded="recorded" in stages,
    )


def check_after_cut(runs: Path, word: Promised, whole_sha256: str) -> str:
    """Demand everything; return what was left: "nothing" (nothing was promised), "recovered", or "whole"."""
    folders = list(runs.iterdir())
    if not folders:
        assert word.stage == "before", "the folder of the run is lost"
        return "nothing"
    folder = RunFolder(folders[0])
    if folder.trace.exists():
        assert file_sha256(folder.trace) == whole_sha256, "a trace under its final name that is not whole"
    assert word.sealed is None or folder.trace.exists(), "the sealed trace is lost"
    _check_record(folder, word, whole_sha256)
    _check_events(folder, word)
    try:
        report = seal(folder.journal, folder.trace)
    except JournalError:
        assert word.stage == "before", "the journal is lost"
        return "nothing"
    trace = read_trace(report.trace_path, sha256=report.sha256)
    check_trace_content(trace)
    assert report.damage == (), "a row is damaged"
    for stream, count in word.samples.items():
        assert trace.stream(stream).count >= count, f"{stream}: durable samples are lost"
    if word.stage in ("closed", "sealed", "recorded"):
        assert report.complete
        assert report.sha256 == whole_sha256
    subprocess.run(["h5dump", "-H", str(report.trace_path)], check=True, capture_output=True)
    return "whole" if report.complete else "recovered"


def _check_events(folder: RunFolder, word: Promised) -> None:
    if not folder.events.exists():
        assert word.events == 0, "the event log is lost"
        return
    logged = read_events(folder.events).events
    assert len(logged) >= word.events, "durable events are lost"
    assert list(logged) == [event(index) for index in range(len(logged))], "an event that never was"


def _check_record(folder: RunFolder, word: Promised, whole_sha256: str) -> None:
    if not folder.record.exists():
        assert not word.recorded, "the record is lost"
        return
    assert recorded_sha256(folder) == whole_sha256
    assert json.loads(folder.record.read_text(encoding="utf-8"))["verdict"] == "ABORTED"
