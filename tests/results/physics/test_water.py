"""Water density against values computed from Tanaka et al. (2001) and a published table of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.physics.thermal import expelled_volume_ul, volume_at_temperature_ul, volume_referred_to_20c_ul
from results.physics.water import OutsideValidity, water_density_kg_per_m3, water_expansion_per_k

TANAKA = {
    0.0: 999.842826,
    1.0: 999.901652,
    2.0: 999.942907,
    3.0: 999.967159,
    4.0: 999.974948,
    5.0: 999.966783,
    6.0: 999.943147,
    7.0: 999.904499,
    8.0: 999.851270,
    9.0: 999.783874,
    10.0: 999.702702,
    11.0: 999.608124,
    12.0: 999.500494,
    13.0: 999.380147,
    14.0: 999.247405,
    15.0: 999.102572,
    16.0: 998.945937,
    17.0: 998.777779,
    18.0: 998.598361,
    19.0: 998.407937,
    20.0: 998.206746,
    20.5: 998.102185,
    21.0: 997.995019,
    22.0: 997.772977,
    22.5: 997.658154,
    23.0: 997.540830,
    23.5: 997.421031,
    24.0: 997.298781,
    25.0: 997.047022,
    26.0: 996.785738,
    27.0: 996.515107,
    28.0: 996.235299,
    29.0: 995.946477,
    30.0: 995.648797,
    31.0: 995.342411,
    32.0: 995.027462,
    33.0: 994.704089,
    34.0: 994.372426,
    35.0: 994.032601,
    36.0: 993.684738,
    37.0: 993.328955,
    38.0: 992.965366,
    39.0: 992.594082,
    40.0: 992.215209,
}
PUBLISHED_4DP = {
    15.0: 999.1026,
    16.0: 998.9459,
    17.0: 998.7778,
    18.0: 998.5984,
    19.0: 998.4079,
    20.0: 998.2067,
    21.0: 997.9950,
    22.0: 997.7730,
    23.0: 997.5408,
    24.0: 997.2988,
    25.0: 997.0470,
    30.0: 995.6488,
    37.0: 993.3290,
}


@pytest.mark.parametrize(("celsius", "density"), list(TANAKA.items()))
def test_density_by_the_formula(celsius: float, density: float) -> None:
    assert float(water_density_kg_per_m3(celsius)) == pytest.approx(density, abs=6e-7)


@pytest.mark.parametrize(("celsius", "density"), list(PUBLISHED_4DP.items()))
def test_density_of_the_published_table(celsius: float, density: float) -> None:
    assert float(water_density_kg_per_m3(celsius)) == pytest.approx(density, abs=1e-4)


def test_air_saturation_lowers_the_density_by_2_5_ppm_at_20_celsius() -> None:
    difference = float(water_density_kg_per_m3(20.0, air_saturated=True) - water_density_kg_per_m3(20.0))
    assert difference == pytest.approx(-4.612e-3 + 20 * 0.106e-3, abs=1e-9)


def test_one_bar_more_compresses_by_46_ppm_at_20_celsius() -> None:
    ratio = float(water_density_kg_per_m3(20.0, pressure_pa=201_325.0) / water_density_kg_per_m3(20.0))
    assert ratio - 1.0 == pytest.approx((50.74 - 0.326 * 20 + 0.00416 * 400) * 1e-6, rel=1e-9)


@pytest.mark.parametrize("celsius", [-0.1, 40.1, math.nan, math.inf])
def test_no_density_outside_the_formula(celsius: float) -> None:
    with pytest.raises(OutsideValidity, match="0 to 40"):
        water_density_kg_per_m3(np.array([20.0, celsius]))


@pytest.mark.parametrize(("celsius", "per_k"), [(20.0, 2.07e-4), (22.0, 2.28e-4), (25.0, 2.57e-4), (37.0, 3.62e-4)])
def test_expansion_coefficients_of_water(celsius: float, per_k: float) -> None:
    assert float(water_expansion_per_k(celsius)) == pytest.approx(per_k, abs=0.5e-6)


@pytest.mark.parametrize("celsius", [1.0, 4.0, 20.0, 37.0])
def test_expansion_is_the_slope_of_the_density(celsius: float) -> None:
    above, below = water_density_kg_per_m3(celsius + 1e-3), water_density_kg_per_m3(celsius - 1e-3)
    slope = float(above - below) / 2e-3
    assert float(water_expansion_per_k(celsius)) == pytest.approx(
        -slope / float(water_density_kg_per_m3(celsius)), abs=1e-9
    )


def test_a_volume_at_37_celsius_is_half_a_percent_more_than_at_20() -> None:
    assert float(volume_at_temperature_ul(volume_ul=1000.0, from_c=20.0, to_c=37.0)) == pytest.approx(
        1000.0 * 998.206746 / 993.328955, abs=1e-5
    )


def test_a_syringe_of_20_ml_drifting_a_tenth_of_a_kelvin_per_hour_pushes_half_a_microlitre() -> None:
    pushed = expelled_volume_ul(trapped_volume_ul=20_000.0, net_expansion_per_k=2.28e-4, temperature_change_k=0.1)
    assert float(pushed) == pytest.approx(0.456)


def test_volume_referred_to_20_celsius_by_the_container() -> None:
    referred = volume_referred_to_20c_ul(volume_ul=100.0, container_expansion_per_k=2.4e-4, temperature_c=25.0)
    assert float(referred) == pytest.approx(99.88)
