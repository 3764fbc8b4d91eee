from __future__ import annotations

import numpy as np
import pytest

from instruments.simulated.physics import air

# CIPM-2007 (Picard et al., Metrologia 45 (2008) 149): t C, p hPa, h %, density kg/m3, saturation pressure Pa.
CIPM = [
    (20.0, 1013.25, 50.0, 1.199314, 2339.1632),
    (20.0, 1013.25, 0.0, 1.204557, 2339.1632),
    (23.0, 1000.0, 45.0, 1.171110, 2810.9046),
    (21.5, 980.0, 60.0, 1.152205, 2565.5680),
    (25.0, 950.0, 30.0, 1.106157, 3169.7570),
    (15.0, 1013.25, 50.0, 1.221631, 1705.6691),
    (30.0, 1013.25, 50.0, 1.155513, 4246.7990),
]


@pytest.mark.parametrize(("temperature_c", "pressure_hpa", "humidity", "density", "saturation"), CIPM)
def test_moist_air_agrees_with_cipm(
    temperature_c: float, pressure_hpa: float, humidity: float, density: float, saturation: float
) -> None:
    t, h, p = np.array(temperature_c), np.array(humidity), np.array(pressure_hpa)
    # An ideal gas leaves out the compressibility, Z = 0.9996.
    assert float(air.density_kg_per_m3(t, h, p)) == pytest.approx(density, rel=5e-4)
    # Buck's pressure over moist air holds the enhancement factor, about 1.004, within.
    assert float(air.saturation_pressure_pa(t, p)) == pytest.approx(1.004 * saturation, rel=6e-4)


def test_diffusivity_and_vapour_content_at_20_c() -> None:
    t, p = np.array(20.0), np.array(1013.25)
    assert float(air.vapour_diffusivity_m2_per_s(t, p)) == pytest.approx(2.42e-5, rel=0.005)
    assert 1e3 * float(air.saturated_vapour_kg_per_m3(t, p)) == pytest.approx(17.3, rel=0.005)
