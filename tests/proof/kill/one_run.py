"""One run of the short protocol: started, followed over its pipe, struck at its moment, waited for."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from tests.proof.kill.benches import Bench
from tests.proof.kill.causes import IN_A_FIXTURE, Cause
from tests.proof.kill.injector import ORDER
from tests.proof.kill.rig_process import RigProcess

_PROTOCOL = "tests/proof/kill/short_run.py"
_PLAIN = ("--noconftest", "-p", "rig.plugin", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
_SAMPLERS = ("mass", "ambient", "pump", "pressure")
_TOLD_WITHIN_S = 120.0
_ENDED_WITHIN_S = 120.0
_HUNG_SAFE_S = 25.0
_SETTLED_S = 0.5
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Kill:
    """What ends a run: a cause, in a phase, at a moment of it that seed and attempt draw."""

    seed: int
    cause: Cause
    phase: str
    attempt: int = 0


@dataclass(slots=True)
class Struck:
    """How it went. Times are monotonic, s. `run` is the run's folder, None where there was none yet."""

    kill: Kill | None
    bench: Bench
    output: Path
    run: Path | None = None
    struck_s: float | None = None
    ended_s: float = 0.0
    status: int | None = None
    durable: dict[str, list[Any]] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    hung_safe: bool = False
    left_over: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    verdict: str = ""


class _Follower:
    """Reads what the run tells, in a thread of its own."""

    def __init__(self, process: RigProcess, struck: Struck) -> None:
        self._told = threading.Condition()
        self._struck = struck
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: RigProcess) -> None:
        with process.told, open(process.told.fileno(), "rb", closefd=False) as pipe:
            for line in pipe:
                if line.endswith(b"\n"):
                    with self._told:
                        self._note(json.loads(line))
                        self._told.notify_all()
        with self._told:
            self._ended = True
            self._told.notify_all()

    def _note(self, told: Mapping[str, Any]) -> None:
        struck = self._struck
        if "phase" in told:
            struck.phases.setdefault(told["phase"], told["at_s"])
        elif "done" in told:
            struck.done.setdefault(told["done"], told["at_s"])
        elif "durable" in told:
            struck.durable = told["durable"]
        elif "run" in told:
            struck.run = Path(told["run"])
        elif "struck" in told:
            struck.struck_s = told["at_s"]

    def await_phase(self, phase: str) -> float | None:
        """Return when a phase began, None when the run ended without it."""
        with self._told:
            self._told.wait_for(lambda: phase in self._struck.phases or self._ended, _TOLD_WITHIN_S)
            return self._struck.phases.get(phase)

    def finish(self) -> None:
        """Read to the end; nobody holds the pipe any more."""
        self._thread.join(_TOLD_WITHIN_S)


def run_once(bench: Bench, runs: Path, output: Path, kill: Kill | None, lengths_s: Mapping[str, float]) -> Struck:
    """Run the short protocol, ended by a kill or not at all. `lengths_s`: how long phases last that no plan says."""
    struck = Struck(kill, bench, output)
    moment = random.Random(f"{kill.seed} {kill.attempt}" if kill else "")
    order: dict[str, object] = {}
    delay_s = 0.0
    if kill is not None:
        delay_s = moment.uniform(0.0, lengths_s[kill.phase])
        if kill.cause.is_injected:
            order = {"cause": kill.cause.name, "phase": kill.phase, "delay_s": delay_s}
            order["sampler"] = moment.choice(_SAMPLERS)
    arguments = [f"{_PROTOCOL}::{_test(kill, moment)}", "-p", "tests.proof.kill.injector", *_PLAIN]
    arguments += ["--station", str(bench.station), "--case", bench.case, "--runs", str(runs)]
    process = RigProcess(arguments, {**bench.environment(), ORDER: json.dumps(order)}, output)
    follower = _Follower(process, struck)
    try:
        if kill is not None and not kill.cause.is_injected:
            began_s = follower.await_phase(kill.phase)
            if began_s is not None:
                host_sleep(max(0.0, began_s + delay_s - host_monotonic_s()))
                _strike(struck, kill.cause, process, moment)
        _await_end(struck, process)
    finally:
        process.kill()
        struck.ended_s = host_monotonic_s()
        struck.status = process.status
    struck.left_over = _left_over(bench)
    follower.finish()
    if kill is not None and kill.phase not in struck.phases:
        struck.faults.append(f"it ended before it could be killed: {output.read_text(errors='replace')[-400:]!r}")
    host_sleep(_SETTLED_S)
    return struck


def _test(kill: Kill | None, moment: random.Random) -> str:
    """Return the test to be struck: half of what comes from outside strikes one that a fixture begins."""
    if kill is None or kill.phase not in IN_A_FIXTURE:
        return "test_whole"
    in_fixture = kill.cause.name == "exception in a fixture" or (not kill.cause.is_injected and moment.random() < 0.5)
    return "test_begun_by_a_fixture" if in_fixture else "test_whole"


def _strike(struck: Struck, cause: Cause, process: RigProcess, moment: random.Random) -> None:
    victim = process.pid
    if cause.victim == "watchdog":
        found = _watchdog_of(process)
        if found is None:
            return
        victim = found
    for number, (which, wait_s) in enumerate(cause.signals):
        host_sleep(moment.uniform(0.0, wait_s) if wait_s else 0.0)
        if process.status is not None:
            return
        if number == 0:
            struck.struck_s = host_monotonic_s()
        os.kill(victim, which)


def _watchdog_of(process: RigProcess) -> int | None:
    """Return the rig's watchdog, as soon as there is one."""
    while process.status is None:
        try:
            for child in psutil.Process(process.pid).children():
                if "rig.watchdog" in child.cmdline():
                    return child.pid
        except psutil.NoSuchProcess:
            continue
        host_sleep(_LOOK_S)
    return None


def _await_end(struck: Struck, process: RigProcess) -> None:
    """Wait for the rig's end. One that hangs with its bench safe is nobody's to kill but ours."""
    stopped = struck.kill is not None and signal.SIGSTOP in dict(struck.kill.cause.signals)
    patience_s = _HUNG_SAFE_S if stopped else _ENDED_WITHIN_S
    if not process.ended_within(patience_s):
        struck.hung_safe = stopped
        if not stopped:
            struck.faults.append(f"the rig did not end within {patience_s:g} s")


def _left_over(bench: Bench) -> list[str]:
    """Return what still works on the bench, a while after the rig's end, but for its twin; and end it."""
    until_s = host_monotonic_s() + _HUNG_SAFE_S
    while (found := _on_bench(bench)) and host_monotonic_s() < until_s:
        host_sleep(_LOOK_S)
    for process in found:
        process.kill()
    return [" ".join(process.cmdline()) or str(process.pid) for process in found]


def _on_bench(bench: Bench) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("PUMP_BENCH_RIG_STATE") == str(bench.state)
            if ours and "simulate" not in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
