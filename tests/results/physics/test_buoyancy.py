"""Z factors of a published table, and the worked example of a 24-h collection with its wrong variants."""

from __future__ import annotations

import numpy as np
import pytest

from results.flow.error import flow_error_percent, line_fit, mean_flow_ul_per_h
from results.physics.air import air_density_kg_per_m3, air_density_simplified_kg_per_m3
from results.physics.buoyancy import (
    air_buoyancy_drift_g,
    buoyancy_factor,
    collected_reading_g,
    immersion_factor,
    z_factor_ul_per_mg,
)
from results.physics.water import water_density_kg_per_m3

PRESSURES_HPA = (800.0, 853.0, 907.0, 960.0, 1013.0, 1067.0)
# Printed in the Gilson PIPETMAN user's guide, appendix: uL/mg.
Z_TABLE = {
    15.0: (1.0018, 1.0018, 1.0019, 1.0019, 1.0020, 1.0020),
    16.0: (1.0019, 1.0020, 1.0020, 1.0021, 1.0021, 1.0022),
    17.0: (1.0021, 1.0021, 1.0022, 1.0022, 1.0023, 1.0023),
    18.0: (1.0022, 1.0023, 1.0024, 1.0024, 1.0025, 1.0025),
    19.0: (1.0024, 1.0025, 1.0025, 1.0026, 1.0027, 1.0027),
    20.0: (1.0026, 1.0027, 1.0027, 1.0028, 1.0029, 1.0029),
    21.0: (1.0028, 1.0029, 1.0030, 1.0030, 1.0031, 1.0031),
    22.0: (1.0031, 1.0031, 1.0032, 1.0032, 1.0033, 1.0033),
    23.0: (1.0033, 1.0033, 1.0034, 1.0035, 1.0035, 1.0036),
    24.0: (1.0035, 1.0036, 1.0036, 1.0037, 1.0038, 1.0038),
    25.0: (1.0038, 1.0038, 1.0039, 1.0039, 1.0040, 1.0041),
    26.0: (1.0040, 1.0041, 1.0042, 1.0042, 1.0043, 1.0043),
    27.0: (1.0043, 1.0044, 1.0044, 1.0045, 1.0045, 1.0046),
    28.0: (1.0046, 1.0046, 1.0047, 1.0048, 1.0048, 1.0049),
    30.0: (1.0052, 1.0052, 1.0053, 1.0053, 1.0054, 1.0055),
}
Z_AT_1013_25_HPA = {
    15.0: 1.001970,
    16.0: 1.002124,
    17.0: 1.002289,
    18.0: 1.002465,
    19.0: 1.002653,
    20.0: 1.002851,
    21.0: 1.003060,
    22.0: 1.003280,
    23.0: 1.003510,
    24.0: 1.003750,
    25.0: 1.004000,
    26.0: 1.004259,
    27.0: 1.004529,
    28.0: 1.004807,
    29.0: 1.005095,
    30.0: 1.005392,
    37.0: 1.007715,
}
CELLS = [(celsius, hpa, z) for celsius, row in Z_TABLE.items() for hpa, z in zip(PRESSURES_HPA, row, strict=True)]


def z_of(celsius: float, hpa: float, *, air_celsius: float | None = None) -> float:
    air = air_density_simplified_kg_per_m3(
        temperature_c=celsius if air_celsius is None else air_celsius, pressure_hpa=hpa, humidity_percent=50.0
    )
    water = water_density_kg_per_m3(celsius)
    return z_factor_ul_per_mg(liquid_density_kg_per_m3=float(water), air_density_kg_per_m3=float(air))


@pytest.mark.parametrize(("celsius", "hpa", "z"), CELLS)
def test_z_factor_of_the_printed_table(celsius: float, hpa: float, z: float) -> None:
    assert z_of(celsius, hpa) == pytest.approx(z, abs=1e-4)


@pytest.mark.parametrize(("celsius", "z"), list(Z_AT_1013_25_HPA.items()))
def test_z_factor_to_six_places(celsius: float, z: float) -> None:
    assert z_of(celsius, 1013.25) == pytest.approx(z, abs=6e-7)


def test_z_factor_with_air_warmer_than_the_water() -> None:
    assert z_of(20.0, 1013.25, air_celsius=23.0) == pytest.approx(1.002840, abs=6e-7)


def test_z_at_another_reference_temperature_is_the_ratio_of_densities() -> None:
    usual = z_factor_ul_per_mg(liquid_density_kg_per_m3=998.206746, air_density_kg_per_m3=1.2)
    warm = z_factor_ul_per_mg(
        liquid_density_kg_per_m3=998.206746, air_density_kg_per_m3=1.2, reference_density_kg_per_m3=993.328955
    )
    assert warm / usual == pytest.approx(998.206746 / 993.328955, rel=1e-12)


# The worked example: 24 h at 9 uL/h, tube 0.8 mm in a vessel of 20 mm, water 22 C, air 23 C, 1000 hPa, 45 %RH.
WATER = float(water_density_kg_per_m3(22.0))
AIR = float(air_density_kg_per_m3(temperature_c=23.0, pressure_hpa=1000.0, humidity_percent=45.0))
KAPPA = immersion_factor(tube_outer_diameter_mm=0.8, vessel_inner_diameter_mm=20.0)
EVAPORATED_G = (0.62 + 0.70) / 2.0 * 1440e-6


def flow_of(*, kappa: float = KAPPA, evaporated_g: float = EVAPORATED_G, z: float | None = None) -> float:
    mass_g = collected_reading_g(
        reading_difference_g=5.226789 - 5.012345, immersion_factor=kappa, evaporated_g=evaporated_g
    )
    full = z_factor_ul_per_mg(liquid_density_kg_per_m3=WATER, air_density_kg_per_m3=AIR)
    return mean_flow_ul_per_h(volume_ul=float(mass_g) * 1e3 * (full if z is None else z), duration_s=86400.0)


def test_worked_example_inputs() -> None:
    assert pytest.approx(0.0016, abs=1e-12) == KAPPA
    assert pytest.approx(0.0009504, abs=1e-12) == EVAPORATED_G
    assert pytest.approx(997.772977, abs=6e-7) == WATER
    assert pytest.approx(1.171110, abs=6e-7) == AIR


def test_worked_example_mass_volume_flow_and_error() -> None:
    mass_g = collected_reading_g(
        reading_difference_g=5.226789 - 5.012345, immersion_factor=KAPPA, evaporated_g=EVAPORATED_G
    )
    assert float(mass_g) == pytest.approx(0.2150512896, abs=5e-11)
    assert flow_of() * 24.0 == pytest.approx(215.75297, abs=5e-6)
    assert flow_of() == pytest.approx(8.989707, abs=5e-7)
    assert flow_error_percent(flow_ul_per_h=flow_of(), set_flow_ul_per_h=9.0) == pytest.approx(-0.11437, abs=5e-6)


@pytest.mark.parametrize(
    ("flow", "expected", "error_percent"),
    [
        (flow_of(evaporated_g=0.0), 8.949978, -0.5558),
        (flow_of(kappa=0.0), 9.004050, 0.0450),
        (flow_of(kappa=0.0, evaporated_g=0.0), 8.964321, None),
        (flow_of(z=1000.0 / WATER), 8.980470, -0.2170),
        (flow_of(z=1.0), 8.960470, -0.4392),
    ],
    ids=["no evaporation", "no immersion", "neither", "no buoyancy", "density 1, no buoyancy"],
)
def test_worked_example_with_a_correction_left_out(flow: float, expected: float, error_percent: float | None) -> None:
    assert flow == pytest.approx(expected, abs=5e-7)
    if error_percent is not None:
        error = flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=9.0)
        assert error == pytest.approx(error_percent, abs=5.1e-5)


def test_regression_of_the_worked_series() -> None:
    fit = line_fit(np.arange(6.0), np.array([0.0, 0.151, 0.299, 0.451, 0.600, 0.748]))
    assert fit.slope == pytest.approx(0.149685714, abs=5e-10)
    assert fit.intercept == pytest.approx(0.000619048, abs=5e-10)
    assert fit.residual_sd == pytest.approx(0.001129686, abs=5e-10)
    assert fit.u_slope == pytest.approx(0.000270047, abs=5e-10)
    assert fit.slope * 60.0 / 0.998206746 == pytest.approx(8.997277, abs=5e-7)
    z_to_six_places = round(z_of(20.0, 1013.25), 6)
    assert fit.slope * 60.0 * z_to_six_places == pytest.approx(9.006748, abs=5e-7)


def test_plain_density_and_z_factor_differ_by_a_tenth_of_a_percent_at_20_celsius() -> None:
    assert z_of(20.0, 1013.25) * 0.998206746 == pytest.approx(1.001053, abs=5e-7)
    factor = buoyancy_factor(liquid_density_kg_per_m3=998.206746, air_density_kg_per_m3=1.199294)
    assert factor == pytest.approx(1.001053, abs=5e-7)


def test_ten_hectopascal_lift_28_ml_by_a_third_of_a_milligram() -> None:
    densities = air_density_kg_per_m3(
        temperature_c=20.0, pressure_hpa=np.array([1013.25, 1023.25]), humidity_percent=50
    )
    lift = air_buoyancy_drift_g(
        air_density_kg_per_m3=densities, reference_air_density_kg_per_m3=float(densities[0]), displaced_volume_ml=28.0
    )
    assert lift[0] == 0.0
    assert lift[1] == pytest.approx(0.33e-3, abs=0.005e-3)


@pytest.mark.parametrize("tube", [-1.0, 20.0, 21.0, float("nan")])
def test_a_tube_that_does_not_fit_is_refused(tube: float) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        immersion_factor(tube_outer_diameter_mm=tube, vessel_inner_diameter_mm=20.0)
