"""JCGM 101: the worked day with every input drawn, through the whole measurement equation, against its budget."""

from __future__ import annotations

import numpy as np
import pytest

from results.physics.air import air_density_kg_per_m3
from results.physics.water import water_density_kg_per_m3, water_expansion_per_k
from results.uncertainty.budget import combine
from tests.results.uncertainty.test_budget import worked_lines

DRAWS = 200_000


@pytest.mark.parametrize("hours", [24.0, 4.0, 1.0])
def test_the_budget_of_the_worked_day_holds_when_its_inputs_are_drawn(hours: float) -> None:
    """Percentiles of 200 000 draws are known to about 0.5 % of U; linearity holds far better than 2 %."""
    generator = np.random.default_rng(11)

    def drawn(value: float, u: float) -> np.ndarray:
        return np.asarray(value + u * generator.standard_normal(DRAWS))

    ends_g = 1e-3 * (drawn(0.0, 0.010) - drawn(0.0, 0.010))
    ends_g += 1e-3 * (generator.uniform(-0.005, 0.005, DRAWS) - generator.uniform(-0.005, 0.005, DRAWS))
    rise_g = (5.226789 - 5.012345) * hours / 24.0 * drawn(1.0, 1e-4)
    evaporated_g = drawn(0.66, 0.10) * hours * 60e-6
    kappa = drawn(0.0016, 0.2 * 0.0016)
    mass_g = (rise_g + ends_g) * (1.0 - kappa) + evaporated_g
    water_c = drawn(22.0, 0.1)
    water = water_density_kg_per_m3(water_c)
    nominal_air = float(air_density_kg_per_m3(temperature_c=23.0, pressure_hpa=1000.0, humidity_percent=45.0))
    air = drawn(nominal_air, 0.005)
    volume_ul = mass_g * 1e6 * (1.0 - air / 8000.0) / (water - air)
    volume_ul += drawn(0.0, 0.2) + 250.0 * water_expansion_per_k(22.0) * drawn(0.0, 0.2)
    flow = volume_ul / (hours + drawn(0.0, 0.1) / 3600.0)
    low, high = np.quantile(100.0 * (flow / 9.0 - 1.0), [0.02275, 0.97725])
    budget = combine(value=-0.11437, unit="%", lines=worked_lines(hours=hours)).measured
    assert (high - low) / 2.0 == pytest.approx(budget.expanded_uncertainty * flow.mean() / 9.0, rel=0.02)
    assert (high + low) / 2.0 == pytest.approx(-0.11437, abs=0.02 * budget.expanded_uncertainty + 1e-3)
