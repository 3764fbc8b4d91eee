"""What a balance indicates, by balance of forces: the vessel in moist air, with a tube standing in its water.

The indication is the force divided by g and by (1 - 1.2/8000), because the balance was adjusted with weights of
8000 kg/m3 in air of 1.2 kg/m3 (OIML D 28, conventional value of the result of weighing in air).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.truth.config import TwinConfig

ADJUSTMENT = 1.0 - 1.2 / 8000.0
"""Divides a force in units of mass to give the indication; see above."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What stands on the pan and in the water; lengths in m, masses in kg, volumes in m3."""

    vessel_area_m2: float
    tube_area_m2: float
    immersion_m: float
    water_kg: float
    material_kg: float
    material_m3: float
    oil_m3: float
    oil_kg_per_m3: float

    @property
    def displacement(self) -> float:
        """Volume the tube displaces per volume of water added: A_tube / (A_vessel - A_tube)."""
        return self.tube_area_m2 / (self.vessel_area_m2 - self.tube_area_m2)


def setup_of(truth: TwinConfig) -> Setup:
    """Return the set-up of a drawn truth."""
    vessel = truth.vessel
    return Setup(
        vessel_area_m2=math.pi / 4.0 * (1e-3 * vessel.inner_diameter_mm.value) ** 2,
        tube_area_m2=math.pi / 4.0 * (1e-3 * truth.outlet.outer_diameter_mm.value) ** 2,
        immersion_m=1e-3 * truth.outlet.immersion_mm.value,
        water_kg=1e-3 * vessel.water_mass_g,
        material_kg=1e-3 * vessel.material_mass_g,
        material_m3=1e-6 * vessel.material_volume_cm3,
        oil_m3=1e-6 * vessel.oil_volume_cm3,
        oil_kg_per_m3=vessel.oil_density_kg_per_m3,
    )


def gain_of_water(setup: Setup, *, water_kg_per_m3: FloatArray, air_kg_per_m3: FloatArray) -> FloatArray:
    """Return the indication per mass of water in the vessel: its own buoyancy, and the reaction of the tube.

    A unit mass is lightened by rho_air / rho_water, and raises the level so that the tube displaces more water; the
    pan carries the buoyant force on the tube in place of the air it displaced.
    """
    return (1.0 - air_kg_per_m3 / water_kg_per_m3) * (1.0 + setup.displacement) / ADJUSTMENT


def rest_of_load_g(
    setup: Setup, *, water_kg_per_m3: FloatArray, air_kg_per_m3: FloatArray, first_water_kg_per_m3: float
) -> FloatArray:
    """Return the indication of everything but the water's mass, g: vessel, oil, and the tube's immersion at the start.

    `first_water_kg_per_m3` is the water's density when the immersion was set.
    """
    oil_height_m = setup.oil_m3 / (setup.vessel_area_m2 - setup.tube_area_m2)
    first_m3 = setup.tube_area_m2 * setup.immersion_m - setup.displacement * setup.water_kg / first_water_kg_per_m3
    force_kg = (
        setup.material_kg
        - air_kg_per_m3 * setup.material_m3
        + (setup.oil_kg_per_m3 - air_kg_per_m3) * (setup.oil_m3 + setup.tube_area_m2 * oil_height_m)
        + (water_kg_per_m3 - air_kg_per_m3) * first_m3
    )
    return 1e3 * force_kg / ADJUSTMENT
