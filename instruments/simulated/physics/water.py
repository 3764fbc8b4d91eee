"""Liquid water at 0.1 MPa: density, thermal expansion, viscosity.

Source: IAPWS SR6-08(2011), "Revised Supplementary Release on Properties of Liquid Water at 0.1 MPa"; Patek, Hruby,
Klomfar, Souckova and Harvey, J. Phys. Chem. Ref. Data 38 (2009) 21. Valid from 253.15 K to 383.15 K. The evaluation of
results uses another source for the density on purpose: the twin and the analysis must not share an error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GAS_CONSTANT = 461.51805  # J/(kg K)
_REFERENCE_K = 10.0
_REFERENCE_PA = 1e5
_POLE_ABOVE_K = 593.0
_POLE_BELOW_K = 232.0
_CONSTANT = 1.93763157e-2
_ABOVE = ((6.74458446e3, 4), (-2.22521604e5, 5), (1.00231247e8, 7), (-1.63552118e9, 8), (8.32299658e9, 9))
_BELOW = (
    (5.78545292e-3, 1),
    (-1.53195665e-2, 2),
    (3.11337859e-2, 3),
    (-4.23546241e-2, 4),
    (3.38713507e-2, 5),
    (-1.19946761e-2, 6),
)
_VISCOSITY = ((280.68, -1.9), (511.45, -7.7), (61.131, -19.6), (0.45903, -40.0))


def density_kg_per_m3(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the density of water, kg/m3, at temperatures in Celsius and 0.1 MPa (equation 2 of the release)."""
    above, below = _reduced(temperature_c)
    series = _CONSTANT + sum(a * above**n for a, n in _ABOVE) + sum(b * below**m for b, m in _BELOW)
    return np.asarray(_REFERENCE_PA / (_GAS_CONSTANT * _REFERENCE_K * series))


def expansion_per_k(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the cubical expansion coefficient of water, 1/K, at temperatures in Celsius (derivative of equation 2)."""
    above, below = _reduced(temperature_c)
    slope = sum(a * n * above ** (n + 1) for a, n in _ABOVE) - sum(b * m * below ** (m + 1) for b, m in _BELOW)
    volume_slope = _GAS_CONSTANT / _REFERENCE_PA * slope
    return np.asarray(volume_slope * density_kg_per_m3(temperature_c))


def viscosity_pa_s(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the dynamic viscosity of water, Pa s, at temperatures in Celsius (equation 7 of the release)."""
    reduced = (np.asarray(temperature_c, dtype=np.float64) + 273.15) / 300.0
    return np.asarray(1e-6 * sum(a * reduced**b for a, b in _VISCOSITY))


def _reduced(temperature_c: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    temperature_k = np.asarray(temperature_c, dtype=np.float64) + 273.15
    return _REFERENCE_K / (_POLE_ABOVE_K - temperature_k), _REFERENCE_K / (temperature_k - _POLE_BELOW_K)
