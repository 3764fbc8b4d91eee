"""What the session after a crash finds, and what it is kept from."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.bench_runs import (
    ROOT,
    Finished,
    found_runs,
    make_station,
    protocol_command,
    run_protocols,
    wait_for_phase,
)

CASE = ("--case", "intermediate_lowest")
OCCLUSION = "protocols/occlusion.py"


def rig(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "rig", *arguments], cwd=ROOT, capture_output=True, text=True)


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[Path]:
    """A station file, its twin running in a process of its own."""
    attach = {'file = "twin.toml"': 'file = "twin.toml"\nattach = "addresses.json"'}
    station = make_station(tmp_path / "bench", station=attach, base="simulated-external")
    command = [sys.executable, "-m", "rig", "simulate", str(station)]
    twin = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert twin.stdout is not None
        station.with_name("addresses.json").write_text(twin.stdout.readline())
        yield station
    finally:
        twin.kill()
        twin.communicate()


def test_a_killed_run_of_a_twin_in_the_rig_is_closed_by_the_next_session(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started(protocol_command(runs, "--station", "simulated", "--case", "maintenance")) as killed:
        wait_for_phase(runs, "stabilisation")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    (orphan,) = found_runs(runs)
    assert not orphan.record.exists()
    finished = run_protocols(runs, "--station", "simulated", "--case", "fast")
    assert finished.status == 0, finished.output
    assert f"{orphan.path}: closed as ABORTED" in finished.output
    record = json.loads(orphan.record.read_text())
    assert record["verdict"] == "ABORTED"
    assert "stabilisation" in record["reason"]
    assert "a twin in the same process, and ended with it" in record["reason"]
    assert record["safe_state"]["failed"] == []
    ended = rig("evaluate", str(orphan.path))
    assert ended.returncode == 1
    assert "The run ended ABORTED: the rig died" in ended.stderr


def test_rig_and_watchdog_killed_together_leave_a_station_that_somebody_has_to_look_at(
    attached: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"

    def session() -> Finished:
        return run_protocols(runs, "--station", str(attached), *CASE, protocols=OCCLUSION)

    with started(protocol_command(runs, "--station", str(attached), *CASE, protocols=OCCLUSION)) as killed:
        wait_for_phase(runs, "prime")
        held = rig("status", str(attached)).stdout
        refused = session()
        (watchdog,) = psutil.Process(killed.pid).children()
        watchdog.kill()
        killed.kill()
        killed.wait()
    assert f"process {killed.pid}" in held
    assert f"guarded by the watchdog of process {killed.pid}" in held
    assert refused.status != 0
    assert f"process {killed.pid}" in refused.output
    assert len(refused.runs) == 1

    (orphan,) = found_runs(runs)
    assert f"left by a crash: {orphan.path}" in rig("status", str(attached)).stdout
    broken = session()
    assert "NOT RUN" in broken.output
    assert "rig clear-fault" in broken.output
    assert len(broken.runs) == 1
    assert json.loads(orphan.record.read_text())["verdict"] == "ABORTED"
    assert "BROKEN" in rig("status", str(attached)).stdout

    assert rig("clear-fault", str(attached), "--reason", " ").returncode == 2
    cleared = rig("clear-fault", str(attached), "--reason", "pump found stopped", "--name", "M. Curie")
    assert cleared.returncode == 0
    assert str(orphan.path) in cleared.stdout
    assert rig("clear-fault", str(attached), "--reason", "again").returncode == 1
    assert "sound" in rig("status", str(attached)).stdout


def test_recover_closes_what_a_folder_holds_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started(protocol_command(runs, "--station", "simulated", "--case", "maintenance")) as killed:
        wait_for_phase(runs, "prime")
        alive = rig("recover", str(runs))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert "no run was left by a crash" in alive.stdout
    closed = rig("recover", str(runs))
    assert closed.returncode == 0
    assert "closed as ABORTED" in closed.stdout
    assert "no run was left by a crash" in rig("recover", str(runs)).stdout
    assert rig("recover", str(tmp_path / "nowhere")).returncode == 1
