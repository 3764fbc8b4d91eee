"""From balance readings to mass and volume: air buoyancy and the immersed tube."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

STEEL_WEIGHT_DENSITY_KG_PER_M3 = 8000.0


def immersion_factor(*, tube_outer_diameter_mm: float, vessel_inner_diameter_mm: float) -> float:
    """Return kappa, the share of a reading that is the buoyant reaction of the immersed tube: (d_tube / D_vessel)^2.

    The level rises by dV / (A_vessel - A_tube) and rho A_tube dh more is carried, so true = reading (1 - kappa).
    Raises `ValueError` unless 0 <= tube < vessel.
    """
    if not 0.0 <= tube_outer_diameter_mm < vessel_inner_diameter_mm:
        raise ValueError(
            f"a tube of {tube_outer_diameter_mm!r} mm does not fit a vessel of {vessel_inner_diameter_mm!r} mm"
        )
    return (tube_outer_diameter_mm / vessel_inner_diameter_mm) ** 2


def collected_reading_g(
    *, reading_difference_g: ArrayLike, immersion_factor: float, evaporated_g: ArrayLike
) -> NDArray[np.float64]:
    """Return the reading that the collected liquid alone would give (g): dI (1 - kappa) + E, E > 0 for a loss."""
    difference = np.asarray(reading_difference_g, dtype=np.float64)
    return np.asarray(difference * (1.0 - immersion_factor) + np.asarray(evaporated_g, dtype=np.float64))


def buoyancy_factor(
    *,
    liquid_density_kg_per_m3: float,
    air_density_kg_per_m3: float,
    weight_density_kg_per_m3: float = STEEL_WEIGHT_DENSITY_KG_PER_M3,
) -> float:
    """Return mass / reading for a liquid weighed in air on a balance adjusted with weights of a stated density.

    (1 - rho_a / rho_B) / (1 - rho_a / rho_l); ISO 8655-6, annex A; 1.00105 for water in laboratory air.
    """
    return (1.0 - air_density_kg_per_m3 / weight_density_kg_per_m3) / (
        1.0 - air_density_kg_per_m3 / liquid_density_kg_per_m3
    )


def z_factor_ul_per_mg(
    *,
    liquid_density_kg_per_m3: float,
    air_density_kg_per_m3: float,
    weight_density_kg_per_m3: float = STEEL_WEIGHT_DENSITY_KG_PER_M3,
    reference_density_kg_per_m3: float | None = None,
) -> float:
    """Return Z (uL/mg): volume per balance reading, ISO 8655-6, annex A.

    The volume is that at the weighed liquid's temperature, or at the temperature where the liquid has
    `reference_density_kg_per_m3`, when given.
    """
    factor = buoyancy_factor(
        liquid_density_kg_per_m3=liquid_density_kg_per_m3,
        air_density_kg_per_m3=air_density_kg_per_m3,
        weight_density_kg_per_m3=weight_density_kg_per_m3,
    )
    return 1000.0 * factor / (reference_density_kg_per_m3 or liquid_density_kg_per_m3)


def air_buoyancy_drift_g(
    *,
    air_density_kg_per_m3: ArrayLike,
    reference_air_density_kg_per_m3: float,
    displaced_volume_ml: ArrayLike,
    weight_density_kg_per_m3: float = STEEL_WEIGHT_DENSITY_KG_PER_M3,
) -> NDArray[np.float64]:
    """Return what to add to readings (g) so that they are as in air of the reference density.

    Everything on the pan displaces `displaced_volume_ml` of air; heavier air lifts it: V (rho_a - rho_ref). 28 mL and
    +10 hPa make 0.33 mg.
    """
    excess = np.asarray(air_density_kg_per_m3, dtype=np.float64) - reference_air_density_kg_per_m3
    lift_g = np.asarray(displaced_volume_ml, dtype=np.float64) * 1e-3 * excess
    return np.asarray(lift_g / (1.0 - reference_air_density_kg_per_m3 / weight_density_kg_per_m3))
