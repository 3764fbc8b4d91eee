from __future__ import annotations

import math

import numpy as np
import pytest

from instruments.simulated.physics import air, water, weighing

SETUP = weighing.Setup(
    vessel_area_m2=math.pi / 4.0 * 0.020**2,
    tube_area_m2=math.pi / 4.0 * 0.0008**2,
    immersion_m=0.012,
    water_kg=7.5e-3,
    material_kg=50e-3,
    material_m3=20e-6,
    oil_m3=0.5e-6,
    oil_kg_per_m3=860.0,
)


def _indication_g(water_g: float, *, water_c: float, air_c: float, humidity: float, pressure_hpa: float) -> float:
    rho_w = water.density_kg_per_m3(water_c)
    rho_a = air.density_kg_per_m3(np.array(air_c), np.array(humidity), np.array(pressure_hpa))
    gain = weighing.gain_of_water(SETUP, water_kg_per_m3=rho_w, air_kg_per_m3=rho_a)
    rest_g = weighing.rest_of_load_g(
        SETUP, water_kg_per_m3=rho_w, air_kg_per_m3=rho_a, first_water_kg_per_m3=float(rho_w)
    )
    return float(gain * water_g + rest_g)


def test_a_day_at_9_ul_per_h_worked_by_hand() -> None:
    # 215.75297 uL delivered into 22 C water, 0.9504 mg evaporated, air of 23 C, 1000 hPa, 45 %RH, tube 0.8 in 20 mm:
    # by hand (Tanaka water, CIPM-2007 air) the balance goes from 5.012345 g to 5.226789 g.
    delivered_g = 215.75297e-3 * 1e-3 * float(water.density_kg_per_m3(22.0))
    conditions = {"water_c": 22.0, "air_c": 23.0, "humidity": 45.0, "pressure_hpa": 1000.0}
    change_g = _indication_g(5.0 + delivered_g - 0.9504e-3, **conditions) - _indication_g(5.0, **conditions)
    # By hand, buoyancy is applied to the evaporated mass too (5e-6) and the balance is adjusted in the air of the day
    # (4e-6); densities of water differ by 1e-7, of air by 4e-4 * 1.2e-3 = 5e-7.
    assert change_g == pytest.approx(5.226789 - 5.012345, rel=1.2e-5)
    # Each effect is far larger than that tolerance.
    assert abs((delivered_g - 0.9504e-3) / 0.214444 - 1.0) > 4e-4  # neither buoyancy nor immersion


def test_a_rising_barometer_lifts_the_vessel() -> None:
    # 20 cm3 of glass, 7.5 of water, 0.5 of oil: 28 cm3 in air 0.0119 kg/m3 denser, -0.33 mg per 10 hPa.
    low = _indication_g(7.5, water_c=21.0, air_c=21.0, humidity=50.0, pressure_hpa=1000.0)
    high = _indication_g(7.5, water_c=21.0, air_c=21.0, humidity=50.0, pressure_hpa=1010.0)
    assert 1e3 * (high - low) == pytest.approx(-0.33, abs=0.01)


def test_the_tube_adds_the_weight_of_the_water_it_displaces() -> None:
    rho_w, rho_a = water.density_kg_per_m3(20.0), np.array(1.2)
    with_tube = weighing.gain_of_water(SETUP, water_kg_per_m3=rho_w, air_kg_per_m3=rho_a)
    kappa = (0.8 / 20.0) ** 2
    assert SETUP.displacement == pytest.approx(kappa / (1.0 - kappa))
    assert float(with_tube) * (1.0 - kappa) == pytest.approx((1.0 - 1.2 / 998.2065) / (1.0 - 1.2 / 8000.0), rel=1e-7)


def test_the_weights_the_balance_was_adjusted_with_read_their_conventional_mass() -> None:
    steel = weighing.Setup(
        vessel_area_m2=1e-4, tube_area_m2=0.0, immersion_m=0.0, water_kg=0.0, material_kg=0.1,
        material_m3=0.1 / 8000.0, oil_m3=0.0, oil_kg_per_m3=860.0,
    )  # fmt: skip
    rest_g = weighing.rest_of_load_g(
        steel, water_kg_per_m3=np.array(998.0), air_kg_per_m3=np.array(1.2), first_water_kg_per_m3=998.0
    )
    assert float(rest_g) == pytest.approx(100.0, abs=1e-10)
