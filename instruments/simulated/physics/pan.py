"""Check weights on the pan, and what they make the balance indicate."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.weighing import ADJUSTMENT
from instruments.simulated.truth.measuring import HandlingTruth

_WEIGHT_KG_PER_M3 = 8000.0

# Maximum permissible errors of OIML R 111-1 (2004), table 1: nominal g, then mg for E1, E2, F1.
_PERMISSIBLE_MG = (
    (0.001, 0.003, 0.006, 0.020), (0.005, 0.003, 0.006, 0.020), (0.01, 0.003, 0.008, 0.025),
    (0.02, 0.003, 0.010, 0.03), (0.05, 0.004, 0.012, 0.04), (0.1, 0.005, 0.016, 0.05), (0.2, 0.006, 0.020, 0.06),
    (0.5, 0.008, 0.025, 0.08), (1.0, 0.010, 0.03, 0.10), (2.0, 0.012, 0.04, 0.12), (5.0, 0.016, 0.05, 0.16),
    (10.0, 0.020, 0.06, 0.20), (20.0, 0.025, 0.08, 0.25), (50.0, 0.03, 0.10, 0.3), (100.0, 0.05, 0.16, 0.5),
    (200.0, 0.10, 0.3, 1.0), (500.0, 0.25, 0.8, 2.5),
)  # fmt: skip
_CLASSES = ("E1", "E2", "F1")


def true_mass_g(nominal_g: float, truth: HandlingTruth, seed: int) -> float:
    """Return what the check weight of a nominal mass really weighs; always the same for one bench.

    Of a mass between two rows of the table the lower row's error holds.
    """
    row = max(bisect_right([row[0] for row in _PERMISSIBLE_MG], nominal_g) - 1, 0)
    permissible_mg = _PERMISSIBLE_MG[row][1 + _CLASSES.index(truth.weight_class)]
    generator = NormalTrack(seed, "handling", "check weights").generator(round(1e6 * nominal_g))
    return nominal_g + 1e-3 * permissible_mg * float(generator.uniform(-1.0, 1.0))


class Pan:
    """What lies on the pan beside the vessel, in time."""

    def __init__(self) -> None:
        self._steps: list[tuple[float, float]] = [(0.0, 0.0)]

    @property
    def mass_g(self) -> float:
        """What lies there now."""
        return self._steps[-1][1]

    def put(self, t_s: float, mass_g: float) -> None:
        """Let a mass lie there after `t_s`, in place of what lay there before."""
        self._steps.append((t_s, mass_g))

    def load_g(self, times_s: FloatArray, air_kg_per_m3: FloatArray) -> FloatArray | None:
        """Return the force as an indication (see `weighing`), g; None where nothing has ever lain there."""
        if len(self._steps) == 1:
            return None
        begins, masses = np.array(self._steps).T
        mass_g = masses[np.maximum(np.searchsorted(begins, times_s, side="left") - 1, 0)]
        return np.asarray(mass_g * (1.0 - air_kg_per_m3 / _WEIGHT_KG_PER_M3) / ADJUSTMENT)
