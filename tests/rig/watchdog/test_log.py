"""The watchdog's log: on the disk before the next deed, unless the disk hangs."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from rig.watchdog import log as watchdog_log
from rig.watchdog.log import WatchdogLog


def kinds_in(path: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_was_told_before_there_was_a_run_is_written_too_and_each_line_is_there_at_once(tmp_path: Path) -> None:
    log, path = WatchdogLog(), tmp_path / "watchdog.jsonl"
    log.note("guarding")
    log.open(path)
    assert kinds_in(path) == ["guarding"]
    log.note("rig_lost")
    assert kinds_in(path) == ["guarding", "rig_lost"]
    log.close()
    log.close()


def test_a_disk_that_hangs_is_waited_for_once_and_gets_the_lines_when_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, calls = threading.Event(), []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        assert answers.wait(60.0)

    log, path = WatchdogLog(), tmp_path / "watchdog.jsonl"
    log.open(path)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(watchdog_log, "PATIENCE_S", 0.01)
    for kind in ("rig_lost", "fenced", "action"):
        log.note(kind)
    assert len(calls) == 1
    answers.set()
    log.close()
    assert kinds_in(path) == ["rig_lost", "fenced", "action"]


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = WatchdogLog()
    log.open(tmp_path / "there is none" / "watchdog.jsonl")
    log.note("rig_lost")
    log.close()
