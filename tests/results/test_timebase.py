"""Two clocks on one time base: what the record says of the sample clock, against clocks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from results.timebase import SampleClock, fit_sample_clock

EARLY_S = 0.006


def read_late(
    *, rate_error_ppm: float, offset_s: float, delays_s: NDArray[np.float64], period_s: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (nominal, read, early) of samples taken by a clock `rate_error_ppm` fast and read after delays."""
    nominal_s = period_s * np.arange(1, delays_s.size + 1, dtype=np.float64)
    read_s = true_s(nominal_s, rate_error_ppm, offset_s) + delays_s
    return nominal_s, read_s, np.full(delays_s.size, EARLY_S)


def true_s(nominal_s: NDArray[np.float64], rate_error_ppm: float, offset_s: float) -> NDArray[np.float64]:
    return offset_s + nominal_s / (1.0 + 1e-6 * rate_error_ppm)


@pytest.mark.parametrize("rate_error_ppm", [-50.0, 0.0, 50.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_skewed_clock_is_found_within_its_stated_uncertainty(rate_error_ppm: float, seed: int) -> None:
    delays_s = np.random.default_rng(seed).uniform(0.0, EARLY_S, 1800)
    nominal_s, read_s, early_s = read_late(rate_error_ppm=rate_error_ppm, offset_s=0.3, delays_s=delays_s)
    clock = fit_sample_clock(nominal_s, read_s, early_s)
    off_s = clock.station_s(nominal_s) - true_s(nominal_s, rate_error_ppm, 0.3)
    assert (np.abs(off_s) <= clock.half_width_s(nominal_s)).all()
    assert abs(clock.rate_error_ppm - rate_error_ppm) <= 2.0 * clock.rate_u_ppm
    # Some readings of 1800 came nearly at once, some nearly at the latest: little room is left between them.
    assert clock.half_width_s(nominal_s).max() < 0.1 * EARLY_S
    assert clock.rate_u_ppm < 0.5
    assert clock.misfit_s == pytest.approx(0.0, abs=1e-9)


def test_a_delay_that_never_changes_leaves_all_of_its_room() -> None:
    clock = fit_sample_clock(*read_late(rate_error_ppm=0.0, offset_s=0.0, delays_s=np.full(100, 0.001)))
    np.testing.assert_allclose(clock.half_width_s(np.array([1.0, 50.0, 100.0])), EARLY_S / 2.0, rtol=1e-3)
    assert clock.begin_offset_s == pytest.approx(0.001 - EARLY_S / 2.0, abs=1e-6)


@given(
    rate_error_ppm=st.floats(-200.0, 200.0),
    offset_s=st.floats(-10.0, 10.0),
    delays=st.lists(st.floats(0.0, EARLY_S), min_size=2, max_size=40),
)
@settings(deadline=None, max_examples=60)
def test_the_truth_lies_within_the_half_width_whatever_the_delays(
    rate_error_ppm: float, offset_s: float, delays: list[float]
) -> None:
    nominal_s, read_s, early_s = read_late(rate_error_ppm=rate_error_ppm, offset_s=offset_s, delays_s=np.array(delays))
    clock = fit_sample_clock(nominal_s, read_s, early_s)
    asked_s = np.linspace(-10.0, nominal_s[-1] + 10.0, 7)
    off_s = clock.station_s(asked_s) - true_s(asked_s, rate_error_ppm, offset_s)
    assert (np.abs(off_s) <= clock.half_width_s(asked_s) + 1e-7).all()


def test_there_and_back_is_the_same() -> None:
    clock = SampleClock(0.0, 1000.0, 0.5, 0.55, 0.001, 0.002)
    nominal_s = np.array([-5.0, 0.0, 333.3, 1000.0, 2000.0])
    np.testing.assert_allclose(clock.nominal_s(clock.station_s(nominal_s)), nominal_s, atol=1e-9)
    assert clock.rate_error_ppm == pytest.approx(-50.0)


def test_a_reading_held_up_by_seconds_does_no_harm() -> None:
    delays_s = np.full(200, 0.001)
    nominal_s, read_s, early_s = read_late(rate_error_ppm=50.0, offset_s=0.0, delays_s=delays_s)
    held_s, held_early_s = read_s.copy(), early_s.copy()
    # The question was put in time and answered late: the sample may be as old as that.
    held_s[[20, 150]] += 3.0
    held_early_s[[20, 150]] += 3.0
    plain, held = fit_sample_clock(nominal_s, read_s, early_s), fit_sample_clock(nominal_s, held_s, held_early_s)
    np.testing.assert_allclose(held.station_s(nominal_s), plain.station_s(nominal_s), atol=1e-5)


def test_a_clock_that_is_not_steady_says_so_in_its_uncertainty() -> None:
    nominal_s, read_s, early_s = read_late(rate_error_ppm=0.0, offset_s=0.0, delays_s=np.full(500, 0.001))
    wandering_s = 0.05 * np.sin(np.pi * nominal_s / 500.0)
    clock = fit_sample_clock(nominal_s, read_s + wandering_s, early_s)
    assert clock.misfit_s > 0.02
    off_s = clock.station_s(nominal_s) - (nominal_s + wandering_s)
    assert (np.abs(off_s) <= clock.half_width_s(nominal_s) + EARLY_S).all()


@pytest.mark.parametrize(
    ("nominal", "read", "early"),
    [
        ([1.0], [1.0], [0.0]),
        ([1.0, 1.0], [1.0, 1.1], [0.0, 0.0]),
        ([1.0, 2.0], [1.0, float("nan")], [0.0, 0.0]),
        ([1.0, 2.0], [1.0, 2.0], [0.0, -1.0]),
    ],
)
def test_bounds_that_say_nothing_are_refused(nominal: list[float], read: list[float], early: list[float]) -> None:
    with pytest.raises(ValueError, match=r"sample clock|two are needed"):
        fit_sample_clock(np.array(nominal), np.array(read), np.array(early))
