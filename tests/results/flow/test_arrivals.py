"""Pauses and surges on a delivery in strokes over noise of a known kind: false alarms, and what must be found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from results.flow.arrivals import Irregularity, irregularities
from results.flow.significance import FALSE_ALARM, RunScatter

STROKE_UL, STROKE_S, INTERVAL_S, SAMPLE_S = 1.0, 400.0, 10.0, 900.0
STROKES = 200
AT_S = 80.3 * STROKE_S


@dataclass(frozen=True, slots=True)
class Delivery:
    time_s: NDArray[np.float64]
    volume_ul: NDArray[np.float64]

    def irregular(self) -> tuple[Irregularity, ...]:
        return irregularities(
            self.time_s, self.volume_ul, sample_interval_s=SAMPLE_S, detectable_ul=0.6, quantum_ul=STROKE_UL
        )

    def stepped(self, by_ul: float) -> Delivery:
        return Delivery(self.time_s, self.volume_ul + np.where(self.time_s >= AT_S, by_ul, 0.0))


def delivery(seed: int, *, walk_ul_per_stroke: float) -> Delivery:
    """Return strokes, readings' noise, and a random walk of so much from one stroke to the next."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(0.0, STROKES * STROKE_S, INTERVAL_S)
    walk = np.cumsum(walk_ul_per_stroke * math.sqrt(INTERVAL_S / STROKE_S) * generator.standard_normal(time_s.size))
    noise = 0.02 * generator.standard_normal(time_s.size)
    return Delivery(time_s, STROKE_UL * np.floor(time_s / STROKE_S + generator.random()) + walk + noise)


def test_a_bubble_is_found_as_large_as_it_is() -> None:
    found = delivery(1, walk_ul_per_stroke=0.05).stepped(-1.0).irregular()
    assert [entry.volume_ul for entry in found] == pytest.approx([1.0], abs=0.3)
    assert found[0].begin_s <= AT_S <= found[0].end_s


def test_what_fell_on_the_pan_is_found_once_and_as_large_as_it_is() -> None:
    found = delivery(2, walk_ul_per_stroke=0.05).stepped(1.5).irregular()
    assert [entry.volume_ul for entry in found] == pytest.approx([-1.5], abs=0.3)
    assert found[0].begin_s - STROKE_S <= AT_S <= found[0].end_s + STROKE_S


def test_drift_alone_shows_a_pause_or_surge_as_seldom_as_stated() -> None:
    """Drift at which waits alone would call most runs irregular. Near its ends a run cannot tell."""
    runs, ends_s = 120, 3.0 * STROKE_S
    alarms = 0
    for seed in range(1, runs + 1):
        found = delivery(seed, walk_ul_per_stroke=0.3).irregular()
        alarms += any(ends_s < entry.begin_s and entry.end_s < STROKES * STROKE_S - ends_s for entry in found)
    assert alarms <= stats.binom.ppf(0.999, runs, FALSE_ALARM)


def test_a_long_pause_is_kept_without_a_question() -> None:
    sound = delivery(3, walk_ul_per_stroke=0.2)
    held = np.interp(AT_S, sound.time_s, sound.volume_ul)
    stands = (sound.time_s >= AT_S) & (sound.time_s < AT_S + 60.0 * STROKE_S)
    late = np.where(sound.time_s < AT_S, sound.volume_ul, sound.volume_ul - 60.0)
    (found,) = Delivery(sound.time_s, np.where(stands, held, late)).irregular()
    assert found.volume_ul == pytest.approx(60.0, rel=0.4)


def test_a_run_too_short_to_know_its_noise_keeps_what_it_finds() -> None:
    sound = delivery(4, walk_ul_per_stroke=0.05)
    few = slice(0, int(9.0 * STROKE_S / INTERVAL_S))
    scatter = RunScatter.of(sound.time_s[few], sound.volume_ul[few], window_s=STROKE_S)
    assert scatter.step_over(begin_s=4.0 * STROKE_S, end_s=5.0 * STROKE_S) is None


def test_near_the_ends_of_a_run_there_is_nothing_to_compare() -> None:
    sound = delivery(5, walk_ul_per_stroke=0.05)
    scatter = RunScatter.of(sound.time_s, sound.volume_ul, window_s=STROKE_S)
    last_s = float(sound.time_s[-1])
    assert scatter.step_over(begin_s=last_s - 2.0 * STROKE_S, end_s=last_s - 0.4 * STROKE_S) is None
    assert scatter.step_over(begin_s=last_s - 3.0 * STROKE_S, end_s=last_s - 0.6 * STROKE_S) is not None
    assert scatter.step_over(begin_s=0.4 * STROKE_S, end_s=2.0 * STROKE_S) is None
    assert scatter.step_over(begin_s=0.6 * STROKE_S, end_s=2.0 * STROKE_S) is not None
