"""Volumes named at a temperature, and liquid moved by warming."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from results.physics.water import water_density_kg_per_m3


def volume_at_temperature_ul(*, volume_ul: ArrayLike, from_c: float, to_c: float) -> NDArray[np.float64]:
    """Return the volume (uL) that an amount of water takes at `to_c` when it takes `volume_ul` at `from_c` (Celsius).

    The mass stays: V2 = V1 rho(T1) / rho(T2), densities of Tanaka et al. (2001). 20 to 37 Celsius adds 0.49 %.
    """
    ratio = float(water_density_kg_per_m3(from_c)) / float(water_density_kg_per_m3(to_c))
    return np.asarray(np.asarray(volume_ul, dtype=np.float64) * ratio)


def expelled_volume_ul(
    *, trapped_volume_ul: float, net_expansion_per_k: float, temperature_change_k: ArrayLike
) -> NDArray[np.float64]:
    """Return the volume (uL) a trapped volume pushes out on warming: V (beta_liquid - gamma_tube) dT."""
    change = np.asarray(temperature_change_k, dtype=np.float64)
    return np.asarray(trapped_volume_ul * net_expansion_per_k * change)


def volume_referred_to_20c_ul(
    *, volume_ul: ArrayLike, container_expansion_per_k: float, temperature_c: float
) -> NDArray[np.float64]:
    """Return the volume (uL) a container of given cubical expansion (1/K) delivers at 20 Celsius: V (1 - g (T - 20)).

    ISO 4787 form; for a syringe under test whose scale is meant at 20 Celsius.
    """
    return np.asarray(
        np.asarray(volume_ul, dtype=np.float64) * (1.0 - container_expansion_per_k * (temperature_c - 20.0))
    )
