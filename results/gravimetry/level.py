"""The level in the vessel, and the way vapour has to go from it to the rim."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings
from results.refusal import EvaluationRefused

_MM3_PER_G = 1e3 / 0.998
_MOST_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """Headspace (mm) over time (s): diffusion to the rim goes as its inverse (Stefan)."""

    time_s: NDArray[np.float64]
    headspace_mm: NDArray[np.float64]

    def factor_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return evaporation at times (s) relative to that at the first headspace."""
        return np.asarray(self.headspace_mm[0] / np.interp(time_s, self.time_s, self.headspace_mm))

    def factor_per_mm_at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much that changes for a first headspace 1 mm deeper and the same rise of the level."""
        now_mm = np.interp(time_s, self.time_s, self.headspace_mm)
        return np.asarray((now_mm - self.headspace_mm[0]) / now_mm**2)


def level_record(readings: CleanReadings, bench: GravimetricBench, *, filled_s: float) -> LevelRecord | None:
    """Return the headspace over a run, `bench.headspace_mm` at `filled_s`; None when the bench states none.

    The level rises by dV / (A_vessel - A_tube). Raises `EvaluationRefused` when the vessel would have run over.
    """
    if bench.headspace_mm is None:
        return None
    area_mm2 = math.pi / 4.0 * (bench.vessel_inner_diameter_mm**2 - bench.tube_outer_diameter_mm**2)
    first_g = float(np.interp(filled_s, readings.time_s, readings.mass_g))
    every = max(1, readings.time_s.size // _MOST_POINTS)
    rise_mm = (readings.mass_g[::every] - first_g) * (_MM3_PER_G / area_mm2)
    headspace_mm = bench.headspace_mm - rise_mm
    if not np.all(headspace_mm > 0.0):
        raise EvaluationRefused(
            f"the level would have risen by {float(rise_mm.max()):.3g} mm in a headspace of {bench.headspace_mm:g} mm; "
            "use a larger vessel, or correct headspace_mm"
        )
    return LevelRecord(time_s=readings.time_s[::every], headspace_mm=headspace_mm)
