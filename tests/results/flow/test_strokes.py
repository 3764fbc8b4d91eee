"""Windows of whole strokes: what is left of a perfect stroke pump's trumpet."""

from __future__ import annotations

import numpy as np
import pytest

from results.flow.strokes import stroke_analysis

BEGIN_S, END_S = 86_400.0, 176_400.0
WINDOWS_S = tuple(900.0 * count for count in (1, 4, 10, 22, 38, 62))


def strokes_of(*, stroke_ul: float, cycle_s: float, step_s: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    time_s = np.arange(0.0, 190_000.0, step_s)
    return time_s, np.floor(time_s / cycle_s) * stroke_ul


@pytest.mark.parametrize(("stroke_ul", "cycle_s"), [(0.5, 200.0), (2.0, 800.0), (5.0, 2000.0)])
def test_a_perfect_stroke_pump_has_no_error_in_windows_of_whole_strokes(stroke_ul: float, cycle_s: float) -> None:
    time_s, volume = strokes_of(stroke_ul=stroke_ul, cycle_s=cycle_s)
    found = stroke_analysis(
        time_s,
        volume,
        begin_s=BEGIN_S,
        end_s=END_S,
        stroke_volume_ul=stroke_ul,
        set_flow_ul_per_h=9.0,
        windows_s=WINDOWS_S,
    )
    assert found is not None
    assert found.cycle_s == pytest.approx(cycle_s, rel=2e-3)
    assert found.error_percent == pytest.approx(0.0, abs=0.5)
    for window, nearest_s in zip(found.windows, WINDOWS_S, strict=True):
        assert window.nearest_to_s == nearest_s
        assert window.strokes == max(1, round(nearest_s / found.cycle_s))
        typical = 100.0 / window.strokes
        assert abs(window.ep_max_percent) < 0.02 * typical + 0.5 or window.ep_max_percent < typical + 0.5
    longest = found.windows[-1]
    assert -2.0 < longest.ep_min_percent <= longest.ep_max_percent < 2.0


def test_a_steady_flow_has_its_error_in_every_window() -> None:
    time_s = np.arange(0.0, 190_000.0, 10.0)
    found = stroke_analysis(
        time_s,
        9.9 / 3600.0 * time_s,
        begin_s=BEGIN_S,
        end_s=END_S,
        stroke_volume_ul=1.0,
        set_flow_ul_per_h=9.0,
        windows_s=WINDOWS_S,
    )
    assert found is not None
    assert found.error_percent == pytest.approx(10.0)
    for window in found.windows:
        assert (window.ep_max_percent, window.ep_min_percent) == pytest.approx((10.0, 10.0), abs=1e-6)


@pytest.mark.parametrize("flow_ul_per_s", [0.0, -0.001])
def test_nothing_delivered_nothing_to_analyse(flow_ul_per_s: float) -> None:
    time_s = np.arange(0.0, 190_000.0, 10.0)
    assert (
        stroke_analysis(
            time_s,
            flow_ul_per_s * time_s,
            begin_s=BEGIN_S,
            end_s=END_S,
            stroke_volume_ul=1.0,
            set_flow_ul_per_h=9.0,
            windows_s=WINDOWS_S,
        )
        is None
    )


def test_less_than_one_stroke_is_nothing_to_analyse() -> None:
    time_s = np.arange(0.0, 190_000.0, 10.0)
    assert (
        stroke_analysis(
            time_s,
            1e-6 * time_s,
            begin_s=BEGIN_S,
            end_s=END_S,
            stroke_volume_ul=1.0,
            set_flow_ul_per_h=9.0,
            windows_s=WINDOWS_S,
        )
        is None
    )
