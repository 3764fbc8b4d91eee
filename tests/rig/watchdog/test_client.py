"""A watchdog as the rig sees it: a real process, with nothing behind the addresses it was given."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from instruments.daq.lines import LineOptions, LinesOptions
from instruments.errors import InstrumentError
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions
from rig.ownership.hold import Hold
from rig.ownership.state import StationState
from rig.ownership.station import watchdog_lock
from rig.safety.safe_state import SafeStateReport
from rig.stations.device import Device
from rig.watchdog.client import Watchdog, WatchdogError
from rig.watchdog.duty import Duty, Times

LONG_S = 60.0
PUMP = Device("pump", "pump", "bench-interface", BenchInterfaceOptions(port="/dev/there-is-none", serial="ITB-1"))
LINES = Device(
    "lines",
    "lines",
    "ni-lines",
    LinesOptions(
        device="Dev1",
        serial="01DF5E76",
        deadline_s=0.5,
        lines=(LineOptions(name="outlet", line="port0/line0"), LineOptions(name="pump_power", line="port0/line2")),
    ),
    "127.0.0.1:9",
)


def duty(folder: Path, *, relay: bool = False, timeout_s: float = 600.0) -> Duty:
    return Duty(os.getpid(), "bench-3", Times(timeout_s, closing_s=600.0), PUMP, LINES, relay, folder / "state")


@contextmanager
def watchdog(folder: Path, *, timeout_s: float = 600.0) -> Iterator[Watchdog]:
    guard = Watchdog(duty(folder, timeout_s=timeout_s))
    try:
        yield guard
    finally:
        guard.note_end(SafeStateReport("end of a test"))
        guard.release()


def pid_of(guard: Watchdog) -> int:
    pid = guard.describe()["pid"]
    assert isinstance(pid, int)
    return pid


def test_it_ends_when_it_is_released_and_frees_its_lock(tmp_path: Path) -> None:
    with watchdog(tmp_path) as guard:
        process = psutil.Process(pid_of(guard))
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
        with pytest.raises(WatchdogError, match=r"bench-3.*held by the watchdog of process"):
            Watchdog(duty(tmp_path))
        for number in (1, 2, 15):
            process.send_signal(number)
        guard.beat({"mass": 1}, {})
    assert not process.is_running()
    assert guard.death == ""
    Hold(watchdog_lock(StationState(tmp_path / "state")), "it", program="test").release()


def test_its_death_is_told_and_leaves_the_relay_to_this_process(tmp_path: Path) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    with watchdog(tmp_path) as guard:
        guard.call_on_death(heard.put)
        psutil.Process(pid_of(guard)).kill()
        assert heard.get(timeout=LONG_S) == "exit status -9"
        with pytest.raises(InstrumentError, match="the watchdog is dead"):
            guard.switch(True)
        with pytest.raises(InstrumentError, match=r"127\.0\.0\.1:9"):
            guard.switch(False)  # tried by this process itself: nothing answers there


def test_one_that_does_not_answer_is_ended_as_a_dead_one(tmp_path: Path) -> None:
    told = threading.Event()
    with watchdog(tmp_path, timeout_s=1.0) as guard:
        guard.call_on_death(lambda how: told.set())
        psutil.Process(pid_of(guard)).suspend()
        until_s = host_monotonic_s() + LONG_S
        while not told.is_set() and host_monotonic_s() < until_s:
            guard.beat({"mass": 1}, {})
            host_sleep(0.05)
        assert told.is_set()
        assert guard.death.startswith("it did not answer for 1.")


def test_one_that_was_never_told_of_a_safe_bench_is_not_released(tmp_path: Path) -> None:
    guard = Watchdog(duty(tmp_path))
    process = psutil.Process(pid_of(guard))
    try:
        guard.release()
        with pytest.raises(psutil.TimeoutExpired):
            process.wait(1.0)
    finally:
        process.kill()
        with suppress(psutil.NoSuchProcess):
            process.wait(LONG_S)
        guard.release()


def test_what_is_printed_in_it_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("sitecustomize.py").write_text("print('a driver says hello')\nprint([1])\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with watchdog(tmp_path) as guard:
        guard.beat({"mass": 1}, {})
    assert guard.death == ""


def test_a_relay_that_cannot_be_had_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(WatchdogError, match=r"127\.0\.0\.1:9"):
        Watchdog(duty(tmp_path, relay=True))
