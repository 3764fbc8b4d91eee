"""One holder at a time, across processes; the system frees what a dead one held."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rig.ownership.hold import HeldByAnother, Hold, is_held, owner_of
from rig.ownership.station import StationClaim, watchdog_lock
from tests.end_to_end.bench_runs import ROOT

HOLDER = """
import sys
from pathlib import Path
from rig.ownership.hold import Hold
hold = Hold(Path(sys.argv[1]), "it", program="rig")
hold.note_run("run R1")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `path` until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_refusal_names_the_owner_its_run_and_since_when(tmp_path: Path) -> None:
    with holder(tmp_path / "it") as process:
        with pytest.raises(HeldByAnother) as refused:
            Hold(tmp_path / "it", "station 'bench'", program="rig")
        for word in ("station 'bench'", f"process {process.pid}", "run R1", "since 20"):
            assert word in str(refused.value)
        assert is_held(tmp_path / "it")


def test_the_system_frees_what_a_killed_process_held(tmp_path: Path) -> None:
    with holder(tmp_path / "it") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not is_held(tmp_path / "it")
        Hold(tmp_path / "it", "it", program="rig").release()


def test_a_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    hold = Hold(tmp_path / "it", "it", program="rig")
    with pytest.raises(HeldByAnother, match=f"process {os.getpid()}"):
        Hold(tmp_path / "it", "it", program="rig")
    hold.release()
    Hold(tmp_path / "it", "it", program="rig").release()


def test_releasing_twice_gives_nothing_away(tmp_path: Path) -> None:
    first = Hold(tmp_path / "it", "it", program="rig")
    first.release()
    second = Hold(tmp_path / "it", "it", program="rig")
    first.release()
    assert is_held(tmp_path / "it")
    second.release()


def test_an_owner_without_a_note_is_another_process(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "it") == "another process"


def test_a_station_is_held_while_the_watchdog_of_its_dead_rig_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUMP_BENCH_RIG_STATE", str(tmp_path / "root"))
    monkeypatch.setattr("rig.ownership.station.WATCHDOG_PATIENCE_S", 0.3)
    file = tmp_path / "station.toml"
    claim = StationClaim(file, station_id="bench")
    guarded = watchdog_lock(claim.state)
    claim.release()
    with holder(guarded), pytest.raises(HeldByAnother, match="still being made safe"):
        StationClaim(file, station_id="bench")
    # Neither the watchdog's end nor the refusal has left it held.
    StationClaim(file, station_id="bench").release()
