"""The hardware example, opened by the same code as any station: each thing that is missing is told once, clearly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.station import StationError, open_station
from rig.stations.file import find_station, load_station_file
from tests.end_to_end.bench_runs import run_protocols


def opening_faults(station: str | Path) -> dict[str, str]:
    """Open a station that cannot be opened; returns the message of each instrument, by its name."""
    with pytest.raises(StationError) as caught:
        open_station(load_station_file(station), virtual=False, seed=1)
    return {fault.split(":")[0]: fault for fault in caught.value.faults}


def test_every_missing_thing_gets_one_clear_message(tmp_path: Path) -> None:
    # 192.0.2.0/24 is for documentation and would be tried for seconds: a closed port of this host answers at once.
    text = find_station("hardware-example").read_text(encoding="utf-8")
    station = tmp_path / "station.toml"
    station.write_text(text.replace("TCPIP::192.0.2.7::4305::SOCKET", "TCPIP::127.0.0.1::9::SOCKET"), encoding="utf-8")
    faults = opening_faults(station)
    assert set(faults) == {"pump", "balance", "ambient", "pressure", "lines"}
    assert "/dev/serial/by-id/" in faults["pump"]
    assert "127.0.0.1" in faults["balance"]
    assert "/dev/serial/by-id/" in faults["ambient"]
    assert "NI-DAQmx" in faults["pressure"]
    assert "NI-DAQmx" in faults["lines"]
    assert all("Traceback" not in fault and "\n" not in fault for fault in faults.values())


def test_a_missing_visa_library_is_told(tmp_path: Path) -> None:
    text = find_station("hardware-example").read_text(encoding="utf-8")
    station = tmp_path / "station.toml"
    station.write_text(text.replace('visa_library = "@py"', 'visa_library = "@ivi"'), encoding="utf-8")
    assert "VISA" in opening_faults(station)["balance"]


def test_a_session_on_it_ends_with_those_messages(tmp_path: Path) -> None:
    finished = run_protocols(tmp_path / "runs", "--station", "hardware-example", "--case", "fast")
    assert finished.status != 0
    assert "cannot be used" in finished.output
    assert "NI-DAQmx" in finished.output
    assert "Traceback" not in finished.output
    assert finished.runs == ()
