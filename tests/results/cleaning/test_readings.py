"""Which readings are used: every exclusion is counted, located, and nothing good is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from results.cleaning.exclusions import LISTED_STRETCHES, exclusion
from results.cleaning.readings import clean_readings, spike_mask
from results.refusal import EvaluationRefused
from results.series import FlowPhases, FlowSeries, Phase
from results.trace.status import SampleStatus

PHASES = FlowPhases(analysis=Phase(0.0, 900.0))


def series_of(time_s: list[float], mass_g: list[float], status: list[int]) -> FlowSeries:
    return FlowSeries(
        time_s=np.array(time_s, dtype=np.float64),
        mass_g=np.array(mass_g, dtype=np.float64),
        status=np.array(status, dtype=np.uint8),
        phases=PHASES,
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(min_value=0.0, max_value=1e4),
            st.one_of(st.floats(min_value=-1.0, max_value=1.0), st.just(float("nan")), st.just(float("inf"))),
            st.sampled_from(list(SampleStatus)),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_reading_is_used_or_counted(rows: list[tuple[float, float, SampleStatus]]) -> None:
    series = series_of([row[0] for row in rows], [row[1] for row in rows], [row[2].value for row in rows])
    try:
        clean = clean_readings(series, readability_g=1e-5)
    except EvaluationRefused:
        return
    assert clean.recorded == len(rows)
    assert clean.time_s.size + sum(entry.count for entry in clean.exclusions) == len(rows)
    assert np.all(np.diff(clean.time_s) > 0.0)
    assert np.all(np.isfinite(clean.mass_g))
    assert set(clean.mass_g).issubset({row[1] for row in rows})


def test_dynamic_readings_are_numbers() -> None:
    series = series_of([0.0, 1.0, 2.0], [1.0, 1.1, 1.2], [0, 1, 1])
    assert clean_readings(series, readability_g=1e-5).exclusions == ()


@pytest.mark.parametrize("status", [status for status in SampleStatus if not status.carries_number])
def test_a_state_without_a_number_is_never_used(status: SampleStatus) -> None:
    series = series_of([0.0, 1.0, 2.0], [1.0, 5.0, 1.2], [0, status.value, 0])
    clean = clean_readings(series, readability_g=1e-5)
    assert clean.mass_g.tolist() == [1.0, 1.2]
    (entry,) = clean.exclusions
    assert (entry.rule, entry.count, entry.listed_s) == ("no number", 1, ((1.0, 1.0),))


def noisy(flow_ug_per_s: float, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    time_s = np.arange(0.0, 7200.0, 1.0)
    noise = 15e-6 * np.random.default_rng(seed).standard_normal(time_s.size)
    return time_s, np.round(flow_ug_per_s * 1e-6 * time_s + noise, 5)


@pytest.mark.parametrize("flow_ug_per_s", [-0.3, 0.0, 2.5, 27.0, 250.0])
def test_flow_and_noise_are_no_spikes(flow_ug_per_s: float) -> None:
    time_s, mass = noisy(flow_ug_per_s)
    assert not spike_mask(time_s, mass, readability_g=1e-5).any()


@pytest.mark.parametrize("cycle_s", [15.0, 72.0, 800.0])
def test_strokes_are_no_spikes(cycle_s: float) -> None:
    time_s, mass = noisy(0.0)
    strokes = np.floor(time_s / cycle_s) * 2e-3
    assert not spike_mask(time_s, mass + strokes, readability_g=1e-5).any()


@pytest.mark.parametrize("size_g", [-50e-3, -0.5e-3, 0.5e-3, 50e-3])
@pytest.mark.parametrize("length", [1, 20])
@pytest.mark.parametrize("place", [0, 3000, 7199])
def test_knocks_are_spikes(size_g: float, length: int, place: int) -> None:
    time_s, mass = noisy(2.5)
    place = min(place, mass.size - length)
    mass[place : place + length] += size_g
    mask = spike_mask(time_s, mass, readability_g=1e-5)
    assert mask[place : place + length].all()
    assert int(mask.sum()) <= length + (5 if place == 3000 else 15)


def test_a_step_is_no_spike() -> None:
    time_s, mass = noisy(2.5)
    mass[3000:] += 5e-3
    assert not spike_mask(time_s, mass, readability_g=1e-5).any()


@pytest.mark.parametrize("length", [7, 30])
@pytest.mark.parametrize(("first_g", "second_g"), [(-3e-4, 1e-3), (1e-3, -3e-4)])
def test_a_level_between_a_fall_and_a_stroke_is_no_spike_though_it_is_short(
    first_g: float, second_g: float, length: int
) -> None:
    time_s, mass = noisy(0.0)
    mass[3000:] += first_g
    mass[3000 + length :] += second_g
    assert not spike_mask(time_s, mass, readability_g=1e-5)[2995 : 3005 + length].any()


def test_a_knock_beside_such_a_level_is_a_spike_and_the_level_is_not() -> None:
    time_s, mass = noisy(0.0)
    mass[3000:] -= 3e-4
    mass[3050:] += 1e-3
    mass[3053:3056] -= 1e-3
    spikes = spike_mask(time_s, mass, readability_g=1e-5)
    assert not spikes[2995:3050].any()
    assert spikes[3053:3056].all()


def test_a_frozen_display_has_no_spikes_but_its_jump() -> None:
    time_s = np.arange(0.0, 600.0)
    mass = np.full(600, 5.0)
    mass[300] = 5.001
    assert np.flatnonzero(spike_mask(time_s, mass, readability_g=1e-5)).tolist() == [300]


def test_long_lists_of_exclusions_are_cut_but_counted() -> None:
    time_s = np.arange(200.0)
    marked = time_s % 2 == 0
    entry = exclusion(rule="r", explanation="e", time_s=time_s, excluded=marked)
    assert entry is not None
    assert (entry.count, entry.stretches, len(entry.listed_s)) == (100, 100, LISTED_STRETCHES)
    assert exclusion(rule="r", explanation="e", time_s=time_s, excluded=marked & False) is None


def test_what_lies_between_two_spikes_near_each_other_is_as_disturbed() -> None:
    """A door stands open: its noise swings through the median now and then."""
    time_s, mass = noisy(2.5)
    mass[3000:3040] += np.where(np.arange(40) % 5 == 4, 0.0, 2e-3)
    assert spike_mask(time_s, mass, readability_g=1e-5)[3000:3039].all()
    apart = noisy(2.5)[1]
    apart[[3000, 3007]] += 2e-3
    assert np.flatnonzero(spike_mask(time_s, apart, readability_g=1e-5)).tolist() == [3000, 3007]


def test_readings_that_come_slowly_are_spikes_one_by_one() -> None:
    time_s, mass = noisy(2.5)
    slow_s, slow = time_s[::10], mass[::10].copy()
    slow[[300, 302]] += 2e-3
    assert np.flatnonzero(spike_mask(slow_s, slow, readability_g=1e-5)).tolist() == [300, 302]
