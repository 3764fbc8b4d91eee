"""Trumpets against worked vectors, each from the formula written with exact fractions elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from results.flow.error import flow_error_percent, mean_flow_ul_per_h
from results.flow.grid import GridError, GridSeries
from results.flow.trumpet import WindowError, trumpet, window_errors_percent, window_samples

SYRINGE_WINDOWS = (4, 10, 22, 38, 62)
AMBULATORY_WINDOWS = (1, 4, 10, 22, 38, 62)


def series_of_flows(flow_ul_per_h: NDArray[np.float64], *, interval_s: float) -> GridSeries:
    volume = np.concatenate(([0.0], np.cumsum(flow_ul_per_h * interval_s / 3600.0)))
    return GridSeries(begin_s=0.0, sample_interval_s=interval_s, volume_ul=volume, largest_gap_s=interval_s)


def second_hour(flow_ul_per_h: NDArray[np.float64]) -> GridSeries:
    """Intervals 121 to 240: the base is the mass at the end of interval 120."""
    whole = series_of_flows(flow_ul_per_h, interval_s=30.0)
    return GridSeries(begin_s=3600.0, sample_interval_s=30.0, volume_ul=whole.volume_ul[120:], largest_gap_s=30.0)


def error_a_percent(series: GridSeries, *, rate_ul_per_h: float) -> float:
    volume = float(series.volume_ul[-1] - series.volume_ul[0])
    flow = mean_flow_ul_per_h(volume_ul=volume, duration_s=series.intervals * series.sample_interval_s)
    return flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=rate_ul_per_h)


def extremes(rows: tuple[WindowError, ...]) -> dict[float, tuple[float, float]]:
    return {row.window_s / 60.0: (row.ep_max_percent, row.ep_min_percent) for row in rows}


def test_repeating_flow_of_period_four() -> None:
    series = second_hour(np.tile([4000.0, 5000.0, 6000.0, 5000.0], 60))
    rows = extremes(trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=(1, *SYRINGE_WINDOWS)))
    assert error_a_percent(series, rate_ul_per_h=5000.0) == pytest.approx(0.0, abs=1e-9)
    expected = {0.5: 20.0, 2.0: 0.0, 5.0: 2.0, 11.0: 0.909091, 19.0: 0.526316, 31.0: 0.322581}
    for minutes, error in expected.items():
        assert rows[minutes] == pytest.approx((error, -error), abs=5.1e-7)


VECTOR_2 = {
    2.0: (117, 9.361191, -5.361191, 9.396147, -5.390365),
    5.0: (111, 2.706761, 1.293239, 2.712163, 1.293619),
    11.0: (99, 3.250875, 0.749125, 3.254226, 0.751557),
    19.0: (83, 2.211710, 1.788048, 2.214850, 1.784605),
    31.0: (59, 2.420926, 1.580035, 2.419768, 1.578259),
}


def rippled_flow() -> NDArray[np.float64]:
    return np.asarray(5000.0 * (1.02 + 0.10 * np.sin(2.0 * np.pi * np.arange(1, 241) / 9.3)))


def test_rippled_flow_of_a_syringe_pump() -> None:
    flow = rippled_flow()
    assert flow[0] == pytest.approx(5412.687232, abs=5e-7)
    assert flow[239] == pytest.approx(4631.123933, abs=1e-6)
    series = second_hour(flow)
    rows = trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=SYRINGE_WINDOWS)
    assert error_a_percent(series, rate_ul_per_h=5000.0) == pytest.approx(2.040890145, abs=5e-10)
    for row in rows:
        windows, highest, lowest, _, _ = VECTOR_2[row.window_s / 60.0]
        assert row.windows == windows
        assert (row.ep_max_percent, row.ep_min_percent) == pytest.approx((highest, lowest), abs=5.1e-7)


def test_rippled_flow_from_masses_rounded_to_a_tenth_of_a_milligram() -> None:
    density = 0.998207
    mass_g = np.concatenate(([0.0], np.cumsum(rippled_flow() * 1e-3 * 30.0 / 3600.0 * density)))
    assert mass_g[120] == pytest.approx(5.090728813, abs=5e-10)
    assert mass_g[240] == pytest.approx(10.183625355, abs=5e-10)
    volume = np.asarray(np.round(mass_g, 4)[120:] / density * 1e3, dtype=np.float64)
    series = GridSeries(begin_s=3600.0, sample_interval_s=30.0, volume_ul=volume, largest_gap_s=30.0)
    assert error_a_percent(series, rate_ul_per_h=5000.0) == pytest.approx(2.040959440, abs=5e-10)
    rows = extremes(trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=SYRINGE_WINDOWS))
    for minutes, (_, _, _, highest, lowest) in VECTOR_2.items():
        assert rows[minutes] == pytest.approx((highest, lowest), abs=5.1e-7)


def test_start_up_lag_keeps_both_bounds_negative() -> None:
    minutes = np.arange(241) * 0.5
    volume_ul = 5000.0 / 60.0 * (minutes - 12.0 * (1.0 - np.exp(-minutes / 12.0)))
    flow = np.diff(volume_ul) * 120.0
    assert flow[[0, 23, 119]] / 1e3 == pytest.approx([0.102735, 3.121744, 4.965599], abs=5.1e-7)
    series = second_hour(flow)
    by_integration = -100.0 * 12.0 / 60.0 * (math.exp(-5.0) - math.exp(-10.0))
    assert error_a_percent(series, rate_ul_per_h=5000.0) == pytest.approx(by_integration, abs=1e-9)
    rows = extremes(trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=SYRINGE_WINDOWS))
    expected = {
        2.0: (-0.004940, -0.620639),
        5.0: (-0.005632, -0.551044),
        11.0: (-0.007434, -0.441140),
        19.0: (-0.011100, -0.338193),
        31.0: (-0.021513, -0.241126),
    }
    for length, pair in expected.items():
        assert rows[length] == pytest.approx(pair, abs=5.1e-7)


@pytest.mark.parametrize(("factor", "error"), [(1.0, 0.0), (1.145, 14.5), (0.8, -20.0)])
def test_constant_flow_has_one_error_in_every_window(factor: float, error: float) -> None:
    series = second_hour(np.full(240, 5000.0 * factor))
    assert error_a_percent(series, rate_ul_per_h=5000.0) == pytest.approx(error, abs=1e-9)
    for row in trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=SYRINGE_WINDOWS):
        assert (row.ep_max_percent, row.ep_min_percent) == pytest.approx((error, error), abs=1e-9)
        assert row.percentiles_percent == pytest.approx((error,) * 5, abs=1e-9)


STROKE_PUMPS = {
    (0.5, 200): (0.0, [(11.1111, -11.1111), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]),
    (2.0, 800): (
        0.444444,
        [
            (77.7778, -11.1111),
            (11.1111, -11.1111),
            (6.666667, -2.222222),
            (1.010101, -3.030303),
            (0.584795, -1.754386),
            (0.358423, -1.075269),
        ],
    ),
    (5.0, 2000): (
        0.0,
        [
            (122.2222, -100.0),
            (11.1111, -44.4444),
            (11.1111, -11.1111),
            (1.010101, -9.090909),
            (5.263158, -0.584795),
            (0.358423, -3.225806),
        ],
    ),
}


def stroke_series(*, stroke_ul: float, cycle_s: int) -> GridSeries:
    """Cumulative volume just before each edge: a stroke on an edge counts in the later interval."""
    edges_s = 86_400 + 900 * np.arange(101)
    strokes = -(-edges_s // cycle_s)
    return GridSeries(
        begin_s=86_400.0,
        sample_interval_s=900.0,
        volume_ul=np.asarray(strokes * stroke_ul, dtype=np.float64),
        largest_gap_s=900.0,
    )


@pytest.mark.parametrize("pump", list(STROKE_PUMPS))
def test_perfect_stroke_pump_shows_the_strokes(pump: tuple[float, int]) -> None:
    error, expected = STROKE_PUMPS[pump]
    series = stroke_series(stroke_ul=pump[0], cycle_s=pump[1])
    assert error_a_percent(series, rate_ul_per_h=9.0) == pytest.approx(error, abs=5.1e-7)
    rows = trumpet(series, set_flow_ul_per_h=9.0, sample_counts=AMBULATORY_WINDOWS)
    assert [row.windows for row in rows] == [100, 97, 91, 79, 63, 39]
    for row, pair in zip(rows, expected, strict=True):
        assert (row.ep_max_percent, row.ep_min_percent) == pytest.approx(pair, abs=5.1e-5)


@settings(max_examples=50, deadline=None)
@given(
    flows=st.lists(st.floats(min_value=-50.0, max_value=200.0), min_size=1, max_size=60),
    samples=st.integers(min_value=1, max_value=60),
)
def test_windows_are_means_of_the_interval_errors(flows: list[float], samples: int) -> None:
    """The telescoped windows equal the sum as the standard writes it, term by term."""
    series = series_of_flows(np.array(flows), interval_s=900.0)
    if samples > len(flows):
        with pytest.raises(GridError, match="does not fit"):
            window_errors_percent(series, set_flow_ul_per_h=9.0, samples=samples)
        return
    errors = window_errors_percent(series, set_flow_ul_per_h=9.0, samples=samples)
    singles = [100.0 * (flow - 9.0) / 9.0 for flow in flows]
    direct = [math.fsum(singles[j : j + samples]) / samples for j in range(len(flows) - samples + 1)]
    assert errors == pytest.approx(direct, abs=1e-6)


def test_windows_longer_than_the_period_are_left_out() -> None:
    series = series_of_flows(np.full(40, 9.0), interval_s=900.0)
    assert [row.samples for row in trumpet(series, set_flow_ul_per_h=9.0, sample_counts=AMBULATORY_WINDOWS)] == [
        1,
        4,
        10,
        22,
        38,
    ]


def test_a_window_that_is_no_multiple_of_the_sample_interval_is_refused() -> None:
    assert window_samples(window_s=930.0 * 60.0, sample_interval_s=900.0) == 62
    with pytest.raises(GridError, match="not a multiple of the sample interval"):
        window_samples(window_s=20.0 * 60.0, sample_interval_s=900.0)


def test_the_volume_is_not_altered() -> None:
    series = series_of_flows(rippled_flow(), interval_s=30.0)
    before = series.volume_ul.copy()
    trumpet(series, set_flow_ul_per_h=5000.0, sample_counts=SYRINGE_WINDOWS)
    assert np.array_equal(series.volume_ul, before)
