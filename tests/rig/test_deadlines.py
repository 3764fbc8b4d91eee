"""A case that outlives its plan, and a session its time: ended safe, and ABORTED."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.clock import VirtualClock, host_monotonic_s
from results.trace.schema import TraceEvent
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.bench import Bench
from rig.faults import RigLimit
from rig.safety.deadlines import GRACE_S, Deadlines
from rig.station import StationError
from rig.trip import Trip
from tests.rig.bench_sessions import ended_by, record_of, session_on, trial_case

ITEM = Sample("mass", 0, SampleStatus.GOOD, (1.0, b""))


def deadlines(clock: VirtualClock, trips: list[Trip], *, session_until_s: float | None = None) -> Deadlines:
    return Deadlines(
        planned_s=1000.0, overtime_percent=50.0, session_until_s=session_until_s, clock=clock, on_trip=trips.append
    )


def test_a_case_may_take_its_share_longer_and_half_an_hour() -> None:
    clock, trips = VirtualClock(), list[Trip]()
    with clock.participate("test"):
        watched = deadlines(clock, trips)
        clock.sleep_until(1500.0 + GRACE_S - 1.0)
        watched.watch(ITEM)
        assert trips == []
        clock.sleep_until(1500.0 + GRACE_S)
        watched.watch(ITEM)
        watched.watch(ITEM)
    (trip,) = trips
    assert trip.is_limit
    assert "planned are 1000 s, and 3300 s have passed" in trip.reason


def test_an_event_is_no_moment_to_trip() -> None:
    """It is published under a lock, and the way to safety may take station time that others need to pass."""
    clock, trips = VirtualClock(), list[Trip]()
    with clock.participate("test"):
        watched = deadlines(clock, trips)
        clock.sleep_until(2000.0 + GRACE_S)
        watched.watch(TraceEvent(0, "phase_end", "protocol", {}))
        assert trips == []
        watched.watch(ITEM)
        assert len(trips) == 1


def test_a_session_has_an_end_of_host_time() -> None:
    trips: list[Trip] = []
    deadlines(VirtualClock(), trips, session_until_s=host_monotonic_s() + 3600.0).watch(ITEM)
    assert trips == []
    deadlines(VirtualClock(), trips, session_until_s=host_monotonic_s()).watch(ITEM)
    assert "--session-deadline" in trips[0].reason


def test_a_protocol_that_never_ends_is_ended_safe(tmp_path: Path) -> None:
    session = session_on(tmp_path)
    session.session.overtime_percent = 0.0

    def protocol(bench: Bench) -> None:
        bench.prime(trial_case().prime)
        bench.start_infusion(trial_case().steps[0].program)
        bench.wait(1e7)

    run = ended_by(session, protocol, RigLimit, "deadline: planned are")
    record = record_of(run)
    assert record["verdict"] == "ABORTED"
    assert record["safe_state"]["failed"] == []
    assert record["watchdog"].startswith("none: ")


def test_no_case_begins_after_the_end_of_its_session(tmp_path: Path) -> None:
    session = session_on(tmp_path)
    session.session.until_s = host_monotonic_s()
    with pytest.raises(StationError, match="deadline has passed"), session.bench():
        pass
