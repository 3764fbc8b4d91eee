"""Edges of sampled voltages: an edge lies between the two samples that show it, whatever the signal."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.occlusion.instants import Instant, first_edge
from results.occlusion.pressure import Level, PressureGap, PressureRecord, pressure_record, zeroed
from results.refusal import EvaluationRefused


@given(
    edge_s=st.floats(0.05, 9.7),
    rate_hz=st.sampled_from([10.0, 100.0, 1000.0]),
    low_v=st.floats(-1.0, 1.0),
    high_v=st.floats(4.0, 6.0),
    rising=st.booleans(),
    noise_v=st.floats(0.0, 0.3),
    seed=st.integers(0, 2**16),
)
def test_the_edge_lies_within_its_bounds_a_sample_apart(
    edge_s: float, rate_hz: float, low_v: float, high_v: float, rising: bool, noise_v: float, seed: int
) -> None:
    time_s = np.arange(0.0, 10.0, 1.0 / rate_hz) - 0.1
    beyond = time_s >= edge_s
    volts = np.where(beyond if rising else ~beyond, high_v, low_v)
    volts = volts + noise_v * np.random.default_rng(seed).uniform(-1.0, 1.0, time_s.size)
    found = first_edge(time_s, volts, level_v=2.5, rising=rising, after_s=-1.0, by_s=11.0)
    assert found is not None
    assert found.after_s < edge_s <= found.by_s
    assert found.by_s - found.after_s == pytest.approx(1.0 / rate_hz)


@given(
    edges_s=st.lists(st.floats(0.2, 9.8), min_size=2, max_size=6, unique=True),
    after_s=st.floats(0.0, 10.0),
    missing=st.sets(st.integers(0, 999), max_size=400),
)
def test_the_first_edge_after_an_instant_is_found_with_samples_missing(
    edges_s: list[float], after_s: float, missing: set[int]
) -> None:
    time_s = np.arange(0.0, 10.0, 0.01)
    on = np.searchsorted(np.sort(edges_s), time_s, side="right") % 2 == 1
    volts = np.where(on, 5.0, 0.0)
    volts[sorted(missing)] = np.nan
    found = first_edge(time_s, volts, level_v=2.5, rising=True, after_s=after_s, by_s=10.0)
    seen = [(t, v) for t, v in zip(time_s, volts, strict=True) if t >= after_s and np.isfinite(v)]
    expected = next(((a, b) for (a, va), (b, vb) in pairwise(seen) if va < 2.5 < vb), None)
    assert (found is None) is (expected is None)
    if found is not None:
        assert (found.after_s, found.by_s) == expected


def test_a_signal_that_is_on_already_shows_no_edge() -> None:
    time_s = np.arange(5.0)
    assert first_edge(time_s, np.full(5, 5.0), level_v=2.5, rising=True, after_s=0.0, by_s=5.0) is None


def test_bounds_are_a_middle_and_a_half_width() -> None:
    instant = Instant(10.0, 12.0)
    line = instant.line("when", unit_per_s=3.0)
    assert (instant.at_s, instant.half_width_s) == (11.0, 1.0)
    assert line.contribution == pytest.approx(3.0 / 3.0**0.5)
    with pytest.raises(ValueError, match="cannot have come by"):
        Instant(2.0, 1.0)


@given(
    rise_kpa=st.floats(20.0, 150.0),
    slope=st.floats(0.05, 5.0),
    noise_kpa=st.floats(0.0, 0.05),
    rate_hz=st.sampled_from([10.0, 100.0]),
    seed=st.integers(0, 1000),
)
def test_slope_peak_and_return_of_a_pressure(
    rise_kpa: float, slope: float, noise_kpa: float, rate_hz: float, seed: int
) -> None:
    duration_s = rise_kpa / slope
    time_s = np.arange(0.0, duration_s + 60.0, max(1.0 / rate_hz, duration_s / 20_000.0))
    pressure = 1.0 + slope * np.clip(time_s - 10.0, 0.0, duration_s)
    released_s = 30.0 + duration_s
    pressure = np.where(time_s > released_s, 1.0 + rise_kpa * np.exp(-np.maximum(time_s - released_s, 0.0)), pressure)
    noisy = pressure + noise_kpa * np.random.default_rng(seed).standard_normal(time_s.size)
    record = pressure_record(time_s, noisy)
    rise = record.rise(10.0, 10.0 + duration_s)
    assert rise.kpa_per_s == pytest.approx(slope, rel=0.02)
    peak = record.peak(10.0, released_s)
    assert abs(peak.kpa - (1.0 + rise_kpa)) <= peak.half_width_kpa + 1e-6 + noise_kpa
    back = record.back_at(released_s, float(time_s[-1]), below_kpa=2.0)
    assert back is not None
    assert back.after_s - 0.3 <= released_s + np.log(rise_kpa) <= back.by_s + 0.3


def test_strokes_are_averaged_out_of_the_slope() -> None:
    """Nine-odd strokes of 9 kPa each: a line through the steps would depend on where it begins."""
    time_s = np.arange(0.0, 1200.0, 0.1)
    stroke_s, height_kpa = 86.4, 9.0
    for phase in (0.0, 0.3, 0.7):
        steps = np.floor(time_s / stroke_s + phase) * height_kpa
        rise = pressure_record(time_s, steps).rise(0.0, 1199.0, stroke_s=stroke_s)
        assert rise.kpa_per_s * stroke_s == pytest.approx(height_kpa, rel=2e-3)


def test_a_pressure_that_does_not_rise_or_come_back_is_said() -> None:
    time_s = np.arange(0.0, 100.0, 0.1)
    record = pressure_record(time_s, 5.0 + 0.02 * np.random.default_rng(1).standard_normal(time_s.size))
    with pytest.raises(EvaluationRefused, match="did not rise"):
        record.rise(0.0, 50.0)
    assert record.back_at(0.0, 99.0, below_kpa=4.0) is None
    with pytest.raises(EvaluationRefused, match="0 usable samples of pressure from 200 to 300 s"):
        record.rows(200.0, 300.0)


def test_a_pressure_that_settles_is_seen_to_have_settled() -> None:
    time_s = np.arange(0.0, 100.0, 0.1)
    record = pressure_record(time_s, np.where(time_s < 40.0, 80.0 - time_s, 40.0))
    assert record.plateau_from(0.0, 99.0, band_kpa=0.5) == pytest.approx(39.5, abs=0.2)


def test_samples_without_a_number_are_left_out_and_times_must_rise() -> None:
    record = pressure_record(np.arange(6.0), np.array([1.0, np.nan, 1.0, 1.0, np.inf, 1.0]))
    assert record.time_s.tolist() == [0.0, 2.0, 3.0, 5.0]
    with pytest.raises(EvaluationRefused, match="2 carry a number"):
        pressure_record(np.arange(3.0), np.array([1.0, np.nan, 1.0]))
    with pytest.raises(EvaluationRefused, match="do not rise"):
        pressure_record(np.array([0.0, 1.0, 1.0, 2.0]), np.ones(4))


def test_what_reaches_into_a_gap_is_refused_and_what_does_not_stays() -> None:
    """A peak of 130 kPa whose samples are lost is not a peak of 30 kPa."""
    time_s = np.arange(0.0, 100.0, 0.1)
    kpa = np.where(abs(time_s - 50.0) < 4.0, np.nan, 30.0)
    kpa[-1] = np.nan
    shifted = zeroed(pressure_record(time_s, kpa), rest=Level(30.0, 0.0, 1.0), rest_kpa=31.0)
    for record in (pressure_record(time_s, kpa), shifted):
        asked: Callable[[PressureRecord], object]
        for asked in (
            lambda r: r.peak(20.0, 80.0),
            lambda r: r.level(40.0, 47.0),
            lambda r: r.near(50.0),
            lambda r: r.between(Instant(53.0, 60.0)),
            lambda r: r.back_at(40.0, 80.0, below_kpa=10.0),
            lambda r: r.plateau_from(40.0, 80.0, band_kpa=1.0),
            lambda r: r.level(90.0, 99.9),
        ):
            with pytest.raises(PressureGap, match="no usable sample between"):
                asked(record)
        assert record.peak(0.0, 45.0).kpa == pytest.approx(record.pressure_kpa[0])
        assert record.back_at(0.0, 80.0, below_kpa=40.0) == Instant(0.0, 0.0)
        (listed,) = record.exclusions
        assert (listed.stretches, listed.count) == (2, int(np.isnan(kpa).sum()))


def test_samples_that_were_never_taken_are_a_gap() -> None:
    time_s = np.concatenate((np.arange(0.0, 40.0, 0.1), np.arange(48.0, 100.0, 0.1)))
    with pytest.raises(PressureGap):
        pressure_record(time_s, np.full(time_s.size, 30.0)).peak(20.0, 80.0)


def test_samples_below_the_range_are_low_but_not_known() -> None:
    """A peak elsewhere stays the peak; a level of them is refused, and one lost sample among them makes them a gap."""
    time_s = np.arange(0.0, 100.0, 0.1)
    below = abs(time_s - 50.0) < 4.0
    kpa = np.where(below, np.nan, np.where(time_s < 30.0, 30.0, 20.0))
    record = pressure_record(time_s, kpa, below=below)
    assert record.is_below(50.0)
    assert not record.is_below(60.0)
    assert record.peak(20.0, 80.0).kpa == pytest.approx(30.0)
    with pytest.raises(PressureGap, match="no usable sample between"):
        record.level(40.0, 47.0)
    below[500] = False
    torn = pressure_record(time_s, kpa, below=below)
    assert not torn.is_below(50.0)
    with pytest.raises(PressureGap):
        torn.peak(20.0, 80.0)
    never = abs(time_s - 50.0) > 2.0
    holed = pressure_record(time_s[never], kpa[never], below=abs(time_s[never] - 50.0) < 4.0)
    assert not holed.is_below(50.0)
