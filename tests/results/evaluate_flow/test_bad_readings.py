"""Readings that must not become a number, and data that must not pass."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from results.evaluate_flow import evaluate_flow
from results.flow.grid import GridError
from results.profiles import ProfileError
from results.refusal import EvaluationRefused
from results.series import Phase
from results.trace.status import SampleStatus
from tests.results.evaluate_flow.evaluated import error_of, evaluated, with_readings
from tests.results.synthetic import BENCH, HOUR, Truth, evaluation_of, simulate


def test_readings_without_a_number_are_left_out_and_counted() -> None:
    run = simulate(Truth(), 1)
    series = with_readings(run.series, slice(12_000, 12_030), mass_g=math.nan, status=SampleStatus.TIMEOUT)
    series = with_readings(series, slice(15_000, 15_005), mass_g=999.0, status=SampleStatus.OVERLOAD)
    outcome = evaluate_flow(series, evaluation_of(), bench=BENCH)
    found = {entry.rule: entry for entry in outcome.exclusions}
    assert (found["no number"].count, found["no number"].stretches) == (35, 2)
    assert found["no number"].listed_s[0] == (120_000.0, 120_290.0)
    assert outcome.used_readings + sum(entry.count for entry in outcome.exclusions) == outcome.recorded_readings
    assert outcome.largest_gap_s == pytest.approx(310.0)
    assert outcome.gaps.listed_s == ((119_990.0, 120_300.0), (149_990.0, 150_050.0))
    assert (outcome.gaps.count, outcome.gaps.usual_s, outcome.gaps.longest_s) == (2, 10.0, 310.0)
    assert abs(error_of(run, outcome)) < 0.5


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_reading_called_good_that_is_no_number_is_left_out(bad: float) -> None:
    run = simulate(Truth(), 1)
    series = with_readings(run.series, slice(15_000, 15_003), mass_g=bad, status=SampleStatus.GOOD)
    outcome = evaluate_flow(series, evaluation_of(), bench=BENCH)
    assert {entry.rule: entry.count for entry in outcome.exclusions}["not finite"] == 3
    assert math.isfinite(outcome.error_a.measured.value)


def test_spikes_are_left_out_wherever_they_are() -> None:
    run = simulate(Truth(), 1)
    clean = evaluated(run)
    mass = run.series.mass_g.copy()
    phases = run.series.phases
    at_begin = int(np.searchsorted(run.series.time_s, phases.analysis.begin_s))
    in_blank = int(np.searchsorted(run.series.time_s, phases.analysis.end_s + 6000.0))
    for place, size in ((at_begin, 20e-3), (in_blank, -50e-3), (8_000, 5e-3)):
        mass[place : place + 2] += size
    outcome = evaluate_flow(replace(run.series, mass_g=mass), evaluation_of(), bench=BENCH)
    assert {entry.rule: entry.count for entry in outcome.exclusions}["spike"] >= 6
    assert outcome.error_a.measured.value == pytest.approx(clean.error_a.measured.value, abs=0.03)


def test_repeated_and_backward_times_are_left_out() -> None:
    run = simulate(Truth(), 1)
    time_s = run.series.time_s.copy()
    time_s[9_000] = time_s[8_999]
    time_s[9_500] = time_s[9_400] - 1.0
    outcome = evaluate_flow(replace(run.series, time_s=time_s), evaluation_of(), bench=BENCH)
    counts = {entry.rule: entry.count for entry in outcome.exclusions}
    assert (counts["time order"], counts["time out of line"]) == (1, 1)
    assert abs(error_of(run, outcome)) < 0.5


def test_raw_data_is_not_altered() -> None:
    run = simulate(Truth(), 1)
    before = run.series.time_s.tobytes(), run.series.mass_g.tobytes(), run.series.status.tobytes()
    evaluated(run)
    assert (run.series.time_s.tobytes(), run.series.mass_g.tobytes(), run.series.status.tobytes()) == before


def test_a_gap_longer_than_s_in_the_analysis_is_refused() -> None:
    run = simulate(Truth(), 1)
    series = with_readings(run.series, slice(12_000, 12_100), mass_g=math.nan, status=SampleStatus.LINK_LOST)
    with pytest.raises(GridError, match="gap of 1010 s"):
        evaluate_flow(series, evaluation_of(), bench=BENCH)


def test_a_gap_in_the_start_up_costs_only_its_curve() -> None:
    run = simulate(Truth(), 1)
    series = with_readings(run.series, slice(2_000, 2_200), mass_g=math.nan, status=SampleStatus.LINK_LOST)
    outcome = evaluate_flow(series, evaluation_of(), bench=BENCH)
    assert outcome.startup is None
    assert any("no start-up curve" in note for note in outcome.notes)
    assert abs(error_of(run, outcome)) < 0.5


def test_an_analysis_that_is_no_multiple_of_s_is_refused() -> None:
    run = simulate(Truth(), 1)
    analysis = run.series.phases.analysis
    odd = replace(run.series.phases, analysis=Phase(analysis.begin_s, analysis.end_s - 100.0))
    with pytest.raises(GridError, match="not a multiple of the sample interval"):
        evaluate_flow(replace(run.series, phases=odd), evaluation_of(), bench=BENCH)


def test_a_tare_within_the_test_is_refused() -> None:
    run = simulate(Truth(), 1)
    evaluate_flow(replace(run.series, tare_s=(10.0,)), evaluation_of(), bench=BENCH)
    with pytest.raises(EvaluationRefused, match="tared at 100000 s"):
        evaluate_flow(replace(run.series, tare_s=(10.0, 100_000.0)), evaluation_of(), bench=BENCH)


@pytest.mark.parametrize("step_g", [-58.0, -0.5, 0.2, 20.0])
@pytest.mark.parametrize("at_h", [1.0, 20.0, 40.0, 52.5])
def test_a_step_no_pump_makes_is_no_verdict_on_the_pump(step_g: float, at_h: float) -> None:
    run = simulate(Truth(), 1)
    mass = run.series.mass_g + np.where(run.series.time_s >= at_h * HOUR, step_g, 0.0)
    with pytest.raises(EvaluationRefused, match=r"jumps by .* g at \d+ s") as refusal:
        evaluate_flow(replace(run.series, mass_g=mass), evaluation_of(), bench=BENCH)
    found = re.search(r"at (\d+) s", str(refusal.value))
    assert found is not None
    assert float(found[1]) == pytest.approx(at_h * HOUR, abs=61.0)


def test_steps_outside_the_test_do_not_matter() -> None:
    run = simulate(Truth(), 1)
    before = run.series.mass_g + np.where(run.series.time_s < 300.0, 5.0, 0.0)
    outcome = evaluate_flow(replace(run.series, mass_g=before), evaluation_of(), bench=BENCH)
    assert abs(error_of(run, outcome)) < 0.5


@pytest.mark.parametrize("status", [SampleStatus.OVERLOAD, SampleStatus.DEVICE_ERROR])
def test_no_readings_no_number(status: SampleStatus) -> None:
    run = simulate(Truth(), 1)
    series = with_readings(run.series, slice(0, None), mass_g=math.nan, status=status)
    with pytest.raises(EvaluationRefused, match="usable number"):
        evaluate_flow(series, evaluation_of(), bench=BENCH)


def test_arrays_of_different_lengths_are_refused() -> None:
    series = simulate(Truth(), 1).series
    with pytest.raises(EvaluationRefused, match="equal length"):
        replace(series, mass_g=series.mass_g[:-1])


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ProfileError, match="ambulatory-continuous, bench-fast, volumetric-syringe"):
        evaluated(simulate(Truth(), 1), evaluation_of().model_copy(update={"profile": "nope"}))
