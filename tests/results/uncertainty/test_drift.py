"""The drift that is budgeted: stated when the blanks bear it out, else what they show."""

from __future__ import annotations

import numpy as np
import pytest

from results.gravimetry.blank import Blank, evaluate_blank
from results.series import Phase
from results.uncertainty.drift import Drift, drift_of
from tests.results.synthetic import BENCH


def blank_of(*, walk_ug_per_sqrt_h: float, seed: int, noise_ug: float = 15.0, step_s: float = 5.0) -> Blank:
    generator = np.random.default_rng(seed)
    time_s = np.arange(0.0, 7200.0, step_s)
    walk = np.cumsum(generator.standard_normal(time_s.size)) * walk_ug_per_sqrt_h * np.sqrt(step_s / 3600.0)
    reading_g = 1e-6 * (walk + noise_ug * generator.standard_normal(time_s.size) - 1.5 / 60.0 * time_s)
    return evaluate_blank(Phase(0.0, 7200.0), time_s=time_s, reading_g=reading_g, drive_s=time_s)


def drift_from(*, stated: float | None, true: float, seed: int) -> Drift:
    bench = BENCH.model_copy(update={"balance_zero_drift_ug_per_sqrt_h": stated})
    return drift_of(bench, [blank_of(walk_ug_per_sqrt_h=true, seed=seed + offset) for offset in (0, 1000)])


def test_estimated_walks_scatter_about_the_true_one() -> None:
    squares = [drift_from(stated=None, true=30.0, seed=seed).walk_ug_per_sqrt_h ** 2 for seed in range(1, 101)]
    assert float(np.mean(squares)) ** 0.5 == pytest.approx(30.0, rel=0.1)


def test_an_estimate_has_degrees_of_freedom_and_says_so() -> None:
    drift = drift_from(stated=None, true=30.0, seed=1)
    assert not drift.stated
    assert 20.0 < drift.degrees_of_freedom < 60.0
    assert "estimated from the blanks" in drift.note


def test_the_stated_walk_holds_while_the_blanks_bear_it_out() -> None:
    for seed in range(1, 101):
        drift = drift_from(stated=10.0, true=10.0, seed=seed)
        assert (drift.walk_ug_per_sqrt_h, drift.stated, drift.note) == (10.0, True, "")


def test_a_balance_that_drifts_far_more_than_stated_widens_the_budget() -> None:
    drift = drift_from(stated=10.0, true=60.0, seed=1)
    assert drift.walk_ug_per_sqrt_h > 30.0
    assert not drift.stated
    assert "wander more than the stated drift" in drift.note


def test_without_blanks_the_stated_walk_holds() -> None:
    assert drift_of(BENCH, []).walk_ug_per_sqrt_h == 10.0
    silent = drift_of(BENCH.model_copy(update={"balance_zero_drift_ug_per_sqrt_h": None}), [])
    assert silent.walk_ug_per_sqrt_h == 0.0
    assert "neither stated nor observed" in silent.note
