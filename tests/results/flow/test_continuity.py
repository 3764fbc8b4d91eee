"""Continuity of delivery: gaps, excess and shortfall, found and placed in time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from results.flow.continuity import FlowContinuity, flow_continuity
from results.refusal import EvaluationRefused

TIME_S = np.arange(0.0, 90_000.0, 5.0)


def continuity_of(volume_ul: NDArray[np.float64], time_s: NDArray[np.float64] = TIME_S) -> FlowContinuity:
    return flow_continuity(time_s, volume_ul, set_flow_ul_per_h=9.0, sample_interval_s=900.0, detectable_ul=0.225)


def steady() -> NDArray[np.float64]:
    return 9.0 / 3600.0 * TIME_S


def test_steady_delivery_has_no_gap_longer_than_the_detectable_takes() -> None:
    found = continuity_of(steady())
    assert found.longest_gap_s == pytest.approx(90.0, abs=35.0)
    assert found.typical_gap_s == pytest.approx(90.0, abs=35.0)
    assert not found.interrupted
    assert found.largest_excess_ul == pytest.approx(0.0, abs=1e-9)
    assert found.largest_shortfall_ul == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("length_h", [0.75, 3.0, 10.0])
def test_a_stall_is_found_where_it_is(length_h: float) -> None:
    begin_s, end_s = 30_000.0, 30_000.0 + 3600.0 * length_h
    volume = steady() - 9.0 / 3600.0 * np.clip(TIME_S - begin_s, 0.0, end_s - begin_s)
    found = continuity_of(volume)
    assert found.interrupted
    assert found.longest_gap_s == pytest.approx(end_s - begin_s, abs=150.0)
    assert found.gap_begin_s == pytest.approx(begin_s, abs=130.0)
    assert found.gap_end_s == pytest.approx(end_s, abs=130.0)
    assert found.largest_shortfall_ul == pytest.approx(9.0 * length_h, rel=0.03)
    assert found.shortfall_begin_s == pytest.approx(begin_s, abs=130.0)
    assert found.shortfall_end_s == pytest.approx(end_s, abs=130.0)


def test_an_unasked_bolus_is_the_largest_excess() -> None:
    volume = steady() + np.where(TIME_S > 50_000.0, 12.0, 0.0)
    found = continuity_of(volume)
    assert found.largest_excess_ul == pytest.approx(12.0, abs=0.2)
    assert found.excess_end_s == pytest.approx(50_000.0, abs=60.0)
    assert not found.interrupted


def test_a_pump_that_never_delivers_is_one_gap() -> None:
    found = continuity_of(np.zeros(TIME_S.size))
    assert found.longest_gap_s == pytest.approx(TIME_S[-1], abs=60.0)
    assert found.interrupted


def test_noise_below_the_detectable_hides_no_stall() -> None:
    noise = 0.02 * np.random.default_rng(1).standard_normal(TIME_S.size)
    volume = steady() - 9.0 / 3600.0 * np.clip(TIME_S - 30_000.0, 0.0, 10_800.0)
    assert continuity_of(volume + noise).longest_gap_s == pytest.approx(10_800.0, abs=250.0)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_readings_are_refused(count: int) -> None:
    with pytest.raises(EvaluationRefused, match="too few readings"):
        continuity_of(steady()[:count], TIME_S[:count])
