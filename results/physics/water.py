"""Density and thermal expansion of water."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

STANDARD_PRESSURE_PA = 101_325.0
VALID_TEMPERATURE_C = (0.0, 40.0)

_A1, _A2, _A3, _A4, _A5 = -3.983035, 301.797, 522_528.9, 69.34881, 999.974950
_COMPRESSIBILITY_PER_PA = (50.74e-11, -0.326e-11, 0.00416e-11)
_AIR_SATURATION_KG_PER_M3 = (-4.612e-3, 0.106e-3)


class OutsideValidity(ValueError):
    """An argument outside the range for which a published formula holds."""


def water_density_kg_per_m3(
    temperature_c: ArrayLike, *, pressure_pa: ArrayLike = STANDARD_PRESSURE_PA, air_saturated: bool = False
) -> NDArray[np.float64]:
    """Return the density of water (kg/m3) at a temperature (Celsius, 0 to 40) and absolute pressure (Pa); broadcasts.

    Air-free water at 101 325 Pa unless told otherwise. Raises `OutsideValidity` outside 0 to 40 Celsius or for NaN.
    Source: Tanaka et al., Metrologia 38 (2001) 301-309, with its compressibility and air-saturation terms.
    """
    temperature = np.asarray(temperature_c, dtype=np.float64)
    _check_temperature(temperature)
    density = _A5 * (1.0 - (temperature + _A1) ** 2 * (temperature + _A2) / (_A3 * (temperature + _A4)))
    if air_saturated:
        offset, slope = _AIR_SATURATION_KG_PER_M3
        density = density + offset + slope * temperature
    k0, k1, k2 = _COMPRESSIBILITY_PER_PA
    excess_pa = np.asarray(pressure_pa, dtype=np.float64) - STANDARD_PRESSURE_PA
    return np.asarray(density * (1.0 + (k0 + k1 * temperature + k2 * temperature**2) * excess_pa))


def water_expansion_per_k(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the cubical expansion coefficient of water (1/K) at a temperature (Celsius, 0 to 40); broadcasts.

    -(1/rho) d(rho)/dT, the analytic derivative of the density of Tanaka et al. (2001).
    """
    temperature = np.asarray(temperature_c, dtype=np.float64)
    _check_temperature(temperature)
    square, linear, pole = temperature + _A1, temperature + _A2, temperature + _A4
    fraction = square**2 * linear / (_A3 * pole)
    derivative = (2.0 * square * linear + square**2) / (_A3 * pole) - fraction / pole
    return np.asarray(derivative / (1.0 - fraction))


def _check_temperature(temperature_c: NDArray[np.float64]) -> None:
    low, high = VALID_TEMPERATURE_C
    if not np.all((temperature_c >= low) & (temperature_c <= high)):
        raise OutsideValidity(f"water temperature {temperature_c!r} Celsius lies outside {low:g} to {high:g} Celsius")
