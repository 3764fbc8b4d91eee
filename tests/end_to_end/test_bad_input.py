"""Whatever is wrong: one clear message, the pump stopped, the record readable, an exit status that is not zero."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import Finished, add_events, copy_protocols, make_station, run_protocols

FROM_ANALYSIS = "at_s = 1300.0\nduration_s = 100000.0"
FAST = ("--case", "fast")
IMPATIENT = {
    'address = "twin://balance"': 'address = "twin://balance"\ndeadline_s = 0.2',
    'port = "twin://pump"': 'port = "twin://pump"\ndeadline_s = 0.2',
    "silent_after_s = 60.0": "silent_after_s = 12.0",
}


def assert_refused(finished: Finished, *words: str) -> None:
    """Refused before anything ran: told in words, no run folder, no traceback."""
    assert finished.status not in (0, 5), finished.output
    for word in words:
        assert word in finished.output, finished.output
    assert "Traceback" not in finished.output
    assert "INTERNALERROR" not in finished.output
    assert finished.runs == ()


def assert_ended_safely(finished: Finished, verdict: str, *words: str) -> None:
    """Ended in the middle: told in words, safe, sealed and readable."""
    assert finished.status != 0, finished.output
    record = finished.record
    assert record["verdict"] == verdict, finished.output
    for word in words:
        assert word in record["reason"], record["reason"]
        assert word in finished.output
    assert "Traceback" not in finished.output
    assert "INTERNALERROR" not in finished.output
    assert record["outcome"] is None
    assert record["safe_state"]["failed"] == []
    assert record["safe_state"]["done"][:2] == ["pump stop", "pump stop confirmed"]
    assert read_trace(finished.run.trace, sha256=record["files"]["trace.h5"]).complete


def test_no_station_is_refused_with_what_can_be_given(tmp_path: Path) -> None:
    assert_refused(run_protocols(tmp_path / "runs"), "--station", "simulated", "hardware-example")


@pytest.mark.parametrize("station", ["simulatd", "/nowhere/station.toml"])
def test_an_unknown_station_is_refused_with_what_can_be_given(tmp_path: Path, station: str) -> None:
    assert_refused(run_protocols(tmp_path / "runs", "--station", station), station, "simulated")


def test_several_workers_on_one_station_are_refused(tmp_path: Path) -> None:
    assert_refused(run_protocols(tmp_path / "runs", "--station", "simulated", "-n", "2"), "-n", "one case at a time")


def test_virtual_time_on_hardware_is_refused(tmp_path: Path) -> None:
    finished = run_protocols(tmp_path / "runs", "--station", "hardware-example", "--clock", "virtual")
    assert_refused(finished, "--clock virtual", "hardware-example")


def test_a_seed_where_no_twin_draws_from_it_is_refused(tmp_path: Path) -> None:
    finished = run_protocols(tmp_path / "runs", "--station", "hardware-example", "--seed", "5")
    assert_refused(finished, "--seed", "hardware-example")


def test_a_case_where_no_protocol_is_found_is_refused(tmp_path: Path) -> None:
    """Pytest collects by file names of its own liking: a folder of protocols other than this one is passed over."""
    root = copy_protocols(tmp_path / "copied", {})
    mine = root / "mine"
    mine.mkdir()
    for name in ("flow_accuracy.py", "flow_accuracy.toml"):
        shutil.copy(root / "protocols" / name, mine)
    chosen = ("--station", "simulated", "--case", "fast")
    finished = run_protocols(tmp_path / "runs", *chosen, protocols="mine", cwd=root)
    assert_refused(finished, "--case", "name its file")


def test_all_faults_of_a_station_are_told_at_once(tmp_path: Path) -> None:
    changes = {
        "balance_period_s = 1.0": "balance_period_s = nan\nbalance_perod_s = 1.0",
        "burst_pressure_kpa = 200.0": 'burst_pressure_kpa = "200"',
    }
    station = make_station(tmp_path / "bench", station=changes)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert_refused(finished, "sampling.balance_period_s", "sampling.balance_perod_s", "limits.burst_pressure_kpa")


def test_a_station_that_is_no_toml_is_refused_with_line_and_column(tmp_path: Path) -> None:
    station = make_station(tmp_path / "bench", station={"[station]": "[station"})
    assert_refused(run_protocols(tmp_path / "runs", "--station", str(station)), "station.toml", "line 4")


def test_a_twin_with_faults_is_refused(tmp_path: Path) -> None:
    station = make_station(tmp_path / "bench", twin={"capillary_ul = 0.2": 'capillary_ul = "a drop"'})
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert_refused(finished, "twin.toml", "meniscus.capillary_ul")


def test_an_unknown_case_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    finished = run_protocols(tmp_path / "runs", "--station", "simulated", "--case", "maintenence")
    assert_refused(finished, "maintenence", "flow-accuracy/fast, flow-accuracy/maintenance, flow-accuracy/one")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dose_ug_per_day = 108.0": "dose_ug_per_day = 22.0"}, ("case.maintenance", "1.83333 uL/h", "2 to 1000 uL/h")),
        ({"dose_ug_per_day = 108.0": 'dose_ug_per_day = "108"'}, ("case.maintenance.dose_ug_per_day",)),
        (
            {"dose_ug_per_day = 108.0": "dose_ug_per_day = 108.0\nflow_ml_per_day = 0.216"},
            ("case.maintenance", "state one of them"),
        ),
        ({"low = -14.5": "low = 14.5"}, ("evaluation.criteria",)),
        ({"[plan]": "[plan"}, ("flow_accuracy.toml", "line 4")),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]) -> None:
    folder = copy_protocols(tmp_path / "copy", changes)
    finished = run_protocols(tmp_path / "runs", "--station", "simulated", *FAST, cwd=folder)
    assert_refused(finished, *words)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    folder = copy_protocols(tmp_path / "copy", {})
    (folder / "protocols" / "flow_accuracy.toml").unlink()
    finished = run_protocols(tmp_path / "runs", "--station", "simulated", *FAST, cwd=folder)
    assert_refused(finished, "flow_accuracy.toml")


@pytest.mark.parametrize(
    ("station", "words"),
    [
        ({'serial = "ITB-0042"': 'serial = "ITB-0107"'}, ("pump:", "ITB-0107", "ITB-0042")),
        ({'serial = "B402318876"': 'serial = "B000000000"'}, ("balance:", "B000000000", "B402318876")),
        ({'serial = "H1230007"': 'serial = "H9999999"'}, ("ambient:", "H9999999", "H1230007")),
        ({'device = "twin://daq"\nserial = "01DF5E76"': 'device = "twin://daq"\nserial = "0BADCAFE"'}, ("0BADCAFE",)),
    ],
)
def test_the_wrong_device_behind_an_address_is_refused(
    tmp_path: Path, station: dict[str, str], words: tuple[str, ...]
) -> None:
    path = make_station(tmp_path / "bench", station=station)
    assert_refused(run_protocols(tmp_path / "runs", "--station", str(path), *FAST), *words)


@pytest.mark.parametrize("device", ["pump", "balance", "ambient", "daq"])
def test_a_device_that_does_not_answer_is_refused(tmp_path: Path, device: str) -> None:
    station = make_station(tmp_path / "bench")
    silent = f'kind = "link_fault"\ndevice = "{device}"\nmode = "silent"\nat_s = 0.0\nduration_s = 1e9'
    add_events(station, silent)
    assert_refused(run_protocols(tmp_path / "runs", "--station", str(station), *FAST), "cannot be used")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ('kind = "balance_refusal"\nanswer = "S I"', ("mass", "busy")),
        ('kind = "balance_refusal"\nanswer = "ES"', ("balance: ", "command 'SI'", "reply b'ES")),
        ('kind = "balance_refusal"\nanswer = "S S Error 10b"', ("mass",)),
        ('kind = "load"\nload_g = 500.0', ("mass", "overload")),
        ('kind = "load"\nload_g = -70.0', ("mass", "underload")),
        ('kind = "link_fault"\ndevice = "balance"\nmode = "garbage"', ("balance: ", "command '@'", "Check ")),
        ('kind = "link_fault"\ndevice = "balance"\nmode = "half_line"', ("balance: ", "command '@'", "Check ")),
        (
            'kind = "link_fault"\ndevice = "balance"\nmode = "silent"',
            ("balance: ", "command '@'", "no reply", "Check "),
        ),
        ('kind = "link_fault"\ndevice = "balance"\nmode = "drop_connection"', ("balance",)),
        ('kind = "link_fault"\ndevice = "ambient"\nmode = "silent"', ("ambient",)),
        ('kind = "sensor_fault"\nchannel = "line"\nfault = "wire_break"', ("pressure_line", "wire break")),
        ('kind = "link_fault"\ndevice = "daq"\nmode = "drop_connection"', ("pressure",)),
    ],
)
def test_an_instrument_that_fails_in_mid_run_makes_it_invalid(
    tmp_path: Path, event: str, words: tuple[str, ...]
) -> None:
    station = add_events(make_station(tmp_path / "bench", station=IMPATIENT), f"{event}\n{FROM_ANALYSIS}")
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    if "daq" in event:
        # The valves hang on the same device: the safe state cannot be confirmed, and the record says so.
        assert finished.status != 0
        assert finished.record["verdict"] == "INVALID"
        assert "NOT SAFE" in finished.output
        assert finished.record["safe_state"]["done"] == ["pump stop", "pump stop confirmed"]
        assert read_trace(finished.run.trace).complete
        return
    assert_ended_safely(finished, "INVALID", *words)


def test_a_pump_that_no_longer_answers_is_told_as_not_safe(tmp_path: Path) -> None:
    silent = f'kind = "link_fault"\ndevice = "pump"\nmode = "silent"\n{FROM_ANALYSIS}'
    station = add_events(make_station(tmp_path / "bench", station=IMPATIENT), silent)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert finished.status != 0
    record = finished.record
    assert record["verdict"] == "INVALID"
    assert "NOT SAFE" in finished.output
    assert [step for step, _ in record["safe_state"]["failed"]] == ["pump stop", "pump stop confirmed"]
    assert record["safe_state"]["done"] == ["outlet to waste", "occluder open"]
    assert read_trace(finished.run.trace).complete


def test_a_full_vessel_aborts(tmp_path: Path) -> None:
    load = f'kind = "load"\nload_g = 100.0\n{FROM_ANALYSIS}'
    station = add_events(make_station(tmp_path / "bench"), load)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert_ended_safely(finished, "ABORTED", "vessel full")


def test_a_rate_the_pump_refuses_leaves_the_case_not_run_in_the_pumps_own_words(tmp_path: Path) -> None:
    folder = copy_protocols(tmp_path / "copy", {})
    protocol = folder / "protocols" / "flow_accuracy.py"
    text = protocol.read_text(encoding="utf-8")
    too_fast = "bench.start_infusion(continuous(1500.0))"
    text = text.replace("bench.start_infusion(case.program)", too_fast)
    text = text.replace(
        "from rig.bench import Bench", "from instruments.program import continuous\nfrom rig.bench import Bench"
    )
    assert too_fast in text
    protocol.write_text(text, encoding="utf-8")
    finished = run_protocols(tmp_path / "runs", "--station", "simulated", *FAST, cwd=folder)
    assert_ended_safely(finished, "NOT RUN", "pump: the pump refuses", "outside 2 to 1000 uL/h", "Choose a dose")
