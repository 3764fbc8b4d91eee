"""Density of moist air and the water vapour in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

KELVIN = 273.15
_GAS_CONSTANT = 8.314472
_MOLAR_MASS_WATER = 18.01528e-3
_REFERENCE_CO2 = 0.0004


@dataclass(frozen=True, slots=True)
class MoistAir:
    """Density of moist air and the intermediate values of the CIPM-2007 equation, each broadcast to one shape."""

    density_kg_per_m3: NDArray[np.float64]
    saturation_pressure_pa: NDArray[np.float64]
    enhancement_factor: NDArray[np.float64]
    vapour_mole_fraction: NDArray[np.float64]
    compressibility: NDArray[np.float64]


def saturation_vapour_pressure_pa(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the saturation vapour pressure of water (Pa) at a temperature (Celsius). Source: CIPM-2007, eq. (A1.1)."""
    kelvin = np.asarray(temperature_c, dtype=np.float64) + KELVIN
    return np.asarray(np.exp(1.2378847e-5 * kelvin**2 - 1.9121316e-2 * kelvin + 33.93711047 - 6.3431645e3 / kelvin))


def moist_air_cipm_2007(
    *,
    temperature_c: ArrayLike,
    pressure_pa: ArrayLike,
    humidity_fraction: ArrayLike,
    co2_mole_fraction: float = _REFERENCE_CO2,
) -> MoistAir:
    """Return density and intermediates of moist air; temperature Celsius, absolute pressure Pa, humidity 0 to 1.

    Source: Picard, Davis, Glaeser, Fujii, "Revised formula for the density of moist air (CIPM-2007)",
    Metrologia 45 (2008) 149-155.
    """
    celsius = np.asarray(temperature_c, dtype=np.float64)
    pascal = np.asarray(pressure_pa, dtype=np.float64)
    kelvin = celsius + KELVIN
    saturation = saturation_vapour_pressure_pa(celsius)
    enhancement = 1.00062 + 3.14e-8 * pascal + 5.6e-7 * celsius**2
    vapour = np.asarray(humidity_fraction, dtype=np.float64) * enhancement * saturation / pascal
    ratio = pascal / kelvin
    compressibility = (
        1.0
        - ratio
        * (
            1.58123e-6
            - 2.9331e-8 * celsius
            + 1.1043e-10 * celsius**2
            + (5.707e-6 - 2.051e-8 * celsius) * vapour
            + (1.9898e-4 - 2.376e-6 * celsius) * vapour**2
        )
        + ratio**2 * (1.83e-11 - 0.765e-8 * vapour**2)
    )
    molar_mass_dry = 28.96546e-3 + 12.011e-3 * (co2_mole_fraction - _REFERENCE_CO2)
    density = (
        pascal
        * molar_mass_dry
        / (compressibility * _GAS_CONSTANT * kelvin)
        * (1.0 - vapour * (1.0 - _MOLAR_MASS_WATER / molar_mass_dry))
    )
    return MoistAir(
        density_kg_per_m3=np.asarray(density),
        saturation_pressure_pa=saturation,
        enhancement_factor=np.asarray(enhancement),
        vapour_mole_fraction=np.asarray(vapour),
        compressibility=np.asarray(compressibility),
    )


def air_density_kg_per_m3(
    *, temperature_c: ArrayLike, pressure_hpa: ArrayLike, humidity_percent: ArrayLike
) -> NDArray[np.float64]:
    """Return the CIPM-2007 air density (kg/m3) from what a bench sensor reads: Celsius, hPa absolute, %RH."""
    return moist_air_cipm_2007(
        temperature_c=temperature_c,
        pressure_pa=np.asarray(pressure_hpa, dtype=np.float64) * 100.0,
        humidity_fraction=np.asarray(humidity_percent, dtype=np.float64) / 100.0,
    ).density_kg_per_m3


def air_density_simplified_kg_per_m3(
    *, temperature_c: ArrayLike, pressure_hpa: ArrayLike, humidity_percent: ArrayLike
) -> NDArray[np.float64]:
    """Return the air density (kg/m3) by the simplified formula; for 600-1100 hPa, 20-80 %RH, 15-27 Celsius.

    Source: OIML R 111-1 (2004) eq. (E.3-1), also EURAMET cg-18 A1.1; within 2e-4 of CIPM-2007 in that range.
    """
    celsius = np.asarray(temperature_c, dtype=np.float64)
    pressure = np.asarray(pressure_hpa, dtype=np.float64)
    humidity = np.asarray(humidity_percent, dtype=np.float64)
    return np.asarray((0.34848 * pressure - 0.009 * humidity * np.exp(0.061 * celsius)) / (KELVIN + celsius))
