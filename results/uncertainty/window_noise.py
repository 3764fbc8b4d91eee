"""Uncertainty of trumpet extremes, by simulating the bench's noise on the measured curve.

An extreme over many windows is pushed outwards by noise, so its uncertainty is one-sided; the simulation shows by how
much (JCGM 101:2008 in spirit, with a fixed seed: the same data give the same numbers).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.flow.grid import GridSeries

_SEED = 20_240_101
_MOST_NUMBERS = 1_000_000
_MOST_TRIALS = 1000
_FEWEST_TRIALS = 20


@dataclass(frozen=True, slots=True)
class GridNoise:
    """Noise of the cumulative volume at grid points.

    `point_sd_ul`: independent from point to point. `walk_ul_per_sqrt_s`: random walk. `flicker_ul`: 1/f noise, standard
    deviation per octave. `common_u_percent`: standard uncertainty that shifts all windows alike.
    """

    point_sd_ul: float
    walk_ul_per_sqrt_s: float
    flicker_ul: float
    common_u_percent: float


@dataclass(frozen=True, slots=True)
class WindowUncertainty:
    """Uncertainty of the extremes of one window length (%).

    `noise_sd_percent`: of a single window. `noise_floor_percent`: mean largest excursion of all windows for noise
    alone. `max_bias_percent`, `min_bias_percent`: how far noise pushed the measured extremes on average.
    `max_low_percent` to `max_high_percent` and `min_low_percent` to `min_high_percent`: coverage intervals of the true
    extremes.
    """

    window_s: float
    samples: int
    noise_sd_percent: float
    noise_floor_percent: float
    max_bias_percent: float
    max_low_percent: float
    max_high_percent: float
    min_bias_percent: float
    min_low_percent: float
    min_high_percent: float


def window_uncertainties(
    series: GridSeries,
    *,
    set_flow_ul_per_h: float,
    sample_counts: Sequence[int],
    noise: GridNoise,
    coverage_percent: float,
) -> tuple[WindowUncertainty, ...]:
    """Return the uncertainty of Ep(max) and Ep(min) of every window length that fits the series.

    The steps the series is marked with, taken back or doubted, are drawn as well; they are no part of the noise floor.
    NaN for a length of which every window touches an excluded stretch.
    """
    points = series.volume_ul.size
    trials = int(min(_MOST_TRIALS, max(_FEWEST_TRIALS, _MOST_NUMBERS // points)))
    generator = np.random.Generator(np.random.Philox(_SEED))
    noises = _noise_volumes(generator, noise, points=points, trials=trials, step_s=series.sample_interval_s)
    steps = _step_volumes(generator, series, trials=trials)
    common = noise.common_u_percent * generator.standard_normal(trials)
    tail = (100.0 - coverage_percent) / 2.0
    rows = []
    for samples in sample_counts:
        if samples > series.intervals:
            continue
        window_s = samples * series.sample_interval_s
        per_ul = 100.0 * 3600.0 / window_s / set_flow_ul_per_h
        usable = series.usable_windows(samples)
        if not usable.any():
            rows.append(WindowUncertainty(window_s, samples, *(math.nan,) * 8))
            continue
        errors = (series.volume_ul[samples:] - series.volume_ul[:-samples])[usable] * per_ul - 100.0
        shifts = _differences(noises, samples, usable) * per_ul
        noisy = errors + shifts
        if steps is not None:
            noisy += _differences(steps, samples, usable) * per_ul
        up = noisy.max(axis=1) - errors.max()
        down = noisy.min(axis=1) - errors.min()
        highest, lowest = float(errors.max()), float(errors.min())
        up_low, up_high = np.percentile(up + common, [tail, 100.0 - tail])
        down_low, down_high = np.percentile(down + common, [tail, 100.0 - tail])
        rows.append(
            WindowUncertainty(
                window_s=window_s,
                samples=samples,
                noise_sd_percent=float(shifts.std()),
                noise_floor_percent=float(np.mean(np.abs(shifts).max(axis=1))),
                max_bias_percent=float(up.mean()),
                max_low_percent=highest - float(up_high),
                max_high_percent=highest - float(up_low),
                min_bias_percent=float(down.mean()),
                min_low_percent=lowest - float(down_high),
                min_high_percent=lowest - float(down_low),
            )
        )
    return tuple(rows)


def _differences(volumes_ul: NDArray[np.float64], samples: int, usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    differences = volumes_ul[:, samples:] - volumes_ul[:, :-samples]
    return differences if usable.all() else differences[:, usable]


def _step_volumes(generator: np.random.Generator, series: GridSeries, *, trials: int) -> NDArray[np.float64] | None:
    """Return what steps and drops may have put into the cumulative volume (uL), shape (trials, points), if any."""
    marks, shape = series.marks, (trials, series.volume_ul.size)
    variance = np.zeros(series.volume_ul.size)
    for steps in (marks.repaired, marks.doubtful):
        points = np.searchsorted(series.time_s, steps.stretches_s[:, 1], side="left")
        inside = (points > 0) & (points < variance.size)
        np.add.at(variance, points[inside], steps.u_ul[inside] ** 2)
    if not variance.any() and marks.hanging_u_ul == 0.0:
        return None
    volumes = np.cumsum(np.sqrt(variance) * generator.standard_normal(shape), axis=1)
    return np.asarray(volumes + marks.hanging_u_ul * generator.standard_normal(shape))


def _noise_volumes(
    generator: np.random.Generator, noise: GridNoise, *, points: int, trials: int, step_s: float
) -> NDArray[np.float64]:
    """Return simulated noise of the cumulative volume (uL), shape (trials, points)."""
    volumes = noise.point_sd_ul * generator.standard_normal((trials, points))
    steps = noise.walk_ul_per_sqrt_s * math.sqrt(step_s) * generator.standard_normal((trials, points))
    volumes += np.cumsum(steps, axis=1)
    if noise.flicker_ul > 0.0:
        volumes += noise.flicker_ul * _flicker(generator, points=points, trials=trials)
    return volumes


def _flicker(generator: np.random.Generator, *, points: int, trials: int) -> NDArray[np.float64]:
    """Return 1/f noise of unit variance per octave, shape (trials, points), by spectral synthesis.

    Twice the length is made and half of it kept, so that the ends are not alike.
    """
    length = 2 * points
    frequency = np.fft.rfftfreq(length)[1:]
    # One-sided density 1 / (ln 2 f); a bin of width 1 / length has this variance, and irfft divides by length.
    amplitude = np.sqrt(1.0 / (math.log(2.0) * frequency) / length / 4.0) * length
    shape = (trials, frequency.size)
    spectrum = np.zeros((trials, frequency.size + 1), dtype=np.complex128)
    spectrum[:, 1:] = amplitude * (generator.standard_normal(shape) + 1j * generator.standard_normal(shape))
    return np.asarray(np.fft.irfft(spectrum, n=length, axis=1)[:, :points])
