"""What a computer remembers of a station survives, and a file that cannot be read counts against the station."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.ownership.state import STATE_VARIABLE, StationState, state_folder, state_root


def state(tmp_path: Path) -> StationState:
    return StationState(tmp_path / "state")


def test_a_station_is_sound_until_latched(tmp_path: Path) -> None:
    assert state(tmp_path).fault is None
    state(tmp_path).latch("the pump did not stop", run="R1")
    fault = state(tmp_path).fault
    assert fault is not None
    assert (fault.reason, fault.run) == ("the pump did not stop", "R1")
    assert "the pump did not stop" in str(fault)
    assert "R1" in str(fault)


def test_the_first_reason_stays_and_the_second_is_on_record(tmp_path: Path) -> None:
    state(tmp_path).latch("first")
    state(tmp_path).latch("second")
    fault = state(tmp_path).fault
    assert fault is not None
    assert fault.reason == "first"
    history = [json.loads(line) for line in state(tmp_path).history_file.read_text().splitlines()]
    assert [line["reason"] for line in history] == ["first", "second"]


def test_clearing_is_on_record_with_who_and_why(tmp_path: Path) -> None:
    state(tmp_path).latch("the pump did not stop", run="R1")
    cleared = state(tmp_path).clear("clamped, pump replaced", who="M. Curie")
    assert cleared is not None
    assert cleared.run == "R1"
    assert state(tmp_path).fault is None
    last = json.loads(state(tmp_path).history_file.read_text().splitlines()[-1])
    assert (last["action"], last["who"], last["reason"]) == ("cleared", "M. Curie", "clamped, pump replaced")
    assert last["fault"]["reason"] == "the pump did not stop"


def test_a_sound_station_has_nothing_to_clear(tmp_path: Path) -> None:
    assert state(tmp_path).clear("why not") is None
    assert not state(tmp_path).history_file.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"reason": "x"}'])
def test_a_damaged_latch_is_a_latch(tmp_path: Path, content: bytes) -> None:
    state(tmp_path).latch("x")
    state(tmp_path).broken_file.write_bytes(content)
    fault = state(tmp_path).fault
    assert fault is not None
    assert "cannot be read" in fault.reason
    assert state(tmp_path).clear("looked at it") == fault
    assert state(tmp_path).fault is None


def test_a_latch_that_is_no_file_can_be_cleared(tmp_path: Path) -> None:
    state(tmp_path).broken_file.mkdir(parents=True)
    assert state(tmp_path).fault is not None
    state(tmp_path).clear("looked at it")
    assert state(tmp_path).fault is None
    state(tmp_path).broken_file.symlink_to("broken.json")
    assert state(tmp_path).fault is not None
    state(tmp_path).clear("looked at it")
    assert state(tmp_path).fault is None


def test_a_latch_shows_no_terminal_what_it_would_obey(tmp_path: Path) -> None:
    state(tmp_path).latch("\x1b[2Jall is well\n")
    assert str(state(tmp_path).fault).startswith("\\u001b[2Jall is well\\u000a (left")


def test_the_current_run_is_remembered_until_its_end(tmp_path: Path) -> None:
    assert state(tmp_path).current_run is None
    state(tmp_path).begin_run(tmp_path / "runs" / "R1")
    current = state(tmp_path).current_run
    assert current is not None
    assert current.folder == tmp_path / "runs" / "R1"
    state(tmp_path).end_run()
    state(tmp_path).end_run()
    assert state(tmp_path).current_run is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_note_of_the_current_run_is_a_run(tmp_path: Path, content: bytes) -> None:
    state(tmp_path).begin_run(tmp_path)
    state(tmp_path).current_run_file.write_bytes(content)
    assert state(tmp_path).current_run is not None


def test_a_station_has_one_folder_whatever_its_file_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "root"))
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "station.toml").touch()
    (tmp_path / "alias").symlink_to(tmp_path / "bench")
    monkeypatch.chdir(tmp_path)
    folder = state_folder(tmp_path / "bench" / "station.toml")
    assert folder == state_folder(Path("bench/station.toml")) == state_folder(tmp_path / "alias" / "station.toml")
    assert folder.is_relative_to(tmp_path / "root")
    assert folder != state_folder(tmp_path / "bench" / "other.toml")


def test_without_the_variable_the_state_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STATE_VARIABLE, raising=False)
    assert state_root().is_relative_to(Path.home())
