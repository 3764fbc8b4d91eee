"""The test liquid's density at the vessel and at the temperature a volume is stated for."""

from __future__ import annotations

from results.evaluation import Liquid
from results.physics.water import water_density_kg_per_m3, water_expansion_per_k


def liquid_density_kg_per_m3(liquid: Liquid, temperature_c: float) -> float:
    """Return the density (kg/m3) of the test liquid at a temperature (Celsius).

    Water by Tanaka et al. (2001); a measured liquid by rho (1 - beta (T - T_measured)).
    """
    if liquid.density_kg_per_m3 is None or liquid.density_temperature_c is None or liquid.expansion_per_k is None:
        return float(water_density_kg_per_m3(temperature_c, air_saturated=liquid.air_saturated))
    change_k = temperature_c - liquid.density_temperature_c
    return liquid.density_kg_per_m3 * (1.0 - liquid.expansion_per_k * change_k)


def liquid_expansion_per_k(liquid: Liquid, temperature_c: float) -> float:
    """Return the cubical expansion coefficient (1/K) of the test liquid at a temperature (Celsius)."""
    if liquid.expansion_per_k is not None:
        return liquid.expansion_per_k
    return float(water_expansion_per_k(temperature_c))
