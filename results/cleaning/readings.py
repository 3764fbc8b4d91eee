"""The readings fit for evaluation: numbers only, in order of time, without spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.cleaning.exclusions import Exclusion, exclusion
from results.series import NUMBER_CODES, EvaluationRefused, FlowSeries

SPIKE_WINDOW_S = 121.0
"""Length of the running median a spike is seen against; a spike is shorter than half of it."""
SPIKE_LIMIT_SIGMA = 8.0
"""Readings further than this many robust standard deviations from the running median are spikes."""
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class CleanReadings:
    """Readings that carry a number, strictly increasing in time, and what was left out on the way."""

    time_s: NDArray[np.float64]
    mass_g: NDArray[np.float64]
    recorded: int
    exclusions: tuple[Exclusion, ...]


def clean_readings(series: FlowSeries, *, readability_g: float) -> CleanReadings:
    """Return the readings of a series fit for evaluation. Raises `EvaluationRefused` when fewer than two remain.

    Left out, each counted and located: samples whose status carries no number, numbers that are not finite, repeated
    or backward times, spikes.
    """
    time_s, mass_g = series.time_s, series.mass_g
    exclusions = []
    carries = np.isin(series.status, NUMBER_CODES)
    exclusions.append(
        exclusion(
            rule="no number", explanation="the balance gave a state, not a number", time_s=time_s, excluded=~carries
        )
    )
    finite = np.isfinite(mass_g) & np.isfinite(time_s)
    exclusions.append(
        exclusion(
            rule="not finite", explanation="time or value is not finite", time_s=time_s, excluded=carries & ~finite
        )
    )
    keep = carries & finite
    kept_time, kept_mass = (time_s, mass_g) if keep.all() else (time_s[keep], mass_g[keep])
    backward = np.zeros(kept_time.size, dtype=np.bool_)
    backward[1:] = kept_time[1:] <= np.maximum.accumulate(kept_time)[:-1]
    exclusions.append(
        exclusion(rule="time order", explanation="repeated or backward time", time_s=kept_time, excluded=backward)
    )
    if backward.any():
        kept_time, kept_mass = kept_time[~backward], kept_mass[~backward]
    spikes = spike_mask(kept_time, kept_mass, readability_g=readability_g)
    exclusions.append(
        exclusion(
            rule="spike",
            explanation=f"more than {SPIKE_LIMIT_SIGMA:g} robust sigma from the {SPIKE_WINDOW_S:g}-s running median",
            time_s=kept_time,
            excluded=spikes,
        )
    )
    if spikes.any():
        kept_time, kept_mass = kept_time[~spikes], kept_mass[~spikes]
    if kept_time.size < 2:
        raise EvaluationRefused(f"of {time_s.size} readings, {kept_time.size} carry a usable number")
    return CleanReadings(
        time_s=kept_time,
        mass_g=kept_mass,
        recorded=time_s.size,
        exclusions=tuple(entry for entry in exclusions if entry is not None),
    )


def spike_mask(time_s: NDArray[np.float64], mass_g: NDArray[np.float64], *, readability_g: float) -> NDArray[np.bool_]:
    """Return which readings (g) are spikes: far from the running median.

    The running median of a rising signal is the signal itself, so flow, steady or in strokes, is no spike. The robust
    sigma is that of the readings about their running median, at least half the readability.
    """
    if time_s.size < 3:
        return np.zeros(time_s.size, dtype=np.bool_)
    period_s = float(np.median(np.diff(time_s)))
    size = max(3, 2 * round(SPIKE_WINDOW_S / (2.0 * period_s)) + 1)
    deviation = np.abs(mass_g - ndimage.median_filter(mass_g, size=size, mode="nearest"))
    sigma = max(_MAD_TO_SIGMA * float(np.median(deviation)), readability_g / 2.0)
    return np.asarray(deviation > SPIKE_LIMIT_SIGMA * sigma)
