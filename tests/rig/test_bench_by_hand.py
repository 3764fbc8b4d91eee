"""What a person does at the simulated bench, as the station's own drivers see it over their wires."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from instruments.simulated.twin import TwinStation
from rig.station import Station, open_station
from rig.stations.file import load_station_file
from rig.valves import OCCLUDER


@contextmanager
def by_hand(seed: int = 2) -> Iterator[tuple[Station, TwinStation]]:
    station = open_station(load_station_file("simulated"), virtual=True, seed=seed)
    try:
        with station.clock.participate("test"):
            station.prepare()
            assert isinstance(station.twin, TwinStation)
            yield station, station.twin
    finally:
        station.close()


def wait(station: Station, duration_s: float) -> None:
    station.clock.sleep_until(station.clock.now() + duration_s)


def mass_g(station: Station) -> float:
    wait(station, 30.0)
    reading = station.balance.read()
    assert reading.mass_g is not None
    return reading.mass_g


def pressures_kpa(station: Station) -> list[float]:
    """Return the means of the next second of every channel."""
    station.pressure.start(rate_hz=100.0, block_samples=100)
    wait(station, 1.05)
    block = station.pressure.read_available()
    station.pressure.stop()
    return [float(value) for value in block.pressure_kpa.mean(axis=1)]


def test_a_check_weight_on_the_pan() -> None:
    with by_hand() as (station, twin):
        before_g = mass_g(station)
        twin.operate("place_weight", {"mass_g": 1.0})
        # E2: within 0.03 mg; the balance's own sensitivity is good to some 0.1 mg.
        assert mass_g(station) - before_g == pytest.approx(1.0, abs=5e-4)
        twin.operate("remove_weight", {})
        assert mass_g(station) == pytest.approx(before_g, abs=2e-4)


def test_a_reference_pressure_at_the_transducers() -> None:
    with by_hand() as (station, twin):
        twin.operate("apply_pressure", {"line": 100.0, "catheter": 0.0})
        line_kpa, catheter_kpa = pressures_kpa(station)
        assert line_kpa == pytest.approx(100.0, abs=1.0)
        assert catheter_kpa == pytest.approx(0.0, abs=0.6)
        twin.operate("release_pressure", {})
        assert pressures_kpa(station)[0] < 2.0


def test_the_fixture_is_measured_without_the_pump() -> None:
    with by_hand() as (station, twin):
        fixture = twin.bench.drawn.fixture
        twin.operate("isolate_pump", {})
        open_kpa = pressures_kpa(station)[1]
        station.lines.write(OCCLUDER, True)
        closed_kpa = pressures_kpa(station)[1]
        displaced_ul = (closed_kpa - open_kpa) * fixture.compliance_ul_per_kpa.value
        assert displaced_ul == pytest.approx(fixture.valve_displacement_ul.value, abs=0.001)
        rises = []
        for _ in range(2):
            twin.operate("inject_fixture", {"volume_ul": 0.5})
            rises.append(pressures_kpa(station)[1] - closed_kpa)
        assert 1.0 / rises[1] == pytest.approx(fixture.compliance_ul_per_kpa.value, rel=0.1)
        assert np.isfinite(rises).all()


def test_the_air_of_the_bench_is_held_at_a_pressure() -> None:
    with by_hand() as (station, twin):
        twin.operate("set_ambient_pressure", {"hpa": 900.0})
        wait(station, 30.0)
        assert station.ambient.read().pressure_hpa == pytest.approx(900.0, abs=0.6)


def test_nobody_tells_the_pump_that_it_was_refilled() -> None:
    with by_hand() as (station, twin):
        before_ul = station.pump.status().reservoir_ul
        twin.operate("refill", {"volume_ul": 12_000.0})
        assert station.pump.status().reservoir_ul == before_ul
        assert twin.bench.pump_mechanics(station.clock.now()).reservoir_ul == pytest.approx(12_000.0, rel=0.01)
