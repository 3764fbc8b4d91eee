"""Gaps between readings."""

from __future__ import annotations

import numpy as np

from results.cleaning.exclusions import LISTED_STRETCHES
from results.cleaning.gaps import reading_gaps


def test_evenly_spaced_readings_have_no_gap() -> None:
    gaps = reading_gaps(np.arange(0.0, 1000.0), begin_s=10.0, end_s=900.0)
    assert (gaps.count, gaps.total_s, gaps.longest_s, gaps.listed_s) == (0, 0.0, 1.0, ())


def test_gaps_are_placed_and_added_up() -> None:
    time_s = np.concatenate((np.arange(0.0, 100.0), np.arange(130.0, 200.0), np.arange(260.0, 300.0)))
    gaps = reading_gaps(time_s, begin_s=0.0, end_s=300.0)
    assert gaps.listed_s == ((99.0, 130.0), (199.0, 260.0))
    assert (gaps.count, gaps.total_s, gaps.longest_s) == (2, 92.0, 61.0)


def test_gaps_outside_the_test_do_not_count() -> None:
    time_s = np.concatenate((np.arange(0.0, 100.0), np.arange(500.0, 600.0)))
    assert reading_gaps(time_s, begin_s=510.0, end_s=590.0).count == 0
    assert reading_gaps(time_s, begin_s=300.0, end_s=590.0).listed_s == ((99.0, 500.0),)


def test_of_many_gaps_the_longest_are_listed() -> None:
    steps = np.ones(1000)
    steps[5::10] = np.arange(100) + 10.0
    gaps = reading_gaps(np.cumsum(steps), begin_s=0.0, end_s=1e6)
    assert gaps.count == 100
    assert len(gaps.listed_s) == LISTED_STRETCHES
    assert min(end - begin for begin, end in gaps.listed_s) == 10.0 + 100 - LISTED_STRETCHES


def test_no_readings_no_gaps() -> None:
    assert reading_gaps(np.empty(0), begin_s=0.0, end_s=1.0).count == 0
