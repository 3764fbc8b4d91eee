"""Closing an orphan is killed at any moment, and done by several at once: in the end it is closed, once and whole."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from results.trace.reader import read_trace
from rig.recovery.at_start import close_orphans
from rig.recovery.close import close_orphan
from rig.recovery.orphans import is_orphan
from rig.run_folder import RunFolder
from tests.rig.recovery.orphaned_runs import SECONDS, begun, orphan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the child that is killed is forked")

KILLS = 12
LAST = 36
CHANGES = frozenset(
    {"open", "write", "close", "fsync", "replace", "unlink", "chmod", "ftruncate", "execute", "__exit__"}
)
"""C functions that may change what is on the disk."""


class Calls:
    """Counts what may change a file, before and after, and kills its own process at one of them."""

    def __init__(self, *, kill_at: int | None) -> None:
        self.count = 0
        self._kill_at = kill_at

    def __call__(self, frame: FrameType, what: str, argument: object) -> None:
        if what not in ("c_call", "c_return") or getattr(argument, "__name__", "") not in CHANGES:
            return
        self.count += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def forked(work: Callable[[], None], *, kill_at: int | None = None, count_to: int | None = None) -> int:
    """Do some work in a child, killed at its n-th call; return the child's pid once it runs."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        calls = Calls(kill_at=kill_at)
        sys.setprofile(calls)
        work()
        sys.setprofile(None)
        if count_to is not None:
            os.write(count_to, str(calls.count).encode())
        status = 0
    finally:
        os._exit(status)


def close(folder: RunFolder) -> None:
    close_orphan(folder)


def calls_of_closing(folder: RunFolder) -> int:
    read_end, write_end = os.pipe()
    try:
        pid = forked(lambda: close(folder), count_to=write_end)
        assert os.waitpid(pid, 0)[1] == 0
        return int(os.read(read_end, 100))
    finally:
        os.close(read_end)
        os.close(write_end)


def test_killed_at_any_moment_it_is_an_orphan_still_or_closed_whole(tmp_path: Path) -> None:
    counted, folder = (orphan(tmp_path / name, begun(0, "prime")) for name in ("counted", "runs"))
    total = calls_of_closing(counted)
    counted.record.unlink()
    sealed_before = calls_of_closing(counted)
    moments = [round(total * (part + 1) / (KILLS + 1)) for part in range(KILLS)]
    moments += range(sealed_before - LAST, sealed_before + 1)
    killed = 0
    for kill_at in moments:  # each attempt finds what the one before has left
        _, status = os.waitpid(forked(lambda: close(folder), kill_at=kill_at), 0)
        killed += os.WIFSIGNALED(status)
        if folder.record.exists():
            break
        assert is_orphan(folder)
    assert killed > KILLS
    close(folder)
    check_closed(folder)


def test_several_at_once_close_each_run_once(tmp_path: Path) -> None:
    folders = [orphan(tmp_path / "runs", begun(0, "prime")) for _ in range(4)]
    ready, start = os.pipe()

    def close_all() -> None:
        os.close(start)
        os.read(ready, 1)  # until the parent closes its end
        lines = list(close_orphans(tmp_path / "runs"))
        (tmp_path / f"closed-{os.getpid()}").write_text("\n".join(lines))

    pids = [forked(close_all) for _ in range(4)]
    os.close(start)
    os.close(ready)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    lines = [line for pid in pids for line in (tmp_path / f"closed-{pid}").read_text().splitlines()]
    assert sorted(line.split(":")[0] for line in lines if "closed as ABORTED" in line) == sorted(
        str(folder.path) for folder in folders
    )
    assert not [line for line in lines if "cannot be closed" in line]
    for folder in folders:
        check_closed(folder)


def check_closed(folder: RunFolder) -> None:
    record = json.loads(folder.record.read_text())
    assert record["verdict"] == "ABORTED"
    assert read_trace(folder.trace, sha256=record["files"]["trace.h5"]).stream("mass").count == SECONDS
    assert not is_orphan(folder)
    before = folder.record.read_bytes()
    assert close_orphan(folder) is None
    assert folder.record.read_bytes() == before
