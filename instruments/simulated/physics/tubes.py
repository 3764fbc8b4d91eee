"""Flow resistance and volume of a tube."""

from __future__ import annotations

import math

import numpy as np

from instruments.simulated.physics.growing import FloatArray


def resistance_pa_s_per_m3(*, length_m: float, inner_diameter_m: float, viscosity_pa_s: FloatArray) -> FloatArray:
    """Return the resistance to laminar flow, Pa s/m3: 128 mu L / (pi d^4) (Hagen-Poiseuille)."""
    return np.asarray(128.0 * viscosity_pa_s * length_m / (math.pi * inner_diameter_m**4))


def volume_ul(*, length_m: float, inner_diameter_m: float) -> float:
    """Return the volume inside a tube, uL."""
    return math.pi / 4.0 * inner_diameter_m**2 * length_m * 1e9
