from __future__ import annotations

import numpy as np
import pytest

from instruments.simulated.physics.evaporation import relative_drive, stefan_ug_per_min


# Stefan diffusion at 20 C with D = 2.41e-5 m2/s and 17.25 g/m3 at saturation: diameter mm, headspace mm, %RH, ug/min.
@pytest.mark.parametrize(
    ("diameter_mm", "headspace_mm", "humidity", "ug_per_min"),
    [
        (30.0, 10.0, 50.0, 881.0),
        (30.0, 30.0, 50.0, 294.0),
        (10.0, 10.0, 50.0, 97.9),
        (10.0, 10.0, 90.0, 19.6),
        (5.0, 20.0, 50.0, 12.2),
        (2.0, 20.0, 50.0, 1.96),
    ],
)
def test_magnitudes(diameter_mm: float, headspace_mm: float, humidity: float, ug_per_min: float) -> None:
    rate = stefan_ug_per_min(
        diameter_mm=diameter_mm,
        headspace_mm=headspace_mm,
        liquid_c=np.array(20.0),
        air_c=np.array(20.0),
        humidity_percent=np.array(humidity),
        pressure_hpa=np.array(1013.25),
    )
    # 0.4 % more diffusivity, 0.6 % more vapour than the table's round numbers.
    assert float(rate) == pytest.approx(ug_per_min, rel=0.015)


def _drive(liquid_c: float, air_c: float, humidity: float, pressure_hpa: float = 1013.25) -> float:
    return float(relative_drive(np.array(liquid_c), np.array(air_c), np.array(humidity), np.array(pressure_hpa)))


def test_the_stated_rate_holds_at_its_reference() -> None:
    assert _drive(20.0, 20.0, 50.0) == pytest.approx(1.0, rel=1e-12)


def test_the_rate_follows_temperature_humidity_and_pressure() -> None:
    assert _drive(21.0, 21.0, 50.0) == pytest.approx(1.067, abs=0.005)  # vapour 6 %/K, diffusivity 0.7 %/K
    assert _drive(20.0, 20.0, 75.0) == pytest.approx(0.5, rel=1e-9)
    assert _drive(20.0, 20.0, 50.0, 950.0) == pytest.approx(1013.25 / 950.0, rel=1e-3)
    assert _drive(20.0, 20.0, 100.0) == pytest.approx(0.0, abs=1e-12)
    assert _drive(18.0, 22.0, 90.0) < 0.0  # moist air condenses on cold water
