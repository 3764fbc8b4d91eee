"""Which windows an excluded stretch, a repair or a doubt touches: against the definition, window by window."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from results.flow.grid import GridSeries
from results.flow.marks import NO_MARKS, Marks, Steps, touching
from results.flow.noise_floor import pump_off_trumpet
from results.flow.startup import startup_curve
from results.flow.strokes import stroke_analysis
from results.flow.trumpet import trumpet
from results.uncertainty.window_noise import GridNoise, window_uncertainties

INTERVAL_S = 900.0
QUIET = GridNoise(point_sd_ul=1e-6, walk_ul_per_sqrt_s=0.0, flicker_ul=0.0, common_u_percent=0.0)
# Quarters of a sample interval, so that stretches often begin and end where windows do.
stretches = st.lists(
    st.tuples(st.integers(-8, 60), st.integers(0, 24)).map(
        lambda pair: (pair[0] * INTERVAL_S / 4.0, (pair[0] + pair[1]) * INTERVAL_S / 4.0)
    ),
    max_size=6,
)


def as_array(pairs: list[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def even_series(intervals: int, marks: Marks = NO_MARKS) -> GridSeries:
    volume = 2.25 * np.arange(intervals + 1.0)
    return GridSeries(0.0, INTERVAL_S, volume, largest_gap_s=1.0, marks=marks)


@given(stretches, st.integers(1, 13), st.integers(1, 13))
def test_a_window_is_left_out_if_and_only_if_it_meets_an_excluded_stretch(
    pairs: list[tuple[float, float]], intervals: int, samples: int
) -> None:
    samples = min(samples, intervals)
    begins = [place * INTERVAL_S for place in range(intervals - samples + 1)]
    meets = [
        any(
            max(begin, first) < min(begin + samples * INTERVAL_S, last)
            or begin < first == last < begin + samples * INTERVAL_S
            for first, last in pairs
        )
        for begin in begins
    ]
    series = even_series(intervals, Marks(excluded_s=as_array(pairs)))
    assert series.usable_windows(samples).tolist() == [not met for met in meets]
    (row,) = trumpet(series, set_flow_ul_per_h=9.0, sample_counts=[samples])
    assert (row.windows, row.windows_excluded) == (meets.count(False), meets.count(True))
    assert math.isnan(row.ep_max_percent) == all(meets)


@given(stretches, stretches, st.integers(1, 5))
def test_windows_evaluated_and_left_out_are_all_windows(
    pairs: list[tuple[float, float]], steps: list[tuple[float, float]], samples: int
) -> None:
    repaired = Steps(as_array(steps), np.ones(len(steps)))
    series = even_series(13, Marks(excluded_s=as_array(pairs), repaired=repaired, doubtful=repaired))
    (row,) = trumpet(series, set_flow_ul_per_h=9.0, sample_counts=[samples])
    assert row.windows + row.windows_excluded == 14 - samples
    assert row.windows_repaired == row.windows_doubtful <= row.windows


def test_a_step_at_an_instant_touches_the_windows_across_it_and_not_those_that_end_or_begin_there() -> None:
    at_s = 4 * INTERVAL_S
    begins = np.arange(10.0) * INTERVAL_S
    touched = touching(np.array([[at_s, at_s]]), begin_s=begins, length_s=2 * INTERVAL_S)
    assert np.flatnonzero(touched).tolist() == [3]


def test_the_extremes_are_of_the_windows_left_in() -> None:
    series = even_series(12)
    volume = series.volume_ul.copy()
    volume[6:] += 9.0
    marks = Marks(excluded_s=np.array([[5.2, 5.4]]) * INTERVAL_S)
    burst = replace(series, volume_ul=volume)
    (before,) = trumpet(burst, set_flow_ul_per_h=9.0, sample_counts=[4])
    (after,) = trumpet(replace(burst, marks=marks), set_flow_ul_per_h=9.0, sample_counts=[4])
    assert before.ep_max_percent == pytest.approx(100.0)
    assert (after.ep_max_percent, after.ep_min_percent) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert after.percentiles_percent == pytest.approx([0.0] * 5, abs=1e-9)


def test_a_length_with_no_window_left_has_no_statement_anywhere() -> None:
    marks = Marks(excluded_s=np.array([[5.9, 6.1]]) * INTERVAL_S)
    series = even_series(12, marks)
    (row,) = trumpet(series, set_flow_ul_per_h=9.0, sample_counts=[7])
    assert (row.windows, row.windows_excluded) == (0, 6)
    assert all(math.isnan(value) for value in (row.ep_max_percent, row.ep_min_percent, *row.percentiles_percent))
    (doubt,) = window_uncertainties(
        series, set_flow_ul_per_h=9.0, sample_counts=[7], noise=QUIET, coverage_percent=95.45
    )
    assert math.isnan(doubt.max_high_percent)
    assert math.isnan(doubt.noise_floor_percent)
    assert pump_off_trumpet([series], set_flow_ul_per_h=9.0, sample_counts=[7]) == ()
    assert [row.windows for row in pump_off_trumpet([series], set_flow_ul_per_h=9.0, sample_counts=[1])] == [10]


def test_windows_across_a_repair_carry_its_uncertainty_and_the_noise_floor_does_not() -> None:
    repaired = Steps(np.array([[6.5, 6.5]]) * INTERVAL_S, np.array([0.9]))
    series = even_series(12, Marks(repaired=repaired))
    one, all_across = window_uncertainties(
        series, set_flow_ul_per_h=9.0, sample_counts=[1, 10], noise=QUIET, coverage_percent=95.45
    )
    # Two standard deviations of 0.9 uL in 22.5 uL are 8 %; all windows of ten intervals lie across the step.
    assert all_across.max_high_percent == pytest.approx(8.0, rel=0.1)
    assert all_across.max_low_percent == pytest.approx(-8.0, rel=0.1)
    assert one.max_low_percent == pytest.approx(-80.0, rel=0.1)
    assert one.max_high_percent == pytest.approx(0.0, abs=0.01)
    assert max(one.noise_floor_percent, all_across.noise_floor_percent) < 0.001


def test_what_hangs_at_the_outlet_doubts_both_ends_of_every_window() -> None:
    series = even_series(100, Marks(hanging_u_ul=0.5))
    (row,) = window_uncertainties(
        series, set_flow_ul_per_h=9.0, sample_counts=[100], noise=QUIET, coverage_percent=95.45
    )
    assert row.max_high_percent == pytest.approx(2.0 * 0.5 * math.sqrt(2.0) / 225.0 * 100.0, rel=0.1)


def test_the_intervals_of_the_start_up_curve_that_were_not_weighed_hold_no_number() -> None:
    curve = startup_curve(even_series(4, Marks(excluded_s=np.array([[1.5, 2.5]]) * INTERVAL_S)))
    assert [math.isnan(flow) for flow in curve.flow_ul_per_h] == [False, True, True, False]
    assert curve.intervals_excluded == 2


def test_windows_of_whole_strokes_are_left_out_as_the_others_are() -> None:
    time_s = np.arange(0.0, 36_001.0, 10.0)
    volume_ul = np.floor(time_s / 400.0)
    marks = Marks(excluded_s=np.array([[17_000.0, 18_000.0]]))
    analysis = stroke_analysis(
        time_s,
        volume_ul,
        begin_s=0.0,
        end_s=36_000.0,
        stroke_volume_ul=1.0,
        set_flow_ul_per_h=9.0,
        windows_s=[4000.0, 30_000.0],
        marks=marks,
    )
    assert analysis is not None
    short, long = analysis.windows
    assert short.excluded_share == pytest.approx(5000.0 / 32_000.0, abs=0.01)
    assert long.excluded_share == 1.0
    assert math.isnan(long.ep_max_percent)
