"""What walks, 1/f noise and signals do to a result linear in the readings, against simulation and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from results.uncertainty.noise import ReadingWeights, merged


def difference(*, apart_s: float) -> ReadingWeights:
    return ReadingWeights(time_s=np.array([0.0, apart_s]), weight=np.array([-1.0, 1.0]))


def slope(*, length_s: float, step_s: float) -> ReadingWeights:
    time_s = np.arange(0.0, length_s, step_s)
    centred = time_s - time_s.mean()
    return ReadingWeights(time_s=time_s, weight=centred / np.dot(centred, centred))


def test_a_walk_between_two_readings_grows_with_the_root_of_time() -> None:
    assert difference(apart_s=900.0).random_walk_response_sqrt_s() == pytest.approx(30.0)


def test_a_walk_tilts_a_line_by_root_of_six_fifths_over_its_length() -> None:
    weights = slope(length_s=7200.0, step_s=1.0)
    assert weights.random_walk_response_sqrt_s() == pytest.approx(math.sqrt(1.2 / 7200.0), rel=1e-3)


def test_walks_of_separate_stretches_are_counted_together() -> None:
    """The end of one stretch and the begin of the next share the walk between them."""
    late = ReadingWeights(time_s=np.array([100.0, 300.0]), weight=np.array([1.0, -1.0]))
    both = merged([late, difference(apart_s=100.0)])
    assert both.random_walk_response_sqrt_s() == pytest.approx(math.sqrt(100.0 + 200.0))


def flicker(generator: np.random.Generator, points: int, step_s: float) -> NDArray[np.float64]:
    """1/f noise as a sum of relaxations an octave apart, each of unit variance."""
    total = np.zeros(points)
    for octave in range(16):
        keep = math.exp(-step_s / (20.0 * 2.0**octave))
        kicks = generator.standard_normal(points) * math.sqrt(1.0 - keep**2)
        total += lfilter([1.0], [1.0, -keep], kicks, zi=np.array([keep * generator.standard_normal()]))[0]
    return total


@pytest.mark.parametrize(
    "weights",
    [difference(apart_s=86_400.0), difference(apart_s=3600.0), slope(length_s=7200.0, step_s=10.0)],
    ids=["a day apart", "an hour apart", "line of two hours"],
)
def test_flicker_against_simulation(weights: ReadingWeights) -> None:
    generator = np.random.default_rng(1)
    grid = np.arange(0.0, weights.time_s[-1] + 10.0, 10.0)
    results = [
        weights.applied_to(np.interp(weights.time_s, grid, flicker(generator, grid.size, 10.0))) for _ in range(400)
    ]
    assert weights.flicker_response() == pytest.approx(float(np.std(results)), rel=0.12)


def test_a_constant_added_to_all_readings_changes_nothing() -> None:
    weights = merged([difference(apart_s=5000.0), slope(length_s=7200.0, step_s=10.0).scaled(40.0)])
    assert weights.applied_to(np.full(weights.time_s.size, 7.0)) == pytest.approx(0.0, abs=1e-12)
