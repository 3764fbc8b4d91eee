"""The sequential test: its false alarms are as rare as stated, a stop is told, and when it began."""

from __future__ import annotations

import math

import numpy as np
import pytest

from results.occlusion.under_delivery import average_run_length, decision_level_sd, under_delivery


def test_the_run_length_is_the_published_one() -> None:
    """H = 4, k = 0.5: 335 observations between false alarms on one side (Montgomery, Statistical Quality Control)."""
    assert average_run_length(level_sd=4.0, allowance_sd=0.5) == pytest.approx(336.0, rel=0.01)
    assert average_run_length(level_sd=5.0, allowance_sd=0.5) == pytest.approx(930.0, rel=0.02)
    assert average_run_length(level_sd=800.0, allowance_sd=1.0) == math.inf


@pytest.mark.parametrize(("intervals", "allowance", "probability"), [(20, 0.5, 0.05), (200, 0.5, 0.05), (50, 1.0, 0.2)])
def test_false_alarms_are_no_more_frequent_than_stated(intervals: int, allowance: float, probability: float) -> None:
    level = decision_level_sd(intervals=intervals, allowance_sd=allowance, false_alarm_probability=probability)
    generator = np.random.default_rng(1)
    total = np.zeros(4000)
    alarmed = np.zeros(4000, dtype=np.bool_)
    for _ in range(intervals):
        total = np.maximum(total + generator.standard_normal(4000) - allowance, 0.0)
        alarmed |= total > level
    assert alarmed.mean() <= 1.25 * probability
    assert alarmed.mean() > 0.2 * probability


def test_a_stop_is_told_and_dated() -> None:
    generator = np.random.default_rng(2)
    time_s = np.arange(0.0, 7200.0, 60.0)
    delivered = 40.0 / 3600.0 * np.minimum(time_s, 3000.0) + 0.05 * generator.standard_normal(time_s.size)
    told = under_delivery(
        time_s, delivered, flow_ul_per_h=40.0, interval_sd_ul=0.05 * 2**0.5, false_alarm_probability=0.01
    )
    assert told.detected_s is not None
    assert told.since_s is not None
    assert 3000.0 < told.detected_s <= 3240.0
    assert abs(told.since_s - 3000.0) <= 120.0


def test_steady_delivery_tells_nothing() -> None:
    time_s = np.arange(0.0, 7200.0, 60.0)
    told = under_delivery(time_s, time_s / 90.0, flow_ul_per_h=40.0, interval_sd_ul=0.07, false_alarm_probability=0.01)
    assert (told.detected_s, told.since_s) == (None, None)


def test_a_wrong_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="probability between 0 and 1"):
        decision_level_sd(intervals=10, allowance_sd=0.5, false_alarm_probability=0.0)
