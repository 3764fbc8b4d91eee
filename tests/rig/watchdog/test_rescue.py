"""What a watchdog does for a bench whose rig is lost, on a twin in this process: its pump with and without power."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from instruments.clock import Clock, WallClock
from instruments.errors import InstrumentTimeout
from instruments.interfaces import Instrument, Pump
from instruments.program import continuous
from rig.opening import ROLES
from rig.ownership.hold import HeldByAnother
from rig.ownership.instruments import hold_instruments, release_all
from rig.safety.safe_state import SafeStateReport
from rig.stations.device import Device
from rig.stations.file import load_station_file
from rig.stations.twin import resolve, start_twin
from rig.watchdog.duty import Duty, Times
from rig.watchdog.log import WatchdogLog
from rig.watchdog.relay import OwnedRelay
from rig.watchdog.rescue import fence_and_make_safe, make_safe
from tests.end_to_end.bench_runs import make_station
from tests.end_to_end.guarded_bench import RELAY

VALVES = ["outlet to waste", "occluder open"]
POWER = ["pump power off"]
PUMP = ["pump stop", "pump stop confirmed"]


@dataclass(frozen=True)
class Rescue:
    """A bench whose pump has no power yet, and the relay that gives it."""

    duty: Duty
    relay: OwnedRelay

    def run(self, *, pump_stopped: bool = False) -> SafeStateReport:
        return make_safe(self.duty, "the rig is lost", pump_stopped=pump_stopped, relay=self.relay, log=WatchdogLog())

    def pump(self) -> Pump:
        return cast(Pump, self.duty.pump.open(WallClock()))


@pytest.fixture
def rescue(tmp_path: Path) -> Iterator[Rescue]:
    file = load_station_file(make_station(tmp_path / "bench", station=RELAY, base="simulated-external"))
    clock = WallClock()
    twin = start_twin(file, clock=clock, seed=1)
    try:
        entries = (file.lines, file.pump, file.balance, file.ambient, file.pressure)
        devices: dict[str, Device] = {}
        for role, entry in zip(ROLES, entries, strict=True):
            options, grpc_address = resolve(entry.options, twin.addresses())
            devices[role] = Device(role, entry.name, entry.driver, options, grpc_address)
        duty = Duty(
            os.getpid(),
            file.id,
            Times(3.0, closing_s=60.0),
            devices["pump"],
            devices["lines"],
            True,
            tmp_path / "state",
        )
        relay = OwnedRelay(duty.lines, clock=clock)
        relay.open()
        try:
            yield Rescue(duty, relay)
        finally:
            relay.close()
    finally:
        twin.close()


def test_a_pump_that_never_had_power_is_not_asked_and_leaves_the_bench_safe(rescue: Rescue) -> None:
    """A rig that hangs while it opens its station is no reason to have somebody look."""
    report = rescue.run()
    assert report.is_safe
    assert report.done == [*VALVES, *POWER]


def test_a_pump_that_has_power_is_stopped_and_asked(rescue: Rescue) -> None:
    rescue.relay.switch(True)
    pump = rescue.pump()
    pump.upload(continuous(1000.0))
    pump.start()
    pump.close()
    report = rescue.run()
    assert report.is_safe
    assert report.done == [*PUMP, *VALVES, *POWER]


def test_a_pump_that_had_power_and_does_not_answer_any_more_leaves_the_bench_not_safe(rescue: Rescue) -> None:
    rescue.relay.switch(True)
    rescue.relay.switch(False)
    report = rescue.run()
    assert not report.is_safe
    assert [name for name, _ in report.failed] == PUMP
    assert report.done == [*VALVES, *POWER]


def test_a_pump_cut_off_after_it_had_confirmed_its_stop_leaves_the_bench_safe(rescue: Rescue) -> None:
    """A rig killed between its pump's last word and its own."""
    rescue.relay.switch(True)
    rescue.relay.switch(False)
    report = rescue.run(pump_stopped=True)
    assert report.is_safe
    assert report.done == [*VALVES, *POWER]


def test_a_pump_that_has_power_is_asked_whatever_it_confirmed_before(rescue: Rescue) -> None:
    rescue.relay.switch(True)
    assert rescue.run(pump_stopped=True).done == [*PUMP, *VALVES, *POWER]


def test_a_relay_that_was_on_when_it_was_taken_has_fed_its_pump(rescue: Rescue) -> None:
    """An earlier rig may have left it so."""
    rescue.relay.switch(True)
    rescue.relay.close()
    found = OwnedRelay(rescue.duty.lines, clock=WallClock())
    found.open()
    try:
        assert found.has_fed
        assert not found.is_energised
    finally:
        found.close()


class DeadRig:
    """A rig that is dead already."""

    def kill(self) -> None:
        pass

    def is_dead_within(self, timeout_s: float | None) -> bool:
        return True


def test_nobody_else_gets_the_pump_while_it_is_being_stopped(rescue: Rescue, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = (rescue.duty.pump, rescue.duty.lines)
    safe = SafeStateReport("the rig is lost", done=["all"])

    def look(*_: object, **__: object) -> SafeStateReport:
        with pytest.raises(HeldByAnother, match="its watchdog"):
            hold_instruments(devices, run_on="another station")
        return safe

    monkeypatch.setattr("rig.watchdog.rescue.make_safe", look)
    report = fence_and_make_safe(
        rescue.duty,
        "the rig is lost",
        is_safe=False,
        pump_stopped=False,
        fence=DeadRig(),
        relay=rescue.relay,
        log=WatchdogLog(),
    )
    assert report is safe
    release_all(hold_instruments(devices, run_on="another station"))


def test_a_pump_that_cannot_be_opened_is_tried_three_times_for_each_of_two_actions(rescue: Rescue) -> None:
    """Each takes a deadline, and the power relay waits for them."""
    rescue.relay.switch(True)
    tried: list[str] = []

    def open_nothing(clock: Clock) -> Instrument:
        tried.append("open")
        raise InstrumentTimeout("no answer", instrument="pump", command="ID?")

    class Silent(Device):
        def open(self, clock: Clock) -> Instrument:
            return open_nothing(clock)

    pump = rescue.duty.pump
    silent = Silent(pump.role, pump.name, pump.driver, pump.options, pump.grpc_address)
    report = Rescue(replace(rescue.duty, pump=silent), rescue.relay).run()
    assert len(tried) == 6
    assert [name for name, _ in report.failed] == PUMP
    assert report.done == [*VALVES, *POWER]
    assert "the power relay, which is dropped and its own communication time-out, if it is armed" in report.failures
