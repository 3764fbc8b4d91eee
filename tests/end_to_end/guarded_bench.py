"""A bench in a process of its own with its witness, and sessions on it that are ended in every way there is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from rig.run_folder import RunFolder
from tests.end_to_end.bench_runs import LONG_ENOUGH_S, ROOT, found_runs, make_station, protocol_command, wait_for_phase
from tests.end_to_end.guarded_run import HOW, REACHED

TIMEOUT_S = 3.0
ATTACHED = {'file = "twin.toml"': 'file = "twin.toml"\nattach = "twin.json"'}
OCCLUDER = 'name = "occluder"\nline = "port0/line1"\n'
NO_RELAY = 'relay = false\nreason = "an ambulatory pump runs on its own battery: its communication time-out is the last'
RELAY = {
    f'{NO_RELAY} resort"': "relay = true",
    OCCLUDER: f'{OCCLUDER}\n[[lines.lines]]\nname = "pump_power"\nline = "port0/line2"\n',
}


@dataclass(frozen=True)
class GuardedBench:
    """A station file, attached to a twin that runs, and the twin's witness."""

    station: Path
    witness: Path

    def told(self) -> list[tuple[str, str]]:
        """What pump and DAQ were told so far: device and words, a sequence number left out."""
        lines = [json.loads(line) for line in self.witness.read_bytes().split(b"\n")[:-1]]
        said = [(line["device"], line["told"]) for line in lines if "told" in line]
        return [(device, words[5:] if device == "pump" else words) for device, words in said]

    def levels(self) -> dict[str, str]:
        """The level each line was set to last."""
        return dict(words.split() for device, words in self.told() if device == "daq")

    def pump_orders(self) -> list[str]:
        """Every start and stop of the pump, in order."""
        return [words for device, words in self.told() if device == "pump" and words in ("RUN", "STOP")]


def closing_within(bench: GuardedBench, closing_s: float) -> GuardedBench:
    """Return the same bench under a station file that gives a run so long to be closed once its bench is safe."""
    station = bench.station.with_name(f"closing_within_{closing_s:g}_s.toml")
    text = bench.station.read_text(encoding="utf-8")
    station.write_text(f"{text}closing_s = {closing_s}\n", encoding="utf-8")
    return replace(bench, station=station)


@contextmanager
def guarded_bench(folder: Path, *, relay: bool) -> Iterator[GuardedBench]:
    """Run a twin within the block: an external pump behind a relay, or an implant without one."""
    base = "simulated-external" if relay else "simulated"
    station = make_station(folder / "bench", station={**ATTACHED, **(RELAY if relay else {})}, base=base)
    with station.open("a", encoding="utf-8") as file:
        file.write(f"\n[watchdog]\ntimeout_s = {TIMEOUT_S}\n")
    witness = folder / "witness.jsonl"
    command = [sys.executable, "-m", "rig", "simulate", str(station), "--log", str(witness)]
    twin = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert twin.stdout is not None
        station.with_name("twin.json").write_bytes(twin.stdout.readline())
        yield GuardedBench(station, witness)
    finally:
        twin.terminate()
        twin.communicate(timeout=LONG_ENOUGH_S)


@dataclass(frozen=True)
class GuardedSession:
    """A rig whose pump runs, and its watchdog."""

    bench: GuardedBench
    rig: subprocess.Popen[str]
    runs: Path

    @property
    def run(self) -> RunFolder:
        """Its only run."""
        (run,) = found_runs(self.runs)
        return run

    @property
    def record(self) -> dict[str, Any]:
        """What the run's record says."""
        record: dict[str, Any] = json.loads(self.run.record.read_text(encoding="utf-8"))
        return record

    def log(self) -> list[dict[str, Any]]:
        """What the watchdog did."""
        return [json.loads(line) for line in self.run.watchdog.read_text(encoding="utf-8").splitlines()]

    def kinds(self) -> list[str]:
        """The kinds of what the watchdog did."""
        return [line["kind"] for line in self.log()]

    def watchdog(self) -> psutil.Process:
        """The process that guards it."""
        return psutil.Process(self.log()[0]["pid"])

    def end(self) -> str:
        """Wait for the end of rig and watchdog; returns what the rig printed."""
        pid = self.log()[0]["pid"]
        output, _ = self.rig.communicate(timeout=LONG_ENOUGH_S)
        until_s = host_monotonic_s() + LONG_ENOUGH_S
        while is_running(pid):
            if host_monotonic_s() > until_s:
                raise TimeoutError(f"watchdog {pid} does not end")
            host_sleep(0.05)
        return output


def is_running(pid: int) -> bool:
    """Whether a process lives; one nobody has asked after since its death does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def session(
    bench: GuardedBench, folder: Path, how: str, *arguments: str, case: str = "external"
) -> Iterator[GuardedSession]:
    """Begin a session, and enter the block once its pump runs and its protocol has reached the way it is to end in."""
    runs, reached = folder / "runs", folder / "reached"
    before = len(bench.pump_orders())
    command = protocol_command(
        runs, "--station", str(bench.station), "--case", case, *arguments, protocols="tests/end_to_end/guarded_run.py"
    )
    rig = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, HOW: how, REACHED: str(reached), "COLUMNS": "160"},
    )
    try:
        wait_for_phase(runs, "infusing")
        until_s = host_monotonic_s() + LONG_ENOUGH_S
        while "RUN" not in bench.pump_orders()[before:] or not reached.exists():
            if host_monotonic_s() > until_s or rig.poll() is not None:
                raise TimeoutError("the pump was not started, or its protocol does not come on")
            host_sleep(0.05)
        yield GuardedSession(bench, rig, runs)
    finally:
        rig.send_signal(signal.SIGKILL)
        rig.communicate()
