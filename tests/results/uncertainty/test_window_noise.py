"""Uncertainty of trumpet extremes: noise pushes them outwards, and by how much."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.flow.grid import GridSeries
from results.uncertainty.window_noise import GridNoise, window_uncertainties

QUIET = GridNoise(point_sd_ul=0.0, walk_ul_per_sqrt_s=0.0, flicker_ul=0.0, common_u_percent=0.0)


def steady(noise_ul: float = 0.0, seed: int = 1) -> GridSeries:
    volume = 9.0 * 0.25 * np.arange(101) + noise_ul * np.random.default_rng(seed).standard_normal(101)
    return GridSeries(begin_s=0.0, sample_interval_s=900.0, volume_ul=volume, largest_gap_s=1.0)


def test_without_noise_the_extremes_are_certain() -> None:
    for row in window_uncertainties(
        steady(), set_flow_ul_per_h=9.0, sample_counts=(1, 62, 101), noise=QUIET, coverage_percent=95.0
    ):
        assert (row.noise_sd_percent, row.noise_floor_percent, row.max_bias_percent) == (0.0, 0.0, 0.0)
        assert row.max_low_percent == pytest.approx(0.0, abs=1e-9)
        assert row.max_high_percent == pytest.approx(0.0, abs=1e-9)


def test_the_noise_of_one_window_is_that_of_two_points() -> None:
    noise = GridNoise(point_sd_ul=0.015, walk_ul_per_sqrt_s=0.0, flicker_ul=0.0, common_u_percent=0.0)
    rows = window_uncertainties(
        steady(), set_flow_ul_per_h=9.0, sample_counts=(1, 4, 10), noise=noise, coverage_percent=95.0
    )
    for row in rows:
        expected = 100.0 * math.sqrt(2.0) * 0.015 / (9.0 * row.window_s / 3600.0)
        assert row.noise_sd_percent == pytest.approx(expected, rel=0.02)
        assert 2.0 < row.noise_floor_percent / expected < 3.5


def test_a_walk_makes_long_windows_noisier_in_volume_and_quieter_in_flow() -> None:
    noise = GridNoise(point_sd_ul=0.0, walk_ul_per_sqrt_s=1e-3, flicker_ul=0.0, common_u_percent=0.0)
    short, long = window_uncertainties(
        steady(), set_flow_ul_per_h=9.0, sample_counts=(1, 64), noise=noise, coverage_percent=95.0
    )
    assert short.noise_sd_percent == pytest.approx(100.0 * 1e-3 * 30.0 / 2.25, rel=0.03)
    assert short.noise_sd_percent / long.noise_sd_percent == pytest.approx(8.0, rel=0.1)


def test_what_is_common_to_all_windows_widens_both_ends_alike() -> None:
    noise = GridNoise(point_sd_ul=0.0, walk_ul_per_sqrt_s=0.0, flicker_ul=0.0, common_u_percent=1.0)
    (row,) = window_uncertainties(
        steady(), set_flow_ul_per_h=9.0, sample_counts=(4,), noise=noise, coverage_percent=95.0
    )
    assert row.max_high_percent == pytest.approx(1.96, rel=0.1)
    assert row.max_low_percent == pytest.approx(-1.96, rel=0.1)


def test_the_interval_is_asymmetric_and_reaches_the_true_extreme() -> None:
    """A steady pump has no extremes; noise shows some, and the interval must lead back from them."""
    noise = GridNoise(point_sd_ul=0.05, walk_ul_per_sqrt_s=0.0, flicker_ul=0.0, common_u_percent=0.0)
    reached = 0
    for seed in range(1, 41):
        (row,) = window_uncertainties(
            steady(0.05, seed), set_flow_ul_per_h=9.0, sample_counts=(10,), noise=noise, coverage_percent=95.0
        )
        assert row.max_bias_percent > 0.0 > row.min_bias_percent
        extreme = row.max_low_percent
        reached += extreme <= 0.5 * row.noise_floor_percent
    assert reached >= 36


def test_the_same_data_give_the_same_numbers() -> None:
    noise = GridNoise(point_sd_ul=0.05, walk_ul_per_sqrt_s=1e-3, flicker_ul=1e-3, common_u_percent=0.1)
    first, second = (
        window_uncertainties(
            steady(0.05), set_flow_ul_per_h=9.0, sample_counts=(1, 10), noise=noise, coverage_percent=95.0
        )
        for _ in range(2)
    )
    assert first == second
