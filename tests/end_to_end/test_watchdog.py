"""Whatever ends a rig, its pump ends stopped: the watchdog and the rig's own path, on a twin in another process."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.clock import WallClock, host_monotonic_s
from instruments.clock.interface import host_sleep
from instruments.program import continuous
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, open_bench_interface
from results.trace.reader import read_trace
from rig.ownership.state import StationState
from rig.recovery.at_start import settle_last_run
from rig.station import StationError, open_station
from rig.stations.file import load_station_file
from tests.end_to_end.bench_runs import LONG_ENOUGH_S
from tests.end_to_end.guarded_bench import GuardedBench, GuardedSession, closing_within, guarded_bench, session

ACTIONS = ["pump stop", "pump stop confirmed", "outlet to waste", "occluder open", "pump power off"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBench]:
    with guarded_bench(tmp_path_factory.mktemp("bench"), relay=True) as running:
        yield running


@pytest.fixture(scope="module")
def implant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBench]:
    with guarded_bench(tmp_path_factory.mktemp("implant"), relay=False) as running:
        yield running


def ends_safe(bench: GuardedBench) -> None:
    assert bench.pump_orders()[-1] == "STOP"
    assert bench.levels() == {"port0/line0": "low", "port0/line1": "low", "port0/line2": "low"}


def was_rescued(ended: GuardedSession, reason: str) -> None:
    log = ended.log()
    assert [line["kind"] for line in log[-8:]] == ["rig_lost", "fenced", *["action"] * 5, "safe"], log
    assert reason in log[-8]["reason"]
    assert log[-8]["last_beat"]["published"]["mass"] > 0
    assert log[-7]["dead"]
    assert [line["name"] for line in log[-6:-1]] == ACTIONS
    assert [line["error"] for line in log[-6:-1]] == [""] * 5
    assert not ended.run.record.exists()
    ends_safe(ended.bench)


def await_stop(bench: GuardedBench) -> None:
    until_s = host_monotonic_s() + LONG_ENOUGH_S
    while bench.pump_orders()[-1] != "STOP":
        if host_monotonic_s() > until_s:
            raise TimeoutError("the pump runs on")
        host_sleep(0.02)


def test_a_killed_rig_is_followed_by_its_watchdog(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "wait") as guarded:
        guarded.rig.kill()
        guarded.end()
    was_rescued(guarded, "without a release")


def test_a_stopped_rig_is_fenced(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "wait") as guarded:
        guarded.rig.send_signal(signal.SIGSTOP)
        guarded.end()
        assert guarded.rig.returncode == -signal.SIGKILL
    was_rescued(guarded, "no heartbeat for")


def test_a_killed_watchdog_ends_the_run_and_the_rig_drops_the_relay(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "wait") as guarded:
        guarded.watchdog().kill()
        output = guarded.end()
    record = guarded.record
    assert record["verdict"] == "INVALID", output
    assert "the watchdog died" in record["reason"]
    assert record["safe_state"]["done"] == ACTIONS
    assert guarded.kinds() == ["guarding", "relay"]
    ends_safe(shared)


def test_a_rig_that_hangs_after_its_safe_end_is_fenced(shared: GuardedBench, tmp_path: Path) -> None:
    bench = closing_within(shared, 2.0)
    with session(bench, tmp_path, "never_end") as guarded:
        guarded.end()
        assert guarded.rig.returncode == -signal.SIGKILL
    assert guarded.kinds()[-4:] == ["rig_made_safe", "rig_lost", "fenced", "safe"]
    assert "has not closed its run" in guarded.log()[-3]["reason"]
    ends_safe(shared)
    state = StationState(tmp_path / "state")
    state.begin_run(guarded.run.path)
    (told, *_) = settle_last_run(state)
    assert state.fault is None
    assert "closed as ABORTED" in told
    assert "The rig had made the bench safe" in guarded.record["reason"]


def test_a_rig_that_dies_after_its_safe_end_left_a_safe_bench(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "never_end") as guarded:
        until_s = host_monotonic_s() + LONG_ENOUGH_S
        while guarded.kinds()[-1] != "rig_made_safe" and host_monotonic_s() < until_s:
            host_sleep(0.02)
        guarded.rig.kill()
        guarded.end()
    assert guarded.kinds()[-4:] == ["rig_made_safe", "rig_lost", "fenced", "safe"]
    ends_safe(shared)


def test_a_signal_is_heard_while_the_protocol_is_in_a_library(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "be_held_up") as guarded:
        guarded.rig.send_signal(signal.SIGTERM)
        await_stop(shared)
        assert guarded.rig.poll() is None
        assert not guarded.run.record.exists()
        output = guarded.end()
    assert guarded.record["verdict"] == "ABORTED", output
    assert guarded.kinds()[-2:] == ["rig_made_safe", "released"]
    ends_safe(shared)


def test_a_second_ctrl_c_is_not_held_on_to(shared: GuardedBench, tmp_path: Path) -> None:
    with session(shared, tmp_path, "hold_on") as guarded:
        while shared.pump_orders()[-1] == "RUN":
            guarded.rig.send_signal(signal.SIGINT)
            host_sleep(0.2)
        output = guarded.end()
    record = guarded.record
    assert record["verdict"] == "ABORTED", output
    assert "the protocol did not let go" in record["reason"]
    assert record["watchdog"]["timeout_s"] == 3.0
    assert read_trace(guarded.run.trace).header["watchdog"] == record["watchdog"]
    ends_safe(shared)


def test_a_pump_that_ran_before_ends_stopped_though_the_station_cannot_be_opened(implant: GuardedBench) -> None:
    port = json.loads(implant.station.with_name("twin.json").read_text())["pump"]["port"]
    pump = open_bench_interface("pump", BenchInterfaceOptions(port=port, serial="ITB-0042"), WallClock())
    pump.upload(continuous(1000.0))
    pump.start()
    pump.close()
    assert implant.pump_orders()[-1] == "RUN"
    other = implant.station.with_name("other.toml")
    other.write_text(implant.station.read_text().replace('serial = "H1230007"', 'serial = "H9"'))
    with pytest.raises(StationError, match="H9"):
        open_station(load_station_file(other), virtual=False, seed=1)
    assert implant.pump_orders()[-1] == "STOP"


def test_what_the_rig_could_not_stop_its_watchdog_stops(implant: GuardedBench, tmp_path: Path) -> None:
    with session(implant, tmp_path, "lose_the_pump", case="implant") as guarded:
        assert implant.pump_orders()[-1] == "RUN"
        output = guarded.end()
    assert "THE BENCH IS NOT SAFE" in output
    assert guarded.record["safe_state"]["done"] == ["outlet to waste", "occluder open"]
    assert guarded.kinds() == [
        "guarding",
        "rig_failed_to_make_safe",
        "rig_lost",
        "fenced",
        *["action"] * 4,
        "safe",
    ]
    assert implant.pump_orders()[-1] == "STOP"
    assert implant.levels() == {"port0/line0": "low", "port0/line1": "low"}
