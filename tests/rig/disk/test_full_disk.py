"""A disk that fills while a case runs: the pump stops, the record is written, what was recorded is sealed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from results.decision import Verdict
from results.trace.journal_read import JournalReader
from results.trace.reader import read_trace
from results.trace.schema import MASS, Block
from results.trace.seal import seal
from rig.bench import Bench
from rig.disk import room
from rig.faults import NotRun, RigFault, RigLimit
from rig.running import case_run
from rig.running.case_run import CaseRun
from tests.rig.bench_sessions import TestSession, ended_by, events_of, record_of, session_on, trial_case
from tests.rig.disk.small_disks import Quota, folder_bytes, mounted

SILENT = "silent_after_s = 60.0"
SMALL_RESERVE = {SILENT: f"{SILENT}\ndisk_reserve_mb = 1.0", "pressure_rate_hz = 10.0": "pressure_rate_hz = 200.0"}
LONG_S = 3 * 3600.0


def session_in(folder: Path, runs: Path, changes: dict[str, str] = SMALL_RESERVE) -> TestSession:
    session = session_on(folder, changes=changes)
    session.session.runs = runs
    return session


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("this system does not let a test mount a disk; the quota tests stand in")
        yield disk


@pytest.fixture
def longer_than_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run begin that is planned shorter than it will take."""
    monkeypatch.setattr(case_run, "refuse_full_disk", lambda *args, **named: None)


def wait_long(bench: Bench) -> None:
    bench.blank("blank", LONG_S)


def check_all_is_there(run: CaseRun) -> None:
    """Every sample that was published is in the sealed trace, and the journal was closed in order."""
    trace = read_trace(run.folder.trace)
    assert trace.complete
    ends = {event.source: event.data for event in events_of(run, "sampler_end")}
    assert trace.stream(MASS).count == ends[MASS]["due"]
    assert trace.stream("pressure_line").count == ends["pressure"]["samples"]
    assert not run.folder.ballast.exists()


@pytest.mark.usefixtures("longer_than_planned")
def test_a_run_that_outgrows_its_room_is_ended_within_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LOOK_PERIOD_S", 0.1)
    session = session_in(tmp_path, tmp_path / "runs")
    quota = Quota(tmp_path / "runs", 20_000_000)
    session.session.free_bytes = quota.free
    run = ended_by(session, wait_long, RigLimit, "disk space")
    assert record_of(run)["verdict"] == Verdict.ABORTED.value
    assert record_of(run)["safe_state"]["failed"] == []
    assert "disk space" in record_of(run)["interlock"]["reason"]
    check_all_is_there(run)
    assert folder_bytes(quota.folder) < quota.size_bytes - 1_000_000


@pytest.mark.usefixtures("longer_than_planned")
def test_a_real_disk_that_the_run_fills_by_itself(tmp_path: Path, small_disk: Path) -> None:
    run = ended_by(session_in(tmp_path, small_disk), wait_long, RigLimit, "disk space")
    assert record_of(run)["verdict"] == Verdict.ABORTED.value
    check_all_is_there(run)
    assert room.free_bytes(small_disk) > 1_000_000


@pytest.mark.usefixtures("longer_than_planned")
def test_a_real_disk_that_another_program_fills_at_once(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_PERIOD_S", 3600.0)

    def protocol(bench: Bench) -> None:
        bench.blank("blank", 600.0)
        fill(small_disk / "another program's")
        wait_long(bench)

    run = ended_by(session_in(tmp_path, small_disk), protocol, RigFault, "disk")
    record = record_of(run)
    assert record["verdict"] == Verdict.INVALID.value
    assert record["safe_state"]["failed"] == []
    assert not run.folder.ballast.exists()
    (small_disk / "another program's").unlink()
    seal(run.folder.journal, run.folder.trace)
    trace = read_trace(run.folder.trace)
    assert not trace.complete
    times_ns = trace.stream(MASS).time_ns
    (lost,) = (note for note in record["notes"] if note.startswith("samples taken that storage did not take: "))
    ends = {event.source: event.data for event in events_of(run, "sampler_end")}
    assert f"mass {int(str(ends[MASS]['due'])) - len(times_ns)}" in lost
    assert len(times_ns) >= 600
    with JournalReader(run.folder.journal) as reader:
        blocks = [entry.item for entry in reader.entries() if isinstance(entry.item, Block)]
    stored = [block.time_ns for block in blocks if block.stream == MASS]
    assert np.array_equal(times_ns, np.concatenate(stored))


def test_a_run_for_which_there_is_no_room_is_not_begun(tmp_path: Path, small_disk: Path) -> None:
    session = session_in(tmp_path, small_disk, {})
    with pytest.raises(NotRun, match=r"no room on the disk of .* 24 MB are free, .* 256 MB of \[limits\]"):
        begin(session)
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_folder_that_cannot_be_made_leaves_the_bench_safe_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    session = session_on(tmp_path)
    session.session.runs = Path(os.devnull) / "runs"
    session.session.free_bytes = lambda _: 10**12
    for _ in range(times):
        run = CaseRun(session.session, trial_case())
        with pytest.raises(OSError, match=os.devnull), run.opened():
            raise AssertionError("there is no folder")
        assert run.safe_state.is_safe
        assert "pump stop confirmed" in run.safe_state.done


def begin(session: TestSession) -> None:
    with session.bench():
        raise AssertionError("there is no room")


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
