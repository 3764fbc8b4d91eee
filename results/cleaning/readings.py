"""The readings fit for evaluation: numbers only, in order of time, without spikes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from results.cleaning.exclusions import Exclusion, exclusion
from results.cleaning.findings import Finding
from results.cleaning.frozen import frozen_mask
from results.cleaning.timing import time_faults
from results.series import NUMBER_CODES, EvaluationRefused, FlowPhases, FlowSeries
from results.statistics.robust import SD_PER_MEDIAN_DEVIATION

SPIKE_WINDOW_S = 121.0
"""Length of the running median a spike is seen against; a spike is shorter than half of it."""
SPIKE_LIMIT_SIGMA = 8.0
"""Readings further than this many robust standard deviations from the running median are spikes."""
SPIKE_REACH_S = 5.0
"""What lies between two spikes no further apart than this was as disturbed, and is near the median by chance."""
_PLATEAU_READINGS = 3
_BESIDE_READINGS = 11
_PLATEAU_SIGMA = 5.0
_RETURNED = 3.0
"""A level that returns but for less than a third of its own height is a knock, whatever the pump did meanwhile."""
_SECOND_DIFFERENCE_VARIANCE = 6.0
_MOST_BENDS = 200_000


@dataclass(frozen=True, slots=True)
class CleanReadings:
    """Readings that carry a number, strictly increasing in time, and what was left out on the way."""

    time_s: NDArray[np.float64]
    mass_g: NDArray[np.float64]
    recorded: int
    exclusions: tuple[Exclusion, ...]
    findings: tuple[Finding, ...] = ()


def clean_readings(series: FlowSeries, *, readability_g: float) -> CleanReadings:
    """Return the readings of a series fit for evaluation. Raises `EvaluationRefused` when fewer than two remain.

    Left out, each counted and located: lone wrong times, samples whose status carries no number, numbers that are not
    finite, repeated or backward times, repetitions of a frozen balance, spikes. A clock set back too far is refused.
    """
    time_s, mass_g = series.time_s, series.mass_g
    times = time_faults(time_s[np.isfinite(time_s)], series.phases)
    lone = np.zeros(time_s.size, dtype=np.bool_)
    lone[np.isfinite(time_s)] = times.lone
    located_s = np.where(lone, np.roll(time_s, 1), time_s) if lone.any() else time_s
    carries = np.isin(series.status, NUMBER_CODES)
    finite = np.isfinite(mass_g) & np.isfinite(time_s)
    rules = {
        "time out of line": ("a time that its neighbours do not bear out", lone),
        "no number": ("the balance gave a state, not a number", ~carries & ~lone),
        "not finite": ("time or value is not finite", carries & ~finite & ~lone),
    }
    exclusions = [
        exclusion(rule=rule, explanation=explanation, time_s=located_s, excluded=excluded)
        for rule, (explanation, excluded) in rules.items()
    ]
    keep = carries & finite & ~lone
    kept_time, kept_mass = (time_s, mass_g) if keep.all() else (time_s[keep], mass_g[keep])
    backward = np.zeros(kept_time.size, dtype=np.bool_)
    backward[1:] = kept_time[1:] <= np.maximum.accumulate(kept_time)[:-1]
    exclusions.append(
        exclusion(rule="time order", explanation="repeated or backward time", time_s=kept_time, excluded=backward)
    )
    if backward.any():
        kept_time, kept_mass = kept_time[~backward], kept_mass[~backward]
    frozen = np.zeros(kept_time.size, dtype=np.bool_)
    for part in _parts(kept_time, series.phases):
        frozen[part] = frozen_mask(kept_time[part], kept_mass[part])
    exclusions.append(
        exclusion(
            rule="frozen balance",
            explanation="the reading repeats itself for longer than its noise allows",
            time_s=kept_time,
            excluded=frozen,
        )
    )
    if frozen.any():
        kept_time, kept_mass = kept_time[~frozen], kept_mass[~frozen]
    spikes = spike_mask(kept_time, kept_mass, readability_g=readability_g)
    exclusions.append(
        exclusion(
            rule="spike",
            explanation=(
                f"more than {SPIKE_LIMIT_SIGMA:g} robust sigma from the {SPIKE_WINDOW_S:g}-s running median, "
                f"or between two such within {SPIKE_REACH_S:g} s"
            ),
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
        findings=times.findings,
    )


def _parts(time_s: NDArray[np.float64], phases: FlowPhases) -> list[slice]:
    """Return the readings before, while and after the pump runs: in each they repeat themselves in their own way."""
    before, after = phases.blank_before, phases.blank_after
    instants = [*([] if before is None else [before.end_s]), *([] if after is None else [after.begin_s])]
    edges = [0, *(int(place) for place in np.searchsorted(time_s, instants)), time_s.size]
    return [slice(begin, end) for begin, end in itertools.pairwise(edges)]


def spike_mask(time_s: NDArray[np.float64], mass_g: NDArray[np.float64], *, readability_g: float) -> NDArray[np.bool_]:
    """Return which readings (g) are spikes: far from the running median.

    The running median of a rising signal is the signal itself, so flow, steady or in strokes, is no spike. The robust
    sigma is that of the readings about their running median, or that which their second differences show (for flow so
    fast that the readings hardly ever fall), and at least half the readability.
    """
    if time_s.size < 3:
        return np.zeros(time_s.size, dtype=np.bool_)
    period_s = float(np.median(np.diff(time_s)))
    size = max(3, 2 * round(SPIKE_WINDOW_S / (2.0 * period_s)) + 1)
    deviation = running_median(mass_g, size=size)
    np.abs(np.subtract(mass_g, deviation, out=deviation), out=deviation)
    places = np.arange(0, mass_g.size - 2, -(-mass_g.size // _MOST_BENDS))
    bends = np.abs(mass_g[places + 2] - 2.0 * mass_g[places + 1] + mass_g[places])
    sigma = max(
        SD_PER_MEDIAN_DEVIATION * float(np.median(deviation)),
        SD_PER_MEDIAN_DEVIATION * float(np.median(bends)) / math.sqrt(_SECOND_DIFFERENCE_VARIANCE),
        readability_g / 2.0,
    )
    spikes = np.asarray(deviation > SPIKE_LIMIT_SIGMA * sigma)
    for plateau in list(_plateaus(mass_g, spikes, sigma)):
        spikes[plateau] = False
    reach = round(SPIKE_REACH_S / period_s)
    if reach > 1 and spikes.any():
        spikes |= ndimage.binary_closing(spikes, structure=np.ones(reach + 1, dtype=np.bool_))
    return spikes


def _plateaus(mass_g: NDArray[np.float64], spikes: NDArray[np.bool_], sigma_g: float) -> Iterator[slice]:
    """Yield what of each stretch of spikes, from its begin or up to its end, is a level between two that differ.

    The rest of such a stretch is a knock beside it. What returns, but for a small part of it, is a knock itself.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], spikes, [False])).astype(np.int8)))
    limit_g = SPIKE_LIMIT_SIGMA * sigma_g
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        before, after = mass_g[max(begin - _BESIDE_READINGS, 0) : begin], mass_g[end : end + _BESIDE_READINGS]
        inside = mass_g[begin + 1 : end - 1]  # the balance is on its way at either end
        if min(before.size, inside.size, after.size) < _PLATEAU_READINGS:
            continue
        stays_g = float(np.median(after) - np.median(before))
        for from_begin, reading in ((True, inside), (False, inside[::-1])):
            level_g = float(np.median(reading[:_PLATEAU_READINGS]))
            astray = np.abs(reading - level_g) > _PLATEAU_SIGMA * sigma_g
            steady = int(np.argmax(astray)) if astray.any() else reading.size
            steps_g = (abs(level_g - float(np.median(before))), abs(float(np.median(after)) - level_g))
            a_level = limit_g < min(steps_g) <= _RETURNED * abs(stays_g) and abs(stays_g) > limit_g
            if a_level and steady >= _PLATEAU_READINGS:
                whole = steady == reading.size
                length = end - begin if whole else 1 + steady
                yield slice(begin, begin + length) if from_begin else slice(end - length, end)
                break


def running_median(values: NDArray[np.float64], *, size: int) -> NDArray[np.float64]:
    """Return the running median over `size` (odd) values; beyond the ends the values go on at their local slope.

    Plain reflection would bend a slope at the ends, and repetition would let a bad end value be its own median.
    """
    half = min(size // 2, values.size - 1)
    padded = np.concatenate((_continued(values[::-1], half)[::-1], values, _continued(values, half)))
    return np.asarray(ndimage.median_filter(padded, size=2 * half + 1, mode="nearest")[half : half + values.size])


def _continued(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return what follows the last value: the values before it mirrored about the line through their medians."""
    if count == 0:
        return values[:0]
    reach = min(2 * count, values.size)
    tail = values[-reach:]
    older, newer = tail[: reach // 2], tail[reach // 2 :]
    slope = float(np.median(newer) - np.median(older)) / (reach / 2.0) if older.size else 0.0
    mirrored = values[-count:][::-1]
    return np.asarray(mirrored + slope * (2.0 * np.arange(count) + 1.0))
