"""Air density against values computed from the published CIPM-2007 equation and the simplified formula."""

from __future__ import annotations

import math

import pytest

from results.physics.air import (
    air_density_kg_per_m3,
    air_density_simplified_kg_per_m3,
    moist_air_cipm_2007,
    saturation_vapour_pressure_pa,
)
from results.physics.vapour import evaporation_drive_pa, vapour_deficit_pa

# t Celsius, p Pa, h, CIPM-2007 kg/m3, psv Pa, f, xv, Z, simplified kg/m3
ROWS = [
    (20.0, 101325.0, 0.50, 1.199314, 2339.1632, 1.00402561, 0.01158934, 0.99961477, 1.199294),
    (20.0, 101325.0, 0.00, 1.204557, 2339.1632, 1.00402561, 0.0, 0.99964314, 1.204494),
    (23.0, 100000.0, 0.45, 1.171110, 2810.9046, 1.00405624, 0.01270038, 0.99964577, 1.171139),
    (21.5, 98000.0, 0.60, 1.152205, 2565.5680, 1.00395606, 0.01576970, 0.99962881, 1.152235),
    (25.0, 95000.0, 0.30, 1.106157, 3169.7570, 1.00395300, 0.01004933, 0.99968848, 1.106206),
    (15.0, 101325.0, 0.50, 1.221631, 1705.6691, 1.00392761, 0.00844988, 0.99957200, 1.221495),
    (30.0, 101325.0, 0.50, 1.155513, 4246.7990, 1.00430561, 0.02104655, 0.99967932, 1.155508),
]


@pytest.mark.parametrize("row", ROWS)
def test_cipm_2007_with_its_intermediates(row: tuple[float, ...]) -> None:
    celsius, pascal, humidity, density, saturation, enhancement, fraction, compressibility, _ = row
    air = moist_air_cipm_2007(temperature_c=celsius, pressure_pa=pascal, humidity_fraction=humidity)
    assert float(air.density_kg_per_m3) == pytest.approx(density, abs=6e-7)
    assert float(air.saturation_pressure_pa) == pytest.approx(saturation, abs=6e-5)
    assert float(air.enhancement_factor) == pytest.approx(enhancement, abs=6e-9)
    assert float(air.vapour_mole_fraction) == pytest.approx(fraction, abs=6e-9)
    assert float(air.compressibility) == pytest.approx(compressibility, abs=6e-9)


@pytest.mark.parametrize("row", ROWS)
def test_simplified_formula(row: tuple[float, ...]) -> None:
    simplified = air_density_simplified_kg_per_m3(
        temperature_c=row[0], pressure_hpa=row[1] / 100.0, humidity_percent=row[2] * 100.0
    )
    assert float(simplified) == pytest.approx(row[8], abs=6e-7)
    assert float(simplified) == pytest.approx(row[3], rel=1.2e-4)


def test_bench_units_are_those_of_the_sensor() -> None:
    density = air_density_kg_per_m3(temperature_c=23.0, pressure_hpa=1000.0, humidity_percent=45.0)
    assert float(density) == pytest.approx(1.171110, abs=6e-7)


def test_more_carbon_dioxide_makes_heavier_air() -> None:
    usual = moist_air_cipm_2007(temperature_c=20.0, pressure_pa=101325.0, humidity_fraction=0.0)
    richer = moist_air_cipm_2007(
        temperature_c=20.0, pressure_pa=101325.0, humidity_fraction=0.0, co2_mole_fraction=0.0014
    )
    expected = (28.96546 + 12.011 * 0.001) / 28.96546
    assert float(richer.density_kg_per_m3 / usual.density_kg_per_m3) == pytest.approx(expected, rel=1e-9)


def test_nothing_evaporates_into_saturated_air_of_the_same_temperature() -> None:
    assert float(
        vapour_deficit_pa(liquid_temperature_c=20.0, air_temperature_c=20.0, humidity_percent=100.0)
    ) == pytest.approx(0.0, abs=1e-9)
    half = float(vapour_deficit_pa(liquid_temperature_c=20.0, air_temperature_c=20.0, humidity_percent=50.0))
    assert half == pytest.approx(float(saturation_vapour_pressure_pa(20.0)) / 2.0)
    assert float(vapour_deficit_pa(liquid_temperature_c=15.0, air_temperature_c=20.0, humidity_percent=90.0)) < 0.0


def test_not_a_number_stays_not_a_number() -> None:
    assert math.isnan(air_density_kg_per_m3(temperature_c=math.nan, pressure_hpa=1000.0, humidity_percent=45.0))


def test_diffusion_is_faster_in_warm_and_in_thin_air() -> None:
    def drive(celsius: float, hpa: float) -> float:
        return float(
            evaporation_drive_pa(
                liquid_temperature_c=20.0, air_temperature_c=celsius, humidity_percent=0.0, pressure_hpa=hpa
            )
        )

    saturation = float(saturation_vapour_pressure_pa(20.0))
    assert drive(20.0, 1013.25) == pytest.approx(saturation)
    assert drive(20.0, 506.625) == pytest.approx(2.0 * saturation)
    assert drive(30.0, 1013.25) == pytest.approx(saturation * (303.15 / 293.15) ** 0.81)
