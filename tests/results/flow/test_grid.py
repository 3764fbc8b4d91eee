"""Cumulative volume on the sample grid: jitter, gaps, periods that do not fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.flow.grid import GridError, interval_count, largest_gap_s, on_grid


def test_whole_numbers_of_intervals() -> None:
    assert interval_count(duration_s=90_000.0, sample_interval_s=900.0) == 100
    assert interval_count(duration_s=1.5, sample_interval_s=0.1) == 15


@pytest.mark.parametrize("duration_s", [0.0, -900.0, 1000.0, 450.0, math.nan, math.inf])
def test_no_whole_number_of_intervals_is_refused(duration_s: float) -> None:
    with pytest.raises(GridError):
        interval_count(duration_s=duration_s, sample_interval_s=900.0)


@settings(max_examples=50, deadline=None)
@given(
    steps_s=st.lists(st.floats(min_value=0.2, max_value=25.0), min_size=30, max_size=200),
    flow_ul_per_s=st.floats(min_value=0.0, max_value=0.1),
)
def test_jittered_readings_of_a_steady_flow_give_the_steady_flow(steps_s: list[float], flow_ul_per_s: float) -> None:
    time_s = np.concatenate(([0.0], np.cumsum(steps_s)))
    intervals = max(1, int((time_s[-1] - 1.0) // 30.0))
    if time_s[-1] < 31.0:
        return
    series = on_grid(
        time_s,
        flow_ul_per_s * time_s,
        begin_s=1.0,
        end_s=1.0 + 30.0 * intervals,
        sample_interval_s=30.0,
    )
    assert series.flow_ul_per_h == pytest.approx(np.full(intervals, flow_ul_per_s * 3600.0), abs=1e-6)
    assert series.largest_gap_s <= max(steps_s) + 1e-9


def test_a_gap_no_longer_than_the_interval_is_bridged_and_reported() -> None:
    time_s = np.array([0.0, 10.0, 40.0, 50.0, 60.0])
    series = on_grid(time_s, 2.0 * time_s, begin_s=0.0, end_s=60.0, sample_interval_s=30.0)
    assert series.largest_gap_s == 30.0
    assert series.volume_ul == pytest.approx([0.0, 60.0, 120.0])
    assert series.time_s == pytest.approx([0.0, 30.0, 60.0])


def test_a_gap_longer_than_the_interval_is_refused() -> None:
    time_s = np.array([0.0, 10.0, 41.0, 50.0, 60.0])
    with pytest.raises(GridError, match="gap of 31 s"):
        on_grid(time_s, time_s, begin_s=0.0, end_s=60.0, sample_interval_s=30.0)


def test_a_gap_that_reaches_into_the_period_counts_whole() -> None:
    time_s = np.array([-100.0, 10.0, 20.0, 90.0])
    assert largest_gap_s(time_s, begin_s=0.0, end_s=15.0) == 110.0


@pytest.mark.parametrize(("begin_s", "end_s"), [(-30.0, 30.0), (30.0, 90.0)])
def test_readings_must_span_the_period(begin_s: float, end_s: float) -> None:
    time_s = np.arange(0.0, 61.0)
    with pytest.raises(GridError, match="the readings span 0 to 60 s"):
        on_grid(time_s, time_s, begin_s=begin_s, end_s=end_s, sample_interval_s=30.0)


def test_no_readings_are_refused() -> None:
    with pytest.raises(GridError, match="nothing"):
        on_grid(np.empty(0), np.empty(0), begin_s=0.0, end_s=60.0, sample_interval_s=30.0)
