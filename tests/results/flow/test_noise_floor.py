"""The pump-off trumpet."""

from __future__ import annotations

import numpy as np
import pytest

from results.flow.grid import GridSeries
from results.flow.noise_floor import pump_off_trumpet
from results.flow.startup import startup_curve


def blank(volume_ul: list[float]) -> GridSeries:
    return GridSeries(begin_s=0.0, sample_interval_s=900.0, volume_ul=np.array(volume_ul), largest_gap_s=1.0)


def test_extremes_over_all_blanks_in_percent_of_the_set_flow() -> None:
    first, second = blank([0.0, 0.0225, 0.0, 0.0]), blank([1.0, 0.955])
    short, long = pump_off_trumpet([first, second], set_flow_ul_per_h=9.0, sample_counts=(1, 2, 4))
    assert (short.ep_max_percent, short.ep_min_percent) == pytest.approx((1.0, -2.0))
    assert (short.windows, long.windows) == (4, 2)
    assert (long.ep_max_percent, long.ep_min_percent) == pytest.approx((0.0, -0.5))


def test_no_blank_no_floor() -> None:
    assert pump_off_trumpet([], set_flow_ul_per_h=9.0, sample_counts=(1, 4)) == ()


def test_the_start_up_curve_is_the_flow_of_each_interval() -> None:
    curve = startup_curve(blank([0.0, 2.25, 4.5, 4.5]))
    assert curve.flow_ul_per_h == pytest.approx((9.0, 9.0, 0.0))
    assert curve.sample_interval_s == 900.0
