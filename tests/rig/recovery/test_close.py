"""An orphaned run is closed once, as ABORTED, with all that was recorded and a count of what was not."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from results.trace.errors import SealError
from results.trace.events import EventLog
from results.trace.ownership import OwnerLock, lock_path
from results.trace.reader import read_trace
from results.trace.schema import TraceEvent
from results.trace.seal import SealReport
from rig.ownership.state import StationState
from rig.recovery.at_start import close_orphans, settle_last_run
from rig.recovery.close import close_orphan
from rig.recovery.witnesses import Witnesses, witnesses_of
from rig.run_folder import RunFolder, is_run_name, new_run_folder
from rig.watchdog.log import WatchdogLog
from tests.rig.recovery.orphaned_runs import SECONDS, begun, made_safe, orphan

LOST = {
    "kind": "rig_lost",
    "reason": "died",
    "last_beat": {"beat": 9, "published": {"mass": 7, "pressure_catheter": 730}},
}
ACTED = {"kind": "action", "name": "pump stop", "error": ""}
FAILED = {"kind": "action", "name": "pump stop confirmed", "error": "silent"}


def record_of(folder: RunFolder) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(folder.record.read_text())
    return record


def test_it_is_closed_as_aborted_with_everything_recorded(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "prime"), begun(2, "blank"))
    recovered = close_orphan(folder)
    assert recovered is not None
    record = record_of(folder)
    assert record["verdict"] == "ABORTED"
    assert "blank" in record["reason"]
    plan = {"id": "flow-accuracy", "revision": "3", "procedure": "flow_accuracy", "sha256": "cd"}
    assert record["plan"] == plan
    assert (record["case"], record["station"], record["station_sha256"]) == ("fast", "bench", "ab")
    assert record["outcome"] is None
    trace = read_trace(folder.trace, sha256=record["files"]["trace.h5"])
    assert not trace.closed_orderly
    assert trace.stream("mass").count == SECONDS


def anchored(second: float, utc: str, *, virtual: bool = False) -> TraceEvent:
    return TraceEvent(round(second * 1e9), "clock_anchor", "clock", {"utc": utc, "virtual": virtual, "u_s": 0.0})


def test_it_ended_at_its_last_sample_by_the_last_anchor_not_when_it_is_closed(tmp_path: Path) -> None:
    old, last = anchored(0, "2026-03-01T07:00:00+00:00"), anchored(2, "2026-03-01T08:00:00+00:00")
    folder = orphan(tmp_path, old, last)
    close_orphan(folder)
    record = record_of(folder)
    assert record["ended_utc"] == "2026-03-01T08:00:02+00:00"
    assert record["recorded_utc"] > "2026-11"


def test_it_ended_with_the_work_of_its_watchdog(tmp_path: Path) -> None:
    done = {**ACTED, "utc": "2026-03-01T08:01:00+00:00"}
    folder = orphan(tmp_path, anchored(2, "2026-03-01T08:00:00+00:00"), watchdog=({**LOST, "utc": "x"}, done))
    close_orphan(folder)
    assert record_of(folder)["ended_utc"] == "2026-03-01T08:01:00+00:00"


def test_where_time_jumped_it_ended_when_its_log_of_events_was_written_last(tmp_path: Path) -> None:
    folder = orphan(tmp_path, anchored(2, "2026-03-01T08:00:00+00:00", virtual=True))
    os.utime(folder.events, (1.7e9, 1.7e9))
    close_orphan(folder)
    assert record_of(folder)["ended_utc"] == "2023-11-14T22:13:20+00:00"


def test_a_run_that_cannot_be_sealed_now_stays_an_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = orphan(tmp_path, begun(0, "prime"))

    def full(journal: Path, trace: Path) -> SealReport:
        raise SealError(trace, "cannot be written (no space left on device)", "Free space and seal again")

    with monkeypatch.context() as patched:
        patched.setattr("rig.recovery.close.seal", full)
        (line,) = close_orphans(tmp_path)
    assert "Free space and seal again" in line
    assert not folder.record.exists()
    assert close_orphan(folder) is not None
    assert folder.trace.exists()


def test_closing_again_changes_nothing(tmp_path: Path) -> None:
    folder = orphan(tmp_path)
    assert close_orphan(folder) is not None
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    assert close_orphan(folder) is None
    assert list(close_orphans(tmp_path)) == []
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def test_the_last_heartbeat_counts_what_is_missing_to_the_sample(tmp_path: Path) -> None:
    folder = orphan(tmp_path, watchdog=(LOST, ACTED, {"kind": "safe", "done": ["pump stop"], "failed": []}))
    recovered = close_orphan(folder)
    assert recovered is not None
    assert recovered.is_safe
    notes = record_of(folder)["notes"]
    recorded = read_trace(folder.trace).stream("pressure_catheter").count
    assert any(note.startswith(f"mass: {SECONDS} samples") and f"{7 - SECONDS} missing" in note for note in notes)
    assert any(note.startswith("pressure_catheter:") and f"{730 - recorded} missing" in note for note in notes)
    assert record_of(folder)["safe_state"] == {"reason": "the rig died", "done": ["pump stop"], "failed": []}


def test_without_a_watchdog_what_was_due_by_the_last_event_is_missing(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(8.5, "blank"))
    close_orphan(folder)
    (note,) = [note for note in record_of(folder)["notes"] if note.startswith("mass:")]
    assert "4 missing" in note
    assert "cannot be counted" in note


def test_a_sample_is_a_sign_of_life_for_every_stream(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "blank"))
    close_orphan(folder)
    trace = read_trace(folder.trace)
    last_mass_s = trace.stream("mass").time_ns[-1] / 1e9
    recorded = trace.stream("pressure_catheter").count
    (pressure,) = [note for note in record_of(folder)["notes"] if note.startswith("pressure_catheter:")]
    assert f"{int(last_mass_s * 1000) + 1 - recorded} missing" in pressure
    (mass,) = [note for note in record_of(folder)["notes"] if note.startswith("mass:")]
    assert "0 missing" in mass


BEATS: tuple[Any, ...] = ("x", 1, [], {}, {"published": 3}, {"published": {"mass": "7"}}, {"published": {"mass": None}})


@pytest.mark.parametrize("beat", BEATS)
def test_a_heartbeat_that_tells_nothing_is_no_witness(tmp_path: Path, beat: object) -> None:
    folder = orphan(tmp_path, begun(0, "prime"), watchdog=({"kind": "rig_lost", "last_beat": beat},))
    assert close_orphan(folder) is not None
    assert any("due by the clock" in note for note in record_of(folder)["notes"])


def test_a_run_that_cannot_be_closed_at_all_is_told_and_the_next_one_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (orphan(tmp_path, begun(0, "prime")) for _ in range(2))
    (broken, sound) = sorted((first, second), key=lambda folder: folder.path)

    def fail_at_the_first(folder: RunFolder) -> Witnesses:
        if folder == broken:
            raise ZeroDivisionError("of an unforeseen kind")
        return witnesses_of(folder)

    monkeypatch.setattr("rig.recovery.close.witnesses_of", fail_at_the_first)
    lines = list(close_orphans(tmp_path))
    assert "cannot be closed: ZeroDivisionError" in lines[0]
    assert not broken.record.exists()
    assert record_of(sound)["verdict"] == "ABORTED"


def test_the_ballast_of_a_dead_run_is_thrown_out(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "prime"))
    folder.ballast.write_bytes(bytes(1000))
    close_orphan(folder)
    assert not folder.ballast.exists()


def test_a_lock_file_of_rubbish_is_held_by_nobody_and_stops_no_session(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "prime"))
    lock_path(folder.life).write_bytes(b"rubbish" * 1000)
    (line,) = close_orphans(tmp_path)
    assert "cannot be closed" in line


def test_a_run_that_is_alive_is_left_alone(tmp_path: Path) -> None:
    folder = orphan(tmp_path)
    life = OwnerLock(folder.life)
    assert close_orphan(folder) is None
    assert list(close_orphans(tmp_path)) == []
    assert not folder.record.exists()
    life.release()
    assert close_orphan(folder) is not None


def test_a_watchdog_at_work_is_waited_for(tmp_path: Path) -> None:
    folder = orphan(tmp_path)
    log = WatchdogLog()
    log.open(folder.watchdog)
    log.note("rig_lost", reason="died")

    def finish() -> None:
        log.note("safe", done=["pump stop"], failed=[])
        log.close()

    watchdog = threading.Timer(0.3, finish)
    watchdog.start()
    recovered = close_orphan(folder)
    watchdog.join()
    assert recovered is not None
    assert recovered.is_safe


def test_a_damaged_journal_still_gets_a_record_that_says_so(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "prime"))
    for path in folder.path.glob("journal.sqlite*"):
        path.write_bytes(b"not a journal")
    assert close_orphan(folder) is not None
    record = record_of(folder)
    assert record["verdict"] == "ABORTED"
    assert record["plan"]["id"] == "flow_accuracy"  # from the folder's name: the header is lost
    assert any(note.startswith("no trace:") for note in record["notes"])


def test_a_run_killed_before_its_first_commit_gets_a_record(tmp_path: Path) -> None:
    folder = new_run_folder(tmp_path, station="bench", plan="flow-accuracy", case="fast")
    with EventLog(folder.events):
        pass
    (line, *_) = close_orphans(tmp_path)
    assert "ABORTED" in line
    assert record_of(folder)["verdict"] == "ABORTED"


def test_torn_logs_are_told_and_stop_nothing(tmp_path: Path) -> None:
    folder = orphan(tmp_path, begun(0, "prime"), watchdog=(LOST,))
    with folder.events.open("ab") as file:
        file.write(b'{"time_ns": 1')
    with folder.watchdog.open("ab") as file:
        file.write(b'{"kind": ')
    close_orphan(folder)
    torn = [note for note in record_of(folder)["notes"] if "torn" in note]
    assert len(torn) == 2


def test_other_folders_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "events.jsonl").touch()
    assert list(close_orphans(tmp_path)) == []
    assert not (tmp_path / "notes" / "record.json").exists()
    assert list(close_orphans(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    ("events", "watchdog", "broken"),
    [
        ((), (), True),
        ((made_safe([]),), (), False),
        ((made_safe([["pump stop", "silent"]]),), (), True),
        ((), (LOST, ACTED, {"kind": "safe", "failed": []}), False),
        ((), (LOST, FAILED, {"kind": "safe", "failed": [["pump stop", "silent"]]}), True),
        ((), (LOST, ACTED, {"kind": "safe"}), True),
        ((), ({"kind": "guarding"}, {"kind": "rig_made_safe", "reason": "end"}), False),
        ((), (LOST, FAILED, {"kind": "not_safe"}), True),
        ((), (LOST, ACTED), True),
    ],
    ids=[
        "nobody's word",
        "the rig's word",
        "the rig failed",
        "the watchdog's word",
        "the watchdog's word that contradicts itself",
        "half of the watchdog's word",
        "the watchdog heard it",
        "the watchdog failed",
        "the watchdog died at it",
    ],
)
def test_a_station_is_broken_unless_somebody_confirmed_that_the_bench_is_safe(
    tmp_path: Path, events: tuple[TraceEvent, ...], watchdog: tuple[dict[str, Any], ...], broken: bool
) -> None:
    state = StationState(tmp_path / "state")
    folder = orphan(tmp_path / "runs", *events, watchdog=watchdog)
    state.begin_run(folder.path)
    lines = list(settle_last_run(state))
    assert record_of(folder)["verdict"] == "ABORTED"
    assert state.current_run is None
    assert (state.fault is not None) is broken
    assert any(line.startswith("the station is broken") for line in lines) is broken
    if state.fault is not None:
        assert state.fault.run == str(folder.path)
    assert list(settle_last_run(state)) == []


def test_names_of_runs_are_told_from_others(tmp_path: Path) -> None:
    assert is_run_name(new_run_folder(tmp_path, station="a b", plan="c-d", case="e").run_id)
    assert not is_run_name("R2026")
    assert not is_run_name("archive")
