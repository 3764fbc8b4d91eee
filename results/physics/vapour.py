"""What drives evaporation: the difference of vapour pressure between the liquid's surface and the air."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from results.physics.air import KELVIN, saturation_vapour_pressure_pa

_DIFFUSIVITY_EXPONENT = 1.81
_REFERENCE_HPA = 1013.25
_REFERENCE_K = KELVIN + 20.0


def vapour_deficit_pa(
    *, liquid_temperature_c: ArrayLike, air_temperature_c: ArrayLike, humidity_percent: ArrayLike
) -> NDArray[np.float64]:
    """Return the vapour-pressure deficit (Pa): saturation at the liquid surface less the vapour pressure of the air.

    Negative where water condenses.
    """
    humidity = np.asarray(humidity_percent, dtype=np.float64) / 100.0
    air = humidity * saturation_vapour_pressure_pa(air_temperature_c)
    return np.asarray(saturation_vapour_pressure_pa(liquid_temperature_c) - air)


def evaporation_drive_pa(
    *,
    liquid_temperature_c: ArrayLike,
    air_temperature_c: ArrayLike,
    humidity_percent: ArrayLike,
    pressure_hpa: ArrayLike,
) -> NDArray[np.float64]:
    """Return the vapour-pressure deficit (Pa) times how diffusion changes with air: (T/T0)^0.81 p0/p.

    Stefan diffusion: flux = D M deficit / (R T L), with D proportional to T^1.81 / p (Massman, Atmospheric Environment
    32 (1998) 1111-1127); T0 is 20 Celsius, p0 1013.25 hPa.
    """
    deficit = vapour_deficit_pa(
        liquid_temperature_c=liquid_temperature_c,
        air_temperature_c=air_temperature_c,
        humidity_percent=humidity_percent,
    )
    kelvin = np.asarray(air_temperature_c, dtype=np.float64) + KELVIN
    warmth = (kelvin / _REFERENCE_K) ** (_DIFFUSIVITY_EXPONENT - 1.0)
    return np.asarray(deficit * warmth * (_REFERENCE_HPA / np.asarray(pressure_hpa, dtype=np.float64)))
