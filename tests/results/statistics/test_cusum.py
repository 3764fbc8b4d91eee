"""CUSUM against its published run lengths, and the watch against the whole record at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.statistics.cusum import OverDelivery, average_run_length, cusum_ul


@pytest.mark.parametrize(
    ("shift", "decision", "published", "within"),
    [
        # One-sided, k = 0.5; Montgomery, Introduction to Statistical Quality Control, table 9.3 has 168, 465 two-sided.
        (0.0, 4.0, 336.0, 0.01),
        (0.0, 5.0, 930.0, 0.01),
        (1.0, 4.0, 8.38, 0.01),
        (1.0, 5.0, 10.4, 0.01),
        (2.0, 5.0, 4.01, 0.05),
    ],
)
def test_run_lengths_are_the_published_ones(shift: float, decision: float, published: float, within: float) -> None:
    assert average_run_length(mean=shift - 0.5, sd=1.0, decision=decision) == pytest.approx(published, rel=within)


def test_run_length_at_no_drift_is_the_limit_of_its_neighbours() -> None:
    near = average_run_length(mean=1e-5, sd=1.0, decision=4.0)
    assert average_run_length(mean=0.0, sd=1.0, decision=4.0) == pytest.approx(near, rel=1e-3)
    assert math.isinf(average_run_length(mean=-50.0, sd=1.0, decision=50.0))


def test_run_length_agrees_with_simulated_runs() -> None:
    generator = np.random.default_rng(1)
    lengths = []
    for _ in range(400):
        total, steps = 0.0, 0
        while total < 4.0:
            total, steps = max(0.0, total + generator.standard_normal() + 0.5), steps + 1
        lengths.append(steps)
    assert np.mean(lengths) == pytest.approx(average_run_length(mean=0.5, sd=1.0, decision=4.0), rel=0.1)


@settings(max_examples=50)
@given(st.lists(st.floats(0.0, 5.0), min_size=2, max_size=60))
def test_the_watch_and_the_whole_record_agree(rises: list[float]) -> None:
    volume = np.asarray(np.cumsum(rises), dtype=np.float64)
    times = 600.0 * np.arange(volume.size, dtype=np.float64)
    watch = OverDelivery(allowed_ul_per_h=9.0, decision_ul=4.0)
    reached = [watch.add(time_s=float(t), volume_ul=float(v)) for t, v in zip(times, volume, strict=True)]
    sums = cusum_ul(times, volume, allowed_ul_per_h=9.0)
    assert watch.sum_ul == pytest.approx(sums[-1], abs=1e-9)
    assert reached == [bool(total >= 4.0) for total in sums] or np.min(np.abs(sums - 4.0)) < 1e-9


def test_a_pump_at_15_percent_too_much_is_found_and_one_as_set_is_not() -> None:
    """Allowance 5 %, decision 10 uL: 10 % of 9 uL/h beyond it take 11.1 h."""
    times = 60.0 * np.arange(24.0 * 60.0)
    good, bad = (OverDelivery(allowed_ul_per_h=9.45, decision_ul=10.0) for _ in range(2))
    assert not any(good.add(time_s=float(t), volume_ul=float(t) / 3600.0 * 9.0) for t in times)
    found = next(t for t in times if bad.add(time_s=float(t), volume_ul=float(t) / 3600.0 * 9.0 * 1.15))
    assert found / 3600.0 == pytest.approx(10.0 / (0.10 * 9.0), abs=0.02)


def test_readings_without_a_number_or_out_of_order_are_passed_over() -> None:
    watch = OverDelivery(allowed_ul_per_h=9.0, decision_ul=5.0)
    watch.add(time_s=0.0, volume_ul=0.0)
    assert not watch.add(time_s=1.0, volume_ul=math.nan)
    assert not watch.add(time_s=0.0, volume_ul=50.0)
    assert not watch.add(time_s=3600.0, volume_ul=10.0)
    assert watch.sum_ul == pytest.approx(1.0)
    with pytest.raises(ValueError, match="must be > 0"):
        OverDelivery(allowed_ul_per_h=9.0, decision_ul=math.nan)
