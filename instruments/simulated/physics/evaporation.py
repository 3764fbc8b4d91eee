"""Evaporation from the vessel: vapour diffusing through still air from the liquid's surface to the rim."""

from __future__ import annotations

import math

import numpy as np

from instruments.simulated.physics import air
from instruments.simulated.physics.growing import FloatArray

_REFERENCE_C = 20.0
_REFERENCE_HUMIDITY_PERCENT = 50.0
_REFERENCE_HPA = 1013.25


def stefan_ug_per_min(
    *,
    diameter_mm: float,
    headspace_mm: float,
    liquid_c: FloatArray,
    air_c: FloatArray,
    humidity_percent: FloatArray,
    pressure_hpa: FloatArray,
) -> FloatArray:
    """Return the evaporation of an open vessel, ug/min: D A (c_surface - c_room) / L.

    Diffusion through a stagnant column, at small vapour pressure (Bird, Stewart, Lightfoot, Transport Phenomena, 18.2).
    """
    area_m2 = math.pi / 4.0 * (1e-3 * diameter_mm) ** 2
    kg_per_s = vapour_drive(liquid_c, air_c, humidity_percent, pressure_hpa) * area_m2 / (1e-3 * headspace_mm)
    return np.asarray(kg_per_s * 60e9)


def vapour_drive(
    liquid_c: FloatArray, air_c: FloatArray, humidity_percent: FloatArray, pressure_hpa: FloatArray
) -> FloatArray:
    """Return diffusivity times concentration difference, kg/(m s): what temperature and humidity do to the rate."""
    surface = air.saturated_vapour_kg_per_m3(liquid_c, pressure_hpa)
    room = humidity_percent / 100.0 * air.saturated_vapour_kg_per_m3(air_c, pressure_hpa)
    return np.asarray(air.vapour_diffusivity_m2_per_s(air_c, pressure_hpa) * (surface - room))


def relative_drive(
    liquid_c: FloatArray, air_c: FloatArray, humidity_percent: FloatArray, pressure_hpa: FloatArray
) -> FloatArray:
    """Return the drive relative to 20 C, 50 %RH and 1013.25 hPa, where a vessel's own rate is stated.

    A film or a narrow opening reduces the rate by a constant factor, so it is in the stated rate already.
    """
    reference = vapour_drive(
        np.array(_REFERENCE_C), np.array(_REFERENCE_C), np.array(_REFERENCE_HUMIDITY_PERCENT), np.array(_REFERENCE_HPA)
    )
    return np.asarray(vapour_drive(liquid_c, air_c, humidity_percent, pressure_hpa) / reference)
