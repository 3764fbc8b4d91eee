from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.simulated.physics.electronics import Electronics
from instruments.simulated.physics.states import UPDATE_PERIOD_S
from instruments.simulated.truth.measuring import BalanceTruth

HOUR = round(3600.0 / UPDATE_PERIOD_S)


def _ramp(ug_per_s: float, start_g: float = 0.0) -> Any:
    def load_g(first: int, count: int) -> NDArray[np.float64]:
        return start_g + 1e-6 * ug_per_s * UPDATE_PERIOD_S * np.arange(first, first + count, dtype=np.float64)

    return load_g


def _noisy_ramp(ug_per_s: float, noise_ug: float) -> Any:
    noise = 1e-6 * noise_ug * np.random.default_rng(1).standard_normal(4 * HOUR)
    ramp = _ramp(ug_per_s)

    def load_g(first: int, count: int) -> NDArray[np.float64]:
        return np.asarray(ramp(first, count) + noise[first : first + count])

    return load_g


@pytest.fixture
def balance(quiet: Any) -> BalanceTruth:
    truth: BalanceTruth = quiet().balance
    return truth


def _shown_g(electronics: Electronics) -> float:
    last = electronics.length - 1
    return float(electronics.indications_g(last, last)[0])


# 9 uL/h is 2.5 ug/s; zero tracking forgets up to half a scale interval, 5 ug, per second.
@pytest.mark.parametrize("noise_ug", [0.0, 20.0])
def test_zero_tracking_eats_a_slow_flow_near_zero(balance: BalanceTruth, noise_ug: float) -> None:
    electronics = Electronics(balance, _noisy_ramp(2.5, noise_ug), tare_g=0.0)
    electronics.zero_tracking = True
    electronics.advance(HOUR)
    assert abs(_shown_g(electronics)) < 1e-4  # of 9 mg


def test_zero_tracking_off_shows_all_of_a_slow_flow(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _ramp(2.5), tare_g=0.0)
    electronics.advance(HOUR)
    assert _shown_g(electronics) == pytest.approx(9.0e-3, abs=2e-5)


def test_zero_tracking_lets_a_fast_flow_and_a_load_away_from_zero_pass(balance: BalanceTruth) -> None:
    fast = Electronics(balance, _ramp(250.0), tare_g=0.0)
    fast.zero_tracking = True
    fast.advance(HOUR)
    assert _shown_g(fast) == pytest.approx(0.9, rel=1e-3)
    away = Electronics(balance, _ramp(2.5, start_g=0.01), tare_g=0.0)
    away.zero_tracking = True
    away.advance(HOUR)
    assert _shown_g(away) == pytest.approx(0.019, abs=2e-5)


def test_zero_tracking_works_around_the_tared_zero(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _ramp(2.5, start_g=7.5), tare_g=7.5)
    electronics.zero_tracking = True
    electronics.advance(HOUR)
    assert abs(_shown_g(electronics)) < 1e-4


def test_the_adaptive_filter_eats_a_slow_flow_anywhere_unless_off(balance: BalanceTruth) -> None:
    shown = {}
    for adaptive in (True, False):
        electronics = Electronics(balance, _ramp(2.5, start_g=7.5), tare_g=0.0)
        electronics.adaptive = adaptive
        electronics.advance(HOUR)
        shown[adaptive] = _shown_g(electronics) - 7.5
    assert abs(shown[True]) < 1e-4
    assert shown[False] == pytest.approx(9.0e-3, abs=2e-5)


def test_what_was_eaten_does_not_come_back(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _ramp(2.5), tare_g=0.0)
    electronics.zero_tracking = True
    electronics.advance(HOUR)
    electronics.zero_tracking = False
    electronics.advance(2 * HOUR)
    assert _shown_g(electronics) == pytest.approx(9.0e-3, abs=1e-4)  # of 18 mg


@pytest.mark.parametrize("name", ["very stable", "stable", "standard", "unstable", "very unstable"])
def test_the_filter_lags_by_its_time_constant(balance: BalanceTruth, name: Any) -> None:
    electronics = Electronics(balance, _ramp(1000.0), tare_g=0.0)
    electronics.filter = name
    electronics.advance(HOUR)
    tau_s = balance.filter_time_constant_s.time_constant_s(name)
    keep = math.exp(-UPDATE_PERIOD_S / tau_s)
    lag_s = UPDATE_PERIOD_S * keep / (1.0 - keep)
    assert lag_s == pytest.approx(tau_s - UPDATE_PERIOD_S / 2.0, rel=0.05)
    assert _shown_g(electronics) == pytest.approx(1e-3 * (UPDATE_PERIOD_S * (HOUR - 1) - lag_s), abs=6e-6)


def test_indications_are_whole_scale_intervals(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _noisy_ramp(2.5, 20.0), tare_g=0.0)
    electronics.advance(HOUR)
    indications = electronics.indications_g(0, HOUR - 1)
    assert [float(f"{value:.5f}") for value in indications] == indications.tolist()
    assert np.unique(indications).size > 100


def _step_at(update: int, step_g: float) -> Any:
    def load_g(first: int, count: int) -> NDArray[np.float64]:
        return np.where(np.arange(first, first + count) >= update, step_g, 0.0)

    return load_g


def test_the_stability_flag_falls_on_a_step_and_returns_after_settling(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _step_at(500, 1e-3), tare_g=0.0)
    electronics.advance(1000)
    stable = electronics.stable(0, 999)
    assert not stable[:10].any()  # too early to know
    assert stable[11:500].all()
    fall = 500 + int(np.argmin(stable[500:]))
    rise = fall + int(np.argmax(stable[fall:]))
    assert fall == 500
    # 1 mg falls below 50 ug after ln(20) = 3 time constants of 1 s, and the window is 2 s long.
    assert 0.2 * (rise - 500) == pytest.approx(5.0, abs=0.6)
    assert stable[rise:].all()


def test_stability_does_not_depend_on_where_a_query_begins(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _noisy_ramp(2.5, 60.0), tare_g=0.0)
    electronics.advance(2000)
    whole = electronics.stable(0, 1999)
    assert 100 < whole.sum() < 1900
    for first in (1, 5, 11, 777):
        np.testing.assert_array_equal(electronics.stable(first, 1999), whole[first:])


@pytest.mark.parametrize(("load", "overload", "underload"), [(219.9, False, False), (220.1, True, False)])
def test_overload_by_capacity(balance: BalanceTruth, load: float, overload: bool, underload: bool) -> None:
    electronics = Electronics(balance, _ramp(0.0, start_g=load), tare_g=0.0)
    electronics.advance(10)
    assert electronics.overload(9, 9)[0] == overload
    assert electronics.underload(9, 9)[0] == underload


def test_underload_below_zero(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _step_at(5, -60.0), tare_g=0.0)
    electronics.advance(200)
    assert not electronics.underload(4, 4)[0]
    assert electronics.underload(199, 199)[0]


def test_tare_and_zero(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _ramp(0.0, start_g=57.912347), tare_g=50.0)
    electronics.advance(10)
    assert _shown_g(electronics) == pytest.approx(7.91235, abs=1e-9)
    electronics.tare_to(0.0)
    assert (_shown_g(electronics), electronics.tares_g(9, 9)[0]) == (0.0, 57.91235)
    electronics.tare_to(1.5)
    assert _shown_g(electronics) == 1.5
    electronics.zero()
    electronics.advance(20)
    assert (_shown_g(electronics), electronics.tares_g(19, 19)[0]) == (0.0, 0.0)


def test_past_updates_are_kept_as_far_as_promised(balance: BalanceTruth) -> None:
    electronics = Electronics(balance, _ramp(2.5), tare_g=0.0, kept_updates=1000)
    for length in range(5000, 60_000, 5000):
        electronics.advance(length)
    assert electronics.length == 55_000
    everything = Electronics(balance, _ramp(2.5), tare_g=0.0)
    everything.advance(55_000)
    np.testing.assert_array_equal(electronics.indications_g(54_000, 54_999), everything.indications_g(54_000, 54_999))
    with pytest.raises(ValueError, match="no longer kept"):
        electronics.indications_g(0, 10)


@pytest.mark.parametrize("creep", [False, True])
def test_updates_are_the_same_in_whatever_blocks(balance: BalanceTruth, creep: bool) -> None:
    shown = []
    for step in (1, 7, 333, 5000):
        electronics = Electronics(balance, _noisy_ramp(2.5, 30.0), tare_g=0.0)
        electronics.zero_tracking = electronics.adaptive = creep
        for length in [*range(step, 5000, step), 5000]:
            electronics.advance(length)
        electronics.take_back(4321)
        electronics.filter = "unstable"
        electronics.advance(5000)
        shown.append(electronics.indications_g(0, 4999))
    for other in shown[1:]:
        np.testing.assert_array_equal(other, shown[0])
