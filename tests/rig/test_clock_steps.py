"""The wall clock is set, creeps, or the host sleeps: no sample time, duration or verdict comes from it, all is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from instruments.clock import Clock, WallClock, interface, wall
from instruments.clock.interface import host_sleep
from protocols.flow_accuracy import test_flow_accuracy as flow_accuracy
from results.trace.reader import Trace, read_trace
from results.trace.schema import MASS
from results.trace.status import SampleStatus
from rig.acquisition import clock_watch
from rig.acquisition.clock_watch import ANCHOR_PERIOD_S, ClockWatch
from rig.plan import load_plan
from rig.procedures.flow_accuracy import FlowCase
from tests.end_to_end.bench_runs import ROOT
from tests.rig.bench_sessions import events_of, record_of, session_on

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@dataclass
class ScriptedHost:
    """A host whose clocks go by a script; each look takes a second. Stands in for the station's clock as well."""

    steps: dict[int, tuple[float, float]] = field(default_factory=dict)
    slew: float = 0.0
    looks: int = 0
    utc_s: float = 0.0
    monotonic_s: float = 1000.0
    asleep_s: float = 0.0
    is_virtual: bool = False
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def now(self) -> float:
        return self.monotonic_s + self.asleep_s - 1000.0

    def wait(self, stop: int, until: float) -> bool:
        self.looks += 1
        step_s, asleep_s = self.steps.get(self.looks, (0.0, 0.0))
        self.monotonic_s += 1.0
        self.asleep_s += asleep_s
        self.utc_s += 1.0 + self.slew + asleep_s + step_s
        return self.looks > stop

    def record(self, kind: str, source: str, data: Any = None) -> None:
        assert source == "clock"
        self.events.append((kind, dict(data)))

    def watched(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> ClockWatch:
        """Return the watch after so many looks, and its end."""
        monkeypatch.setattr(clock_watch, "utc_now", lambda: START + timedelta(seconds=self.utc_s))
        monkeypatch.setattr(clock_watch, "host_monotonic_s", lambda: self.monotonic_s)
        monkeypatch.setattr(clock_watch, "host_asleep_s", lambda: self.asleep_s)
        watch = ClockWatch(cast(Clock, self), self.record)
        watch.begin(0.0)
        watch.run(cast(Any, looks))
        watch.end()
        return watch

    def steps_told(self) -> list[dict[str, Any]]:
        return [data for kind, data in self.events if kind == "clock_step"]


def test_a_quiet_clock_is_anchored_each_minute_and_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    host = ScriptedHost(slew=400e-6)
    watch = host.watched(monkeypatch, 600)
    assert host.steps_told() == []
    assert watch.notes == []
    anchors = [datetime.fromisoformat(data["utc"]) for kind, data in host.events if kind == "clock_anchor"]
    assert len(anchors) == 2 + 600 // ANCHOR_PERIOD_S
    assert np.ptp([(later - earlier).total_seconds() for earlier, later in pairwise(anchors[:-1])]) < 1e-5


@pytest.mark.parametrize("size_s", [-3600.0, -0.2, 0.2, 3600.0, 86400.0])
def test_a_step_is_told_with_its_size_and_bounds(monkeypatch: pytest.MonkeyPatch, size_s: float) -> None:
    host = ScriptedHost(steps={100: (size_s, 0.0)})
    watch = host.watched(monkeypatch, 300)
    (step,) = host.steps_told()
    assert step["cause"] == "step"
    assert step["size_s"] == pytest.approx(size_s, abs=1e-6)
    assert (step["not_before_s"], step["not_after_s"]) == (99.0, 100.0)
    assert f"{size_s:+.3f} s" in watch.notes[0]


def test_what_creeps_is_told_as_slew(monkeypatch: pytest.MonkeyPatch) -> None:
    host = ScriptedHost(slew=0.002)
    host.watched(monkeypatch, 120)
    told = host.steps_told()
    assert {step["cause"] for step in told} == {"slew"}
    assert sum(step["size_s"] for step in told) == pytest.approx(0.24, abs=0.06)


def test_a_suspended_host_is_told_as_such_and_not_as_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    host = ScriptedHost(steps={50: (0.0, 7200.0)})
    watch = host.watched(monkeypatch, 100)
    (step,) = host.steps_told()
    assert (step["cause"], step["size_s"]) == ("suspend", 7200.0)
    assert (step["not_before_s"], step["not_after_s"]) == (49.0, 7250.0)
    assert "nothing was measured" in watch.notes[0]


def test_a_step_during_a_suspension_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    host = ScriptedHost(steps={50: (-5.0, 7200.0)})
    host.watched(monkeypatch, 100)
    assert [(step["cause"], step["size_s"]) for step in host.steps_told()] == [("suspend", 7200.0), ("step", -5.0)]


def stepping_utc(monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime]) -> None:
    """Replace the one source of UTC."""

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now()

    monkeypatch.setattr(interface, "datetime", Datetime)


def whole_session(folder: Path) -> tuple[dict[str, Any], Trace]:
    case = load_plan(ROOT / "protocols" / "flow_accuracy.toml").case("fast", FlowCase)
    with session_on(folder, seed=4).bench(case) as (run, bench):
        flow_accuracy(bench, case)
    return record_of(run), read_trace(run.folder.trace)


def test_a_session_under_a_clock_that_is_set_over_and_over_is_equal_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, trace = whole_session(tmp_path / "still")
    asked = [0]

    def now() -> datetime:
        asked[0] += 1
        return START + timedelta(days=(-1) ** asked[0] * asked[0])

    stepping_utc(monkeypatch, now)
    stepped_record, stepped = whole_session(tmp_path / "stepping")
    assert asked[0] >= 4
    assert stepped.data_sha256() == trace.data_sha256()
    assert stepped_record["verdict"] == record["verdict"] == "PASS"
    for record_ in (record, stepped_record):
        del record_["outcome"]["run_id"]
    assert stepped_record["outcome"] == record["outcome"]
    assert [event.kind for event in trace.events if event.kind == "clock_step"] == []
    steps = [event for event in stepped.events if event.kind == "clock_step"]
    assert [event.data["cause"] for event in steps] == ["step"]
    assert any("UTC was set" in note for note in stepped_record["notes"])
    assert [e.time_ns for e in stepped.events if e.kind != "clock_step"] == [e.time_ns for e in trace.events]


def wall_session(folder: Path, when: Callable[[], None]) -> tuple[dict[str, Any], Trace, list[dict[str, Any]]]:
    """Sample for a while in real time; something happens to the host's clocks in the middle."""
    session = session_on(folder)
    session.session.virtual = False
    with session.bench() as (run, bench):
        bench.wait(1.5)
        when()
        host_sleep(0.1)
        bench.wait(3.0)
    steps = [dict(event.data) for event in events_of(run, "clock_step")]
    return record_of(run), read_trace(run.folder.trace), steps


def test_in_real_time_a_set_clock_moves_no_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size_s = [0.0]
    stepping_utc(monkeypatch, lambda: datetime.now(UTC) + timedelta(seconds=size_s[0]))
    record, trace, steps = wall_session(tmp_path, lambda: size_s.__setitem__(0, -3600.0))
    assert [step["cause"] for step in steps] == ["step"]
    assert steps[0]["size_s"] == pytest.approx(-3600.0, abs=0.05 + steps[0]["u_s"])
    assert 0.0 <= steps[0]["not_before_s"] < steps[0]["not_after_s"]
    assert any("-3600." in note for note in record["notes"])
    times_s = trace.stream(MASS).time_s
    assert times_s[0] >= 0.0
    assert np.all(np.diff(times_s) > 0.0)


def test_in_real_time_a_suspended_host_leaves_a_gap_that_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep_s = [0.0]
    monkeypatch.setattr(wall, "_elapsing_s", lambda: time.monotonic() + asleep_s[0])
    monkeypatch.setattr(clock_watch, "host_asleep_s", lambda: asleep_s[0])
    stepping_utc(monkeypatch, lambda: datetime.now(UTC) + timedelta(seconds=asleep_s[0]))
    record, trace, steps = wall_session(tmp_path, lambda: asleep_s.__setitem__(0, 30.0))
    assert [(step["cause"], step["size_s"]) for step in steps] == [("suspend", 30.0)]
    assert any("suspended for 30.0 s" in note for note in record["notes"])
    missed = trace.stream(MASS).time_s[trace.stream(MASS).status == SampleStatus.MISSED]
    asleep = missed[(missed >= steps[0]["not_before_s"]) & (missed <= steps[0]["not_after_s"])]
    assert asleep.size >= 28


def test_station_time_goes_on_while_the_host_is_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system does not tell")
    clock = WallClock()
    truly = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda which: truly(which) + 100.0 * (which == time.CLOCK_BOOTTIME))
    assert 100.0 <= clock.now() < 400.0
