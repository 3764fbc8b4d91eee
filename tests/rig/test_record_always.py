"""The record of a run is written whatever its evaluation or its figure runs into."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.program import continuous
from results.decision import Verdict
from results.measured.outcome import Outcome
from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.schema import MASS
from rig import figures
from rig.acquisition.stream import Item
from rig.bench import Bench
from rig.faults import CriterionReached, RigFault
from rig.figures import draw_figure
from rig.run_folder import RunFolder
from rig.running import case_run
from rig.stopping import Reached
from tests.rig.bench_sessions import ended_by, record_of, session_on


def broken(*args: object) -> Outcome:
    raise ZeroDivisionError("of an unforeseen kind")


def test_a_run_that_found_over_infusion_is_recorded_though_nothing_of_it_can_be_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_run, "evaluate_trace", broken)

    class AtOnce:
        def listen(self, item: Item) -> Reached | None:
            return Reached("STOP-1", 2.0, 1.0, "uL", "at once")

    def protocol(bench: Bench) -> None:
        bench.stop_when(AtOnce())
        bench.infuse("infusion", 60.0)

    run = ended_by(session_on(tmp_path), protocol, CriterionReached, "STOP-1")
    record = record_of(run)
    assert record["verdict"] == Verdict.FAIL.value
    assert "STOP-1" in record["reason"]
    assert record["notes"] == ["no value of the run as a whole: ZeroDivisionError: of an unforeseen kind"]


def test_a_run_whose_storage_fails_is_sealed_with_what_was_stored_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = JournalWriter.commit

    def commit_until_infusion(journal: JournalWriter) -> None:
        if b"infusion_start" in (journal.path.parent / "events.jsonl").read_bytes():
            raise ZeroDivisionError("of an unforeseen kind")
        commit(journal)

    monkeypatch.setattr(JournalWriter, "commit", commit_until_infusion)

    def protocol(bench: Bench) -> None:
        bench.infuse("before", 60.0)
        bench.start_infusion(continuous(9.0))
        bench.infuse("infusion", 6000.0)

    run = ended_by(session_on(tmp_path), protocol, RigFault, "unforeseen kind")
    assert record_of(run)["verdict"] == Verdict.INVALID.value
    trace = read_trace(run.folder.trace, sha256=record_of(run)["files"]["trace.h5"])
    assert not trace.closed_orderly
    assert trace.stream(MASS).count > 0


def test_a_figure_that_cannot_be_drawn_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda name: name)
    monkeypatch.setattr(figures, "draw", broken)
    monkeypatch.setattr(figures, "read_trace", lambda path: None)
    monkeypatch.setattr(figures, "provenance_of", lambda trace: None)
    outcome: Outcome = object()  # type: ignore[assignment]
    (note,) = draw_figure(RunFolder(tmp_path), outcome)
    assert note == "the figure is not drawn: ZeroDivisionError: of an unforeseen kind"
