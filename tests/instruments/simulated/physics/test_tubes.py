from __future__ import annotations

import numpy as np
import pytest

from instruments.simulated.physics import water
from instruments.simulated.physics.tubes import resistance_pa_s_per_m3, volume_ul


def test_resistance_of_an_intrathecal_catheter() -> None:
    # 1.14 m of 0.53 mm, water at 37 C (0.692 mPa s): 4.07e11 Pa s/m3, 0.113 kPa per mL/h.
    resistance = float(
        resistance_pa_s_per_m3(length_m=1.14, inner_diameter_m=0.53e-3, viscosity_pa_s=np.array(0.692e-3))
    )
    assert resistance == pytest.approx(4.07e11, rel=2e-3)
    assert resistance * 1e-6 / 3600.0 * 1e-3 == pytest.approx(0.113, abs=5e-4)


def test_resistance_at_20_c_with_the_twins_own_viscosity() -> None:
    resistance = resistance_pa_s_per_m3(
        length_m=1.14, inner_diameter_m=0.5e-3, viscosity_pa_s=water.viscosity_pa_s(20.0)
    )
    assert float(resistance) == pytest.approx(7.45e11, rel=2e-3)


def test_volume_of_an_intrathecal_catheter() -> None:
    # 0.0022 mL/cm.
    assert volume_ul(length_m=0.01, inner_diameter_m=0.53e-3) == pytest.approx(2.2, abs=0.01)
