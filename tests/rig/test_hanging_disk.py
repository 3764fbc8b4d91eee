"""A disk that hangs, and raises nothing: the pump is stopped all the same, and the run ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from instruments.program import continuous
from instruments.readings import PumpState
from results.trace.errors import StorageError
from results.trace.events import EventLog
from results.trace.schema import MASS, TraceEvent
from results.trace.status import SampleStatus
from rig.acquisition import stream as stream_module
from rig.acquisition.sample import Sample
from rig.acquisition.stream import SampleStream
from rig.bench import Bench
from rig.disk.standstill import STANDSTILL_S, StandstillGuard
from rig.stopping import Reached
from rig.trip import Trip
from tests.rig.bench_sessions import events_of, session_on

HANG_S = 60.0
SAMPLE = Sample(MASS, 1, SampleStatus.GOOD, (1.0, b""))


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Events of interlocks wait for the disk until this is set."""
    disk, own = threading.Event(), EventLog.record

    def record(log: EventLog, event: TraceEvent) -> None:
        if event.kind in ("interlock", "stopping_criterion", "instrument_fault"):
            assert disk.wait(HANG_S)
        own(log, event)

    monkeypatch.setattr(EventLog, "record", record)
    yield disk
    disk.set()


def pump_stands(bench: Bench) -> None:
    until_s = host_monotonic_s() + HANG_S / 2.0
    while bench._station.pump.status().state is not PumpState.STOPPED:
        assert host_monotonic_s() < until_s, "the pump runs on"
        host_sleep(0.01)


def test_an_interlock_stops_the_pump_before_the_disk_has_taken_it(tmp_path: Path, hanging: threading.Event) -> None:
    with session_on(tmp_path).bench() as (run, bench):
        bench.start_infusion(continuous(500.0))
        at_s = bench._clock.now()
        tripping = threading.Thread(target=lambda: bench.trip(Trip("burst pressure")), daemon=True)
        tripping.start()
        pump_stands(bench)
        assert tripping.is_alive()
        assert not events_of(run, "interlock")
        hanging.set()
        tripping.join(HANG_S)
        (event,) = events_of(run, "interlock")
        assert event.time_ns == pytest.approx((at_s - bench._acquisition.origin_s) * 1e9, abs=1e9)


def test_a_stopping_criterion_stops_the_pump_before_its_phases_are_on_the_disk(
    tmp_path: Path, hanging: threading.Event
) -> None:
    class Always:
        def listen(self, item: object) -> Reached:
            return Reached("rate", 2.0, 1.0, "%", "too much")

    with session_on(tmp_path).bench() as (_, bench):
        bench.start_infusion(continuous(500.0))
        bench.stop_when(Always())
        listening = threading.Thread(target=lambda: bench.listen(SAMPLE), daemon=True)
        listening.start()
        pump_stands(bench)
        assert listening.is_alive()
        hanging.set()
        listening.join(HANG_S)


def test_a_commit_that_does_not_come_trips_once() -> None:
    now_s, trips = [0.0], list[Trip]()
    guard = StandstillGuard(on_trip=trips.append, host_s=lambda: now_s[0])
    now_s[0] = STANDSTILL_S - 1.0
    guard.listen(SAMPLE)
    guard.note_durable({MASS: 1})
    now_s[0] += STANDSTILL_S - 1.0
    guard.listen(SAMPLE)
    assert not trips
    now_s[0] += 2.0
    guard.listen(SAMPLE)
    guard.listen(SAMPLE)
    (trip,) = trips
    assert "nothing has become durable for 61 s" in trip.reason


def test_a_full_stream_that_nobody_drains_is_an_error_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "ROOM_WITHIN_S", 0.05)
    stream = SampleStream(capacity=2)
    stream.publish(SAMPLE)
    stream.publish(SAMPLE)
    with pytest.raises(StorageError, match="The disk hangs"):
        stream.publish(SAMPLE)
