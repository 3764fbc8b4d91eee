from __future__ import annotations

import numpy as np
import pytest

from instruments.simulated.physics import water


@pytest.mark.parametrize(
    ("temperature_c", "published_kg_per_m3", "tolerance"),
    [
        # IAPWS-95, table 7 of the release: 300 K at 0.992418352e-1 MPa.
        (26.85, 996.5560, 1e-3),
        # IAPWS SR6-08 evaluated elsewhere.
        (37.0, 993.3292, 5e-5),
        # IAPWS-95 at 0.1 MPa, rounded to 1 g/m3.
        (20.0, 998.207, 1e-3),
        (25.0, 997.047, 1e-3),
    ],
)
def test_density_is_the_published_one(temperature_c: float, published_kg_per_m3: float, tolerance: float) -> None:
    assert float(water.density_kg_per_m3(temperature_c)) == pytest.approx(published_kg_per_m3, abs=tolerance)


def test_density_differs_from_tanaka_by_no_more_than_the_sources_do() -> None:
    # Tanaka et al., Metrologia 38 (2001) 301, at 101.325 kPa; the reference here is 100 kPa (-0.0006 kg/m3).
    published = {
        4: 999.9749,
        15: 999.1026,
        18: 998.5984,
        20: 998.2067,
        22: 997.7730,
        25: 997.0470,
        30: 995.6488,
        37: 993.3290,
    }
    ours = water.density_kg_per_m3(np.array(list(published), dtype=np.float64))
    assert np.abs(ours - np.array(list(published.values()))).max() < 1.5e-3
    assert np.abs(ours - np.array(list(published.values()))).max() > 1e-5


@pytest.mark.parametrize(
    ("temperature_c", "per_k"), [(20.0, 2.07e-4), (22.0, 2.28e-4), (25.0, 2.57e-4), (37.0, 3.62e-4)]
)
def test_expansion_is_the_published_one(temperature_c: float, per_k: float) -> None:
    assert float(water.expansion_per_k(temperature_c)) == pytest.approx(per_k, abs=0.006e-4)


def test_expansion_is_the_slope_of_the_density() -> None:
    step_k = 1e-3
    at = np.linspace(5.0, 40.0, 8)
    slope = (water.density_kg_per_m3(at + step_k) - water.density_kg_per_m3(at - step_k)) / (2.0 * step_k)
    np.testing.assert_allclose(water.expansion_per_k(at), -slope / water.density_kg_per_m3(at), rtol=1e-5, atol=1e-10)


@pytest.mark.parametrize(
    ("temperature_c", "published_mpa_s", "tolerance"),
    [
        # ISO/TR 3666: 1.0016 mPa s at 20 C, the world's reference.
        (20.0, 1.0016, 0.0002),
        # IAPWS R12-08, 298.15 K and 0.1 MPa.
        (25.0, 0.890022551, 1e-4),
        (37.0, 0.6913034, 1e-6),
    ],
)
def test_viscosity_is_the_published_one(temperature_c: float, published_mpa_s: float, tolerance: float) -> None:
    assert 1e3 * float(water.viscosity_pa_s(temperature_c)) == pytest.approx(published_mpa_s, abs=tolerance)
