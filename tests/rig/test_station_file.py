"""Station files: shipped ones are sound, look-up answers with what there is, contradictions are refused together."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from instruments.drivers import GROUP
from rig.configuration import ConfigurationError, read_source
from rig.stations.file import (
    StationFile,
    available_stations,
    find_station,
    load_station_file,
    parse_station,
)
from rig.stations.tables import DEVICES
from tests.rig.toml_mutation import check_message, document, mutated_tables, mutated_text

SIMULATED = find_station("simulated")
TEXT = SIMULATED.read_text(encoding="utf-8")
TABLES: dict[str, Any] = tomllib.loads(TEXT)
HARDWARE: dict[str, Any] = tomllib.loads(find_station("hardware-example").read_text(encoding="utf-8"))

CHANNEL: dict[str, Any] = TABLES["pressure"]["channels"][0]
OUTLET: dict[str, Any] = TABLES["lines"]["lines"][0]
LINES = [*TABLES["lines"]["lines"], {"name": "pump_power", "line": "port0/line2"}]


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "twin.toml").write_bytes(SIMULATED.with_name("twin.toml").read_bytes())
    path = folder / "station.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def changed(tables: dict[str, Any], **changes: Any) -> str:
    """Return a station as text with keys changed: `table__key=value`; None removes the key, or the table."""
    result = deepcopy(tables)
    for where, value in changes.items():
        table, _, key = where.partition("__")
        parent, name = (result.setdefault(table, {}), key) if key else (result, table)
        if value is None:
            del parent[name]
        else:
            parent[name] = value
    return document(result)


def refusal(folder: Path, text: str | bytes) -> ConfigurationError:
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load_station_file(path)
    check_message(caught.value, path)
    return caught.value


def problem_at(error: ConfigurationError, key: str) -> str:
    problems = [fault.problem for fault in error.faults if fault.key == key]
    assert problems, str(error)
    return "\n".join(problems)


# ---- shipped stations and look-up


def test_the_simulated_station_and_a_hardware_example_ship_with_the_rig() -> None:
    assert available_stations() == ("hardware-example", "simulated", "simulated-external", "simulated-syringe")


@pytest.mark.parametrize("name", available_stations())
def test_every_shipped_station_loads_and_says_what_it_is(name: str) -> None:
    station = load_station_file(name)
    assert station.id == name
    assert station.is_simulated is name.startswith("simulated")
    assert (station.twin_file is not None) is station.is_simulated
    assert station.path == find_station(name)
    assert station.text == station.path.read_text(encoding="utf-8")
    assert {device: getattr(station, device).name for device in DEVICES} == {device: device for device in DEVICES}


def test_the_hardware_example_names_real_addresses_of_each_kind() -> None:
    text = find_station("hardware-example").read_text(encoding="utf-8")
    for address in ("/dev/serial/by-id/", "TCPIP::192.0.2.7::4305::SOCKET", "ASRL", "Dev1/ai0", "Dev1/port0/line0"):
        assert address in text
    assert "twin://" not in text


def test_sampling_is_that_of_the_procedure_unless_a_station_says_otherwise(tmp_path: Path) -> None:
    station = load_station_file(write(tmp_path, changed(TABLES, sampling=None)))
    sampling = station.sampling
    assert (sampling.balance_period_s, sampling.ambient_period_s, sampling.telemetry_period_s) == (1.0, 10.0, 10.0)
    assert (sampling.pressure_rate_hz, sampling.pressure_block_s) == (10.0, 10.0)


def test_a_station_is_found_by_name_path_or_folder(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    assert find_station("simulated") == SIMULATED
    assert load_station_file(str(path)).path == path
    assert load_station_file(path).sha256 == load_station_file("simulated").sha256
    assert load_station_file(str(tmp_path)).path == path


def test_a_shipped_name_is_not_shadowed_by_a_file_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("simulated").write_text("", encoding="utf-8")
    assert find_station("simulated") == SIMULATED


@pytest.mark.parametrize("name", ["simulator", "./stations/none.toml", "", "Simulated"])
def test_an_unknown_station_is_answered_with_what_can_be_given(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_station_file(name)
    check_message(caught.value, Path(name))
    assert "the name of a shipped station: hardware-example, simulated, simulated-external, simulated-syringe" in str(
        caught.value
    )


def test_a_twin_that_is_not_there_is_told_before_the_run(tmp_path: Path) -> None:
    error = refusal(tmp_path, changed(TABLES, twin__file="lost.toml"))
    assert problem_at(error, "twin.file") == f'no such file: "{tmp_path / "lost.toml"}"'


def test_a_recorded_station_is_read_without_its_twin(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_text(TEXT, encoding="utf-8")
    station = parse_station(read_source(path))
    assert station.setup == load_station_file("simulated").setup


def test_a_twin_that_runs_already_is_attached_to(tmp_path: Path) -> None:
    station = load_station_file(write(tmp_path, changed(TABLES, twin__attach="addresses.json")))
    assert station.attach == tmp_path / "addresses.json"


# ---- what is refused


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"station__kind": "hardware"}, "pump.port", 'twin:// addresses are for kind = "simulated"'),
        ({"station__kind": "hardware"}, "twin", "has no twin"),
        ({"station__kind": "virtual"}, "station.kind", 'one of "simulated", "hardware"'),
        ({"station__id": "../x"}, "station.id", "letters, digits, - and _"),
        ({"twin": None}, "twin", "a simulated station needs its twin"),
        ({"twin__seed": 3}, "twin.seed", "unknown key"),
        ({"pump": None}, "pump", "missing; wanted a table"),
        ({"pump": [1]}, "pump", "found a list of 1; wanted a table"),
        ({"pump__driver": None}, "pump.driver", "missing; drivers for it: bench-interface"),
        (
            {"pump__driver": "bench_interface"},
            "pump.driver",
            'found "bench_interface"; drivers for it: bench-interface',
        ),
        ({"pump__driver": ["bench-interface"]}, "pump.driver", "found a list of 1; drivers for it:"),
        ({"balance__driver": "bench-interface"}, "balance.driver", "drivers for it: mt-sics, sbi"),
        ({"pump__port": "twin://pomp"}, "pump.port", "a twin has no 'pomp'; it has: pump, balance"),
        ({"pump__port": "/dev/ttyUSB0"}, "pump", "has no twin:// address"),
        ({"pump__serial": None}, "pump.serial", "missing; wanted text"),
        ({"pump__serial": 42}, "pump.serial", "found 42; wanted text"),
        ({"pump__deadline_s": float("nan")}, "pump.deadline_s", "found nan; wanted a finite number > 0 and <= 60"),
        ({"balance__adress": "x"}, "balance.adress", "unknown key; did you mean 'address'?"),
        ({"balance__environment": "calm"}, "balance.environment", 'one of "very stable", "stable"'),
        ({"sampling__balance_period_s": 0.0}, "sampling.balance_period_s", ">= 0.1 and <= 60"),
        (
            {"sampling__balance_period_s": float("inf")},
            "sampling.balance_period_s",
            "found inf; wanted a finite number",
        ),
        ({"sampling__pressure_rate_hz": 0.15}, "sampling.pressure_block_s", "1.5 samples at pressure_rate_hz"),
        ({"sampling__telemetry_period_s": 60.0}, "sampling.telemetry_period_s", "communication time-out, 60 s"),
        (
            {"limits__silent_after_s": 10.0},
            "limits.silent_after_s",
            "not longer than the slowest sampling period, 10 s",
        ),
        ({"limits__burst_pressure_kpa": -1.0}, "limits.burst_pressure_kpa", "gauge pressure the weakest part stands"),
        ({"limits__air_temperature_c": [26.0, 18.0]}, "limits.air_temperature_c", "26 is not below 18"),
        ({"limits__air_temperature_c": [18.0]}, "limits.air_temperature_c", "found a list of 1"),
        ({"limits__vessel_full_g": None}, "limits.vessel_full_g", "missing; wanted a number > 0"),
        ({"power__reason": None}, "power.reason", "say what stops the pump when the rig cannot"),
        ({"power__relay": 1}, "power.relay", "found 1; wanted true or false"),
        ({"power": None}, "power", "missing; wanted a table"),
        ({"setup__capillary_u_ul": None}, "setup.capillary_u_ul", "missing; wanted a number >= 0"),
        ({"setup__tube_outer_diameter_mm": 30.0}, "setup", "must be smaller than vessel_inner_diameter_mm"),
        ({"setup__vessel_diameter_mm": 20.0}, "setup.vessel_diameter_mm", "did you mean 'vessel_inner_diameter_mm'?"),
        ({"power__relay": True}, "power.relay", "no line is named 'pump_power'"),
        ({"pressure__channels": []}, "pressure.channels", "found a list of 0; wanted a list of at least 1"),
        ({"pressure__channels": [{**CHANNEL, "name": "a/b"}]}, "pressure.channels[1].name", "it names a stream"),
        ({"pressure__channels": [CHANNEL, CHANNEL]}, "pressure.channels", "two channels have the same name"),
        ({"pressure__channels": [{**CHANNEL, "kind": "4-20"}]}, "pressure.channels[1].kind", '"voltage", "current"'),
        ({"pressure__channels": [{**CHANNEL, "shunt": 1}]}, "pressure.channels[1].shunt", "did you mean 'shunt_ohm'?"),
        ({"pressure__channels": [{**CHANNEL, "pressure_kpa": [1, 1]}]}, "pressure.channels[1]", "points of the"),
        ({"lines__lines": [OUTLET]}, "lines.lines", "no line is named 'occluder'; the rig needs it"),
        ({"lines__lines": [OUTLET, {**OUTLET, "name": "occluder"}]}, "lines.lines", "two lines have the same line"),
        ({"lines__lines": LINES}, "power.relay", "false, but there is a line named 'pump_power'"),
        ({"balances": {}}, "balances", "unknown key; did you mean 'balance'?"),
    ],
)
def test_a_station_that_cannot_be_opened_is_refused(
    tmp_path: Path, changes: dict[str, Any], key: str, words: str
) -> None:
    assert words in problem_at(refusal(tmp_path, changed(TABLES, **changes)), key)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"watchdog__timeout_s": 1.5}, "1.5 s is shorter than two of the fastest sampling period, 2 s"),
        ({"watchdog__timeout_s": 60.0}, "60 s is not shorter than the pump's communication time-out, 60 s"),
        ({"pump__communication_timeout_s": 20}, "20 s is not shorter than the pump's communication time-out, 20 s"),
        ({"watchdog__timeout_s": 0.5}, "found 0.5"),
    ],
)
def test_the_watchdog_of_a_shared_bench_waits_neither_too_short_nor_too_long(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    assert words in problem_at(refusal(tmp_path, changed(HARDWARE, **changes)), "watchdog.timeout_s")


def test_a_twin_in_the_rigs_own_process_has_no_watchdog_to_wait_for(tmp_path: Path) -> None:
    station = load_station_file(write(tmp_path, changed(TABLES, watchdog__timeout_s=600.0)))
    assert not station.is_shared
    attached = changed(TABLES, watchdog__timeout_s=600.0, twin__attach="twin.json")
    assert "communication time-out" in problem_at(refusal(tmp_path, attached), "watchdog.timeout_s")


def test_a_station_with_a_relay_needs_no_reason_but_a_line(tmp_path: Path) -> None:
    power = {"power__relay": True, "power__reason": None}
    assert load_station_file(write(tmp_path, changed(TABLES, lines__lines=LINES, **power))).power.relay


def test_a_pump_that_never_gives_up_needs_no_haste_behind_a_relay(tmp_path: Path) -> None:
    relay = {"power__relay": True, "power__reason": None, "lines__lines": LINES}
    text = changed(
        TABLES, pump__communication_timeout_s=0, sampling__telemetry_period_s=60.0, limits__silent_after_s=90, **relay
    )
    assert load_station_file(write(tmp_path, text)).sampling.telemetry_period_s == 60.0


def test_a_pump_that_never_gives_up_is_refused_where_nothing_else_stops_it(tmp_path: Path) -> None:
    error = refusal(tmp_path, changed(TABLES, pump__communication_timeout_s=0))
    assert [fault.key for fault in error.faults] == ["pump.communication_timeout_s"]
    assert "nothing would stop the pump" in error.faults[0].problem


def test_a_twins_address_has_no_place_on_real_hardware(tmp_path: Path) -> None:
    error = refusal(tmp_path, changed(HARDWARE, balance__address="twin://balance", twin__file="twin.toml"))
    assert {fault.key for fault in error.faults} == {"balance.address", "twin"}


def test_the_faults_of_all_tables_are_told_together(tmp_path: Path) -> None:
    text = changed(
        TABLES,
        station__title=3,
        pump__port="twin://pomp",
        pump__colour="red",
        balance__driver="other",
        sampling__ambient_period_s="10",
        sampling__pressure_rate_hz=0.15,
        setup__timing_u_s=float("nan"),
        limits__silent_after_s=None,
        power__reason=None,
        extra={},
    )
    assert {fault.key for fault in refusal(tmp_path, text).faults} == {
        "station.title",
        "pump.port",
        "pump.colour",
        "balance.driver",
        "sampling.ambient_period_s",
        "sampling.pressure_block_s",
        "setup.timing_u_s",
        "limits.silent_after_s",
        "power.reason",
        "extra",
    }


def test_a_driver_that_cannot_be_loaded_is_a_fault_of_the_line_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "foreign-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n", encoding="utf-8")
    offers = f"[{GROUP}]\nbalance.other = no_such_module:DRIVER\n"
    (package / "entry_points.txt").write_text(offers, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    error = refusal(tmp_path, changed(TABLES, balance={"driver": "other", "address": "twin://balance"}))
    assert "'other' for the balance (package foreign) cannot be loaded" in problem_at(error, "balance.driver")
    (package / "entry_points.txt").write_text(offers.replace("balance.other", "scale.sbi"), encoding="utf-8")
    assert "the roles are" in problem_at(refusal(tmp_path, TEXT), "balance.driver")


@settings(max_examples=150, deadline=None)
@given(tables=mutated_tables(TABLES))
def test_a_mutated_station_is_a_whole_station_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Any]
) -> None:
    _whole_or_refused(write(tmp_path_factory.mktemp("station"), document(tables)))


@settings(max_examples=150, deadline=None)
@given(data=mutated_text(TEXT))
def test_a_damaged_station_file_is_a_whole_station_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    _whole_or_refused(write(tmp_path_factory.mktemp("station"), data))


def _whole_or_refused(path: Path) -> None:
    try:
        station = load_station_file(path)
    except ConfigurationError as error:
        check_message(error, path)
        return
    assert isinstance(station, StationFile)
    assert all(getattr(station, device).options is not None for device in DEVICES)
    assert station.limits.silent_after_s > station.sampling.slowest_s()
