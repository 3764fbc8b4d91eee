"""Falls within the contact line's pull, seen so sharply that a stroke of the pump may come seconds before or after."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from results.cleaning.level_changes import Change
from results.cleaning.readings import CleanReadings
from results.series import Phase
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

_READINGS, _WINDOW_S, _GUARD_S = 3, 4.0, 3.0
_LIMIT_SIGMA = 8.0
_READABILITY_SIGMA = 0.3
_BESIDE_S = (15.0, 45.0)
_MOST_FOR_MEDIANS = 100_000
_HALF = 0.5


def sudden_falls(
    readings: CleanReadings, period: Phase, *, sign: float, readability_g: float, quantum_g: float, pull_g: float
) -> list[Change]:
    """Return the falls of up to `pull_g` that came within the balance's own seconds, and stayed, while the pump ran.

    Means of the readings over 4 s before and after each instant differ by more than eight robust standard deviations.
    Half a minute before and after, the level differs from that beside the fall by whole strokes (`quantum_g`), to half
    the fall: neither the end of a bump nor the beginning of a dip. Readings too far apart for that yield none.
    """
    offset, stop = (int(place) for place in np.searchsorted(readings.time_s, (period.begin_s, period.end_s)))
    time_s, level_g = readings.time_s[offset:stop], sign * readings.mass_g[offset:stop]
    period_s = max(float(np.median(np.diff(time_s))), 1e-9) if time_s.size > 1 else math.inf
    if pull_g <= 0.0 or period_s > _WINDOW_S / _READINGS:
        return []
    width, guard = max(_READINGS, round(_WINDOW_S / period_s)), max(1, math.floor(_GUARD_S / period_s))
    if time_s.size < 2 * width + guard + 1:
        return []
    total = np.concatenate(([0.0], np.cumsum(level_g - level_g[0])))
    means_g = (total[width:] - total[:-width]) / width
    rise_g = means_g[width + guard :] - means_g[: -width - guard]
    some_g = rise_g[:: -(-rise_g.size // _MOST_FOR_MEDIANS)]
    sigma_g = SD_PER_MEDIAN_DEVIATION * float(np.median(np.abs(some_g - np.median(some_g))))
    limit_g = _LIMIT_SIGMA * max(sigma_g, _READABILITY_SIGMA * readability_g)
    found = []
    for place in _deepest(rise_g, limit_g, width + guard):
        size_g = float(rise_g[place])
        first, last = place + width, place + width + guard - 1
        if size_g >= -pull_g and _stays(time_s, level_g, first, last, width, size_g, quantum_g):
            found.append(
                Change(
                    first=offset + first,
                    last=offset + last,
                    size_g=sign * size_g,
                    stays=True,
                    abrupt=True,
                    pumping=True,
                    u_g=limit_g / _LIMIT_SIGMA,
                    allowance_g=limit_g,
                    after_g=sign * float(np.median(level_g[last + 1 : last + 1 + width])),
                    limit_g=limit_g,
                )
            )
    return found


def _deepest(rise_g: NDArray[np.float64], limit_g: float, apart: int) -> list[int]:
    """Return the place of the deepest fall in each run of falls beyond the limit, runs so many readings apart."""
    places = np.flatnonzero(rise_g < -limit_g)
    if not places.size:
        return []
    runs = np.split(places, np.flatnonzero(np.diff(places) > apart) + 1)
    return [int(run[np.argmin(rise_g[run])]) for run in runs]


def _stays(
    time_s: NDArray[np.float64],
    level_g: NDArray[np.float64],
    first: int,
    last: int,
    width: int,
    size_g: float,
    quantum_g: float,
) -> bool:
    near, far = _BESIDE_S
    earlier = slice(*np.searchsorted(time_s, (time_s[first] - far, time_s[first] - near)))
    later = slice(*np.searchsorted(time_s, (time_s[last] + near, time_s[last] + far)))
    if min(earlier.stop - earlier.start, later.stop - later.start) < width:
        return False
    before_g = float(np.median(level_g[first - width : first]))
    after_g = float(np.median(level_g[last + 1 : last + 1 + width]))
    risen_g = (before_g - float(np.median(level_g[earlier])), float(np.median(level_g[later])) - after_g)
    return all(abs(_beyond_strokes_g(rise_g, quantum_g)) < _HALF * abs(size_g) for rise_g in risen_g)


def _beyond_strokes_g(rise_g: float, quantum_g: float) -> float:
    """Return what of a rise is no whole number of strokes."""
    return rise_g - max(round(rise_g / quantum_g), 0) * quantum_g if quantum_g > 0.0 else rise_g
