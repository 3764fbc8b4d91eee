"""The balance's drift: as stated, checked against what the blanks show, or estimated from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from results.bench import GravimetricBench
from results.gravimetry.blank import Blank
from results.uncertainty.noise import ReadingWeights

_SURPRISE = 1e-4
"""Chance with which a bench that drifts as stated is taken to drift more."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Random walk (ug/sqrt(h), with degrees of freedom) and 1/f noise (ug per octave) of the balance's zero.

    `stated` is False when the walk is estimated from the blanks. `note` says why it is not the stated one, or is empty.
    """

    walk_ug_per_sqrt_h: float
    degrees_of_freedom: float
    flicker_ug: float
    stated: bool
    note: str


def drift_of(bench: GravimetricBench, blanks: Sequence[Blank]) -> Drift:
    """Return the drift to budget for.

    The stated walk holds unless the blanks wander so much more that chance does not explain it (1 in 10 000): then,
    and where none is stated, the walk is the one the blanks show. Without both it is zero, and the note says so.
    """
    stated, flicker = bench.balance_zero_drift_ug_per_sqrt_h, bench.balance_flicker_ug
    if not blanks:
        note = "" if stated is not None else "balance drift is neither stated nor observed: no line for it"
        return Drift(stated or 0.0, math.inf, flicker, stated is not None, note)
    weights = np.array([blank.noise.wander_degrees_of_freedom for blank in blanks])
    freedom = float(np.sum(weights))
    observed_ug2 = float(np.average([blank.noise.wander_g2 for blank in blanks], weights=weights)) * 1e12
    noise_ug2 = float(np.average([blank.noise.wander_from_noise_g2 for blank in blanks], weights=weights)) * 1e12
    chunk_s = float(np.average([blank.noise.chunk_s for blank in blanks], weights=weights))
    per_walk, per_flicker = _chunk_difference(chunk_s)
    flicker_ug2 = (per_flicker * flicker) ** 2
    if stated is not None:
        expected_ug2 = noise_ug2 + flicker_ug2 + (per_walk * stated) ** 2
        if observed_ug2 <= expected_ug2 * float(stats.chi2.isf(_SURPRISE, freedom)) / freedom:
            return Drift(stated, math.inf, flicker, True, "")
    background_ug2 = noise_ug2 + flicker_ug2
    doubt_ug2 = background_ug2 * math.sqrt(2.0 / freedom)
    walk = math.sqrt(max(observed_ug2 - background_ug2, doubt_ug2)) / per_walk
    note = (
        f"balance drift estimated from the blanks: {walk:.3g} ug/sqrt(h)"
        if stated is None
        else f"the blanks wander more than the stated drift of {stated:g} ug/sqrt(h) explains; {walk:.3g} is used"
    )
    return Drift(walk, freedom, flicker, False, note)


def _chunk_difference(chunk_s: float) -> tuple[float, float]:
    """Return how a walk (per ug/sqrt(h)) and 1/f noise (per ug) show in the difference of adjacent chunk means (ug)."""
    half = 32
    times = (np.arange(2 * half) + 0.5) * chunk_s / half
    weights = ReadingWeights(time_s=times, weight=np.repeat([-1.0 / half, 1.0 / half], half))
    walk = math.sqrt(2.0 / 3.0 * chunk_s / 3600.0)
    return walk, weights.flicker_response()
