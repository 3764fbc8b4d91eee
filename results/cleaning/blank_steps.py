"""Small steps in the blanks: changes of level too small to show by themselves, told from drift by coming at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from results.cleaning.exclusions import exclusion
from results.cleaning.findings import Finding
from results.cleaning.readings import CleanReadings
from results.cleaning.steps import LARGEST_STEP_G
from results.series import Phase
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

_SHORTEST_S = 16.0
_OCTAVES = 4
_GUARD_S = 3.0
_FEWEST = 2
_DOUBT_S = 12.0
LIMIT_SIGMA = 4.5
"""A blank of two hours holds about 700 independent places: noise alone exceeds this in one of two hundred."""
_READABILITY_SIGMA = 0.3
_MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class _Statistic:
    """By how much the level (g) after each of the `places` exceeds that before, beyond the usual drift."""

    places: NDArray[np.intp]
    rise_g: NDArray[np.float64]


def without_blank_steps(
    readings: CleanReadings, blanks: Sequence[Phase | None], *, readability_g: float
) -> CleanReadings:
    """Return the readings with the small steps in their blanks taken back, each a finding.

    Statistic: the level after less the level before, as the mean over windows of 16, 32, 64 and 128 s on either side.
    1/f noise, of which a balance's zero is made at these times, brings as much to each octave; so their mean is the
    filter matched to a step in it. A step exceeds 4.5 robust standard deviations, those of all blanks together; one of
    more than 0.1 g is left for the refusal.
    """
    for _ in range(_MOST_STEPS):
        parts = [
            slice(*(int(place) for place in np.searchsorted(readings.time_s, (blank.begin_s, blank.end_s))))
            for blank in blanks
            if blank is not None
        ]
        statistics = [statistic_of(readings.time_s[part], readings.mass_g[part]) for part in parts]
        sigma_g = _sigma_g([entry.rise_g for entry in statistics], readability_g)
        steps = [
            _largest(readings.time_s, entry, part, LIMIT_SIGMA * sigma_g, sigma_g)
            for entry, part in zip(statistics, parts, strict=True)
        ]
        new = [step for step in steps if step is not None]
        if not new:
            break
        readings = _taken_back(readings, new)
    return readings


def _taken_back(readings: CleanReadings, steps: Sequence[Finding]) -> CleanReadings:
    """Return the readings less the steps, without those beside a step: when it came is known no better."""
    time_s, mass_g = readings.time_s, readings.mass_g.copy()
    beside = np.zeros(time_s.size, dtype=np.bool_)
    for step in steps:
        mass_g[time_s >= step.end_s] -= step.size_mg * 1e-3
        beside |= np.abs(time_s - step.end_s) <= _DOUBT_S
        beside[np.searchsorted(time_s, step.end_s) + np.array((-2, -1, 0, 1))] = True
    listed = exclusion(rule="disturbance", explanation="beside a small step in a blank", time_s=time_s, excluded=beside)
    return replace(
        readings,
        time_s=time_s[~beside],
        mass_g=mass_g[~beside],
        exclusions=readings.exclusions if listed is None else (*readings.exclusions, listed),
        findings=(*readings.findings, *steps),
    )


def statistic_of(time_s: NDArray[np.float64], level_g: NDArray[np.float64]) -> _Statistic:
    """Return the mean over octaves of the differences of level (g) at every place that all windows fit; else none."""
    none = _Statistic(np.empty(0, dtype=np.intp), np.empty(0))
    if time_s.size < 4 * _FEWEST:
        return none
    period_s = max(float(np.median(np.diff(time_s))), 1e-9)
    guard = max(1, round(_GUARD_S / period_s))
    shortest = max(_FEWEST, round(_SHORTEST_S / period_s))
    widths = [shortest * 2**octave for octave in range(_OCTAVES)]
    reach = widths[-1] + guard
    if time_s.size < 4 * reach:
        return none
    total = np.concatenate(([0.0], np.cumsum(level_g - level_g[0])))
    places = np.arange(reach, time_s.size - widths[-1] + 1)
    before = places - guard
    rise_g = np.zeros(places.size)
    for width in widths:
        rise_g += (total[places + width] - total[places] - total[before] + total[before - width]) / width
    rise_g /= len(widths)
    return _Statistic(places, rise_g - float(np.median(rise_g)))


def _sigma_g(rises_g: Sequence[NDArray[np.float64]], readability_g: float) -> float:
    together = np.concatenate([np.empty(0), *rises_g])
    spread_g = SD_PER_MEDIAN_DEVIATION * float(np.median(np.abs(together))) if together.size else 0.0
    return max(spread_g, _READABILITY_SIGMA * readability_g)


def _largest(
    time_s: NDArray[np.float64], statistic: _Statistic, part: slice, limit_g: float, sigma_g: float
) -> Finding | None:
    if not statistic.places.size:
        return None
    number = int(np.argmax(np.abs(statistic.rise_g)))
    size_g = float(statistic.rise_g[number])
    if not limit_g < abs(size_g) <= LARGEST_STEP_G:
        return None
    after = part.start + int(statistic.places[number])
    return Finding(
        rule="step",
        treatment="repaired",
        begin_s=float(time_s[after - 1]),
        end_s=float(time_s[after]),
        size_mg=size_g * 1e3,
        u_mg=sigma_g * 1e3,
        explanation="the level of a blank changed at once, by more than drift does; taken back from there on",
    )
