"""When the bench itself cannot be trusted: never a pass, never a hang, never the next case."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.trace.events import read_events
from tests.end_to_end.bench_runs import add_events, copy_protocols, make_station, run_protocols

FAST = ("--case", "fast")
PUMP = 'port = "twin://pump"'


def pump_silent(at_s: float) -> str:
    return f'kind = "link_fault"\ndevice = "pump"\nmode = "silent"\nat_s = {at_s}\nduration_s = 100000.0'


def test_a_pump_that_cannot_be_stopped_at_the_end_is_no_pass(tmp_path: Path) -> None:
    station = make_station(tmp_path / "bench", station={PUMP: f"{PUMP}\ndeadline_s = 0.2"})
    add_events(station, pump_silent(5095.0))
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.status == 1, finished.output
    assert finished.record["verdict"] == "INVALID"
    assert "THE BENCH IS NOT SAFE" in finished.output


def test_nothing_runs_on_a_bench_that_was_left_unsafe(tmp_path: Path) -> None:
    again = "\n[case.again]\ntitle = 'again'\nprofile = 'bench-fast'\nflow_ml_per_day = 10.0\n"
    again += "prime_flow_ml_per_day = 24.0\nprime_s = 300.0\nblank_s = 300.0\n"
    folder = copy_protocols(tmp_path / "copy", {"[case.fast]": f"{again}\n[case.fast]"})
    station = make_station(tmp_path / "bench", station={PUMP: f"{PUMP}\ndeadline_s = 0.2"})
    add_events(station, pump_silent(5095.0))
    cases = ("--case", "again", "--case", "fast")
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *cases, cwd=folder)
    assert finished.status == 1
    assert finished.record["case"] == "again"
    assert "left unsafe" in finished.output
    assert "NOT RUN" in finished.output


@pytest.mark.parametrize("at_s", [4735.0, 4795.0])
def test_a_trip_while_the_phase_ends_does_not_hang(tmp_path: Path, at_s: float) -> None:
    station = make_station(tmp_path / "bench", station={PUMP: f"{PUMP}\ndeadline_s = 1.0"})
    add_events(station, pump_silent(at_s))
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.status == 1, finished.output
    assert finished.record["verdict"] == "INVALID"


def test_after_a_trip_no_valve_leads_back_into_the_vessel(tmp_path: Path) -> None:
    station = make_station(tmp_path / "bench", station={PUMP: f"{PUMP}\ndeadline_s = 1.5"})
    lost = 'kind = "link_fault"\ndevice = "pump"\nmode = "reply_lost"\nat_s = 299.95\nduration_s = 0.2'
    load = 'kind = "load"\nload_g = 100.0\nat_s = 300.1\nduration_s = 100000.0'
    add_events(station, lost, load)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.record["verdict"] == "ABORTED", finished.output
    events = read_events(finished.run.events).events
    tripped_ns = next(event.time_ns for event in events if event.kind == "interlock")
    assert not [
        event for event in events if event.kind == "valve" and event.data["energised"] and event.time_ns > tripped_ns
    ]
    assert finished.record["safe_state"]["failed"] == []


def test_a_pump_stopped_by_its_own_time_out_is_the_rigs_fault(tmp_path: Path) -> None:
    changes = {PUMP: f"{PUMP}\ndeadline_s = 0.2", "silent_after_s = 60.0": "silent_after_s = 200.0"}
    station = make_station(tmp_path / "bench", station=changes)
    add_events(station, pump_silent(1300.0).replace("100000.0", "75.0"))
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.record["verdict"] == "INVALID"
    assert "communication time-out" in finished.record["reason"]
    assert finished.record["safe_state"]["failed"] == []


def test_a_pump_behind_a_power_relay_runs(tmp_path: Path) -> None:
    changes = {
        "relay = false": "relay = true",
        "[[lines.lines]]                          # energised: dead end; else open": (
            '[[lines.lines]]\nname = "pump_power"\nline = "port0/line2"\n\n[[lines.lines]]'
        ),
    }
    station = make_station(tmp_path / "bench", station=changes)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.status == 0, finished.output
    assert finished.record["safe_state"]["done"][-1] == "pump power off"


def test_a_runs_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "runs"
    blocked.write_text("a file is in the way")
    finished = run_protocols(blocked / "deeper", "--station", "simulated", *FAST)
    assert finished.status == 4
    assert "--runs" in finished.output
    assert "Traceback" not in finished.output
