"""The whole evaluation on a synthetic bench whose delivery is known, and on data that must not pass."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from results.decision import Criterion, DecisionRule, Verdict
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.flow.grid import GridError
from results.outcome import FlowOutcome
from results.physics.thermal import volume_at_temperature_ul
from results.profiles import ProfileError
from results.refusal import EvaluationRefused
from results.series import FlowPhases, FlowSeries, Phase
from results.trace.status import SampleStatus
from tests.results.synthetic import BENCH, HOUR, Simulated, Truth, evaluation_of, simulate, without_air

SEEDS = range(1, 11)


def evaluated(run: Simulated, evaluation: FlowEvaluation | None = None) -> FlowOutcome:
    return evaluate_flow(run.series, evaluation or evaluation_of(), bench=BENCH)


def error_of(run: Simulated, outcome: FlowOutcome) -> float:
    return outcome.error_a.measured.value - run.error_percent


def budget(outcome: FlowOutcome, start: str) -> float:
    return math.hypot(*(line.contribution for line in outcome.error_a.lines if line.name.startswith(start)))


def with_readings(series: FlowSeries, places: slice, *, mass_g: float, status: SampleStatus) -> FlowSeries:
    mass, states = series.mass_g.copy(), series.status.copy()
    mass[places] = mass_g
    states[places] = status.value
    return replace(series, mass_g=mass, status=states)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_typical_bench_finds_the_true_flow_within_half_a_percent_and_within_u(seed: int) -> None:
    run = simulate(Truth(error_percent=1.0), seed)
    outcome = evaluated(run)
    assert abs(error_of(run, outcome)) < 0.5
    assert abs(error_of(run, outcome)) <= 1.5 * outcome.error_a.measured.expanded_uncertainty
    assert outcome.verdict is Verdict.PASS


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lost_film_costs_at_most_one_percent(seed: int) -> None:
    run = simulate(Truth(evaporation_ug_per_min=20.0), seed)
    outcome = evaluated(run)
    assert abs(error_of(run, outcome)) < 1.0
    assert outcome.evaporation_mean_ug_per_min == pytest.approx(20.0, rel=0.15)


@pytest.mark.parametrize("error", [-20.0, 20.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_pump_a_fifth_off_fails(error: float, seed: int) -> None:
    run = simulate(Truth(error_percent=error), seed)
    assert evaluated(run).verdict is Verdict.FAIL


def test_a_limit_inside_the_uncertainty_is_inconclusive() -> None:
    outcome = evaluated(simulate(Truth(error_percent=14.5, draws=0.0, weather=0.0), 1))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.decisions[0].acceptance_high is not None
    assert outcome.decisions[0].acceptance_high < 14.5


def test_each_correction_is_needed() -> None:
    """Left out one at a time, each moves the result by what its physics says."""
    run = simulate(Truth(draws=0.0, weather=0.0, noise_ug=0.0, evaporation_ug_per_min=5.0), 1)
    whole = evaluated(run)
    assert error_of(run, whole) == pytest.approx(0.0, abs=0.02)
    no_blanks = replace(run.series, phases=replace(run.series.phases, blank_before=None, blank_after=None))
    stated = BENCH.model_copy(update={"evaporation_limit_ug_per_min": 10.0})
    dry = evaluate_flow(no_blanks, evaluation_of(), bench=stated)
    assert dry.error_a.measured.value == pytest.approx(-100.0 * 5.1 / 149.7, abs=0.2)
    thin = BENCH.model_copy(update={"tube_outer_diameter_mm": 0.0, "tube_outer_diameter_u_mm": 0.0})
    afloat = evaluate_flow(run.series, evaluation_of(), bench=thin)
    assert afloat.error_a.measured.value - whole.error_a.measured.value == pytest.approx(0.16, abs=0.01)
    lost_mg = whole.evaporation_mean_ug_per_min * 1500e-3
    read_mg = (whole.delivered_volume.value / whole.air.z_ul_per_mg - lost_mg) / (1.0 - whole.air.immersion_factor)
    by_formula = (read_mg + lost_mg) / 0.998 / 25.0
    assert whole.as_written.mean_flow_ul_per_h == pytest.approx(by_formula, rel=2e-5)
    assert whole.as_written.error_a_percent - whole.corrected.error_a_percent == pytest.approx(0.07, abs=0.01)


def test_the_barometer_matters() -> None:
    run = simulate(Truth(draws=0.0, noise_ug=0.0), 3)
    with_barometer = evaluated(run)
    massless = BENCH.model_copy(update={"displaced_volume_ml": 0.0, "displaced_volume_u_ml": 0.0})
    without = evaluate_flow(run.series, evaluation_of(), bench=massless)
    assert abs(error_of(run, with_barometer)) < 0.02
    assert abs(error_of(run, without)) > 0.05


def test_the_reference_temperature_is_part_of_the_volume() -> None:
    run = simulate(Truth(), 1)
    cold, warm = (evaluated(run, evaluation_of(reference_c=celsius)) for celsius in (20.0, 37.0))
    expected = float(volume_at_temperature_ul(volume_ul=cold.delivered_volume.value, from_c=20.0, to_c=37.0))
    assert warm.delivered_volume.value == pytest.approx(expected, rel=1e-9)
    assert warm.measurand.endswith("at 37 Celsius")
    assert {row.role: row.temperature_c for row in warm.at_temperatures}["volume reference"] == 37.0
    at_dose = next(row for row in warm.at_temperatures if row.role == "dose concentration")
    assert at_dose.mean_flow_ul_per_h == pytest.approx(cold.mean_flow.value, rel=1e-9)


@pytest.mark.parametrize(
    "missing", ["pump_temperature_c", "volume_reference_temperature_c", "dose_concentration_temperature_c"]
)
def test_a_plan_without_a_temperature_is_refused(missing: str) -> None:
    table = evaluation_of().model_dump(mode="json")
    del table[missing]
    with pytest.raises(ValueError, match=missing):
        FlowEvaluation.model_validate(table)


def test_flow_volume_and_error_carry_one_uncertainty() -> None:
    outcome = evaluated(simulate(Truth(), 1))
    error, flow, volume = outcome.error_a.measured, outcome.mean_flow, outcome.delivered_volume
    assert flow.expanded_uncertainty == pytest.approx(error.expanded_uncertainty * 0.09)
    assert volume.value == pytest.approx(flow.value * 25.0)
    assert volume.expanded_uncertainty == pytest.approx(flow.expanded_uncertainty * 25.0)
    for measured, budget in ((flow, outcome.mean_flow_budget), (volume, outcome.delivered_volume_budget)):
        assert math.hypot(*(line.contribution for line in budget)) == pytest.approx(measured.standard_uncertainty)
        assert [line.name for line in budget] == [line.name for line in outcome.error_a.lines]


def test_without_air_record_the_fall_back_is_stated_and_u_is_wider() -> None:
    run = simulate(Truth(), 1)
    measured = evaluated(run)
    assumed = evaluate_flow(without_air(run.series), evaluation_of(), bench=BENCH)
    assert assumed.error_a.measured.expanded_uncertainty > 2.0 * measured.error_a.measured.expanded_uncertainty
    assert not assumed.air.measured
    assert any("laboratory air was assumed" in note for note in assumed.notes)
    assert "no usable air record" in assumed.evaporation_model
    assert abs(error_of(run, assumed)) <= assumed.error_a.measured.expanded_uncertainty


def test_one_blank_is_said_and_budgeted() -> None:
    run = simulate(Truth(), 1)
    series = replace(run.series, phases=replace(run.series.phases, blank_after=None))
    outcome = evaluate_flow(series, evaluation_of(), bench=BENCH)
    assert any("one blank only" in note for note in outcome.notes)
    assert budget(outcome, "evaporation, one blank only") > 0.3
    assert abs(error_of(run, outcome)) <= outcome.error_a.measured.expanded_uncertainty


def test_without_blank_and_without_a_stated_limit_there_is_no_number() -> None:
    run = simulate(Truth(), 1)
    series = replace(run.series, phases=replace(run.series.phases, blank_before=None, blank_after=None))
    with pytest.raises(EvaluationRefused, match="evaporation_limit_ug_per_min"):
        evaluate_flow(series, evaluation_of(), bench=BENCH)
    stated = BENCH.model_copy(update={"evaporation_limit_ug_per_min": 2.0})
    outcome = evaluate_flow(series, evaluation_of(), bench=stated)
    assert budget(outcome, "evaporation, not measured") == pytest.approx(2.0 / math.sqrt(3.0) / 149.7 * 100.0, rel=0.01)
    assert any("not corrected" in note for note in outcome.notes)
    assert "not corrected for evaporation" in outcome.as_written.label


def test_a_gain_in_the_blanks_is_drift_its_sign_is_kept_and_u_widened() -> None:
    run = simulate(Truth(evaporation_ug_per_min=0.0, extra_drift_ug_per_min=3.0), 1)
    outcome = evaluated(run)
    assert outcome.evaporation_mean_ug_per_min < -2.0
    assert any("drift, not evaporation" in note for note in outcome.notes)
    assert budget(outcome, "evaporation, negative in the blanks") > 0.8
    assert abs(error_of(run, outcome)) <= outcome.error_a.measured.expanded_uncertainty


def test_a_film_torn_between_the_blanks_widens_u() -> None:
    run = simulate(Truth(evaporation_ug_per_min=1.5, evaporation_growth_percent=1000.0), 1)
    outcome = evaluated(run)
    assert budget(outcome, "evaporation, when the change") > 1.0
    assert abs(error_of(run, outcome)) <= outcome.error_a.measured.expanded_uncertainty


def test_evaporation_follows_the_rising_level() -> None:
    """A headspace of 10 mm shrinks to 3.5 mm: evaporation nearly trebles, and not in a straight line."""
    shallow = BENCH.model_copy(update={"headspace_mm": 10.0})
    flow = 1000.0 / 24.0
    truth = Truth(flow_ul_per_h=flow, bench=shallow, draws=0.0, evaporation_growth_percent=0.0, noise_ug=1.0)
    run = simulate(truth, 1)
    level = evaluate_flow(run.series, evaluation_of(flow_ul_per_h=flow), bench=shallow)
    flat = evaluate_flow(run.series, evaluation_of(flow_ul_per_h=flow), bench=BENCH)
    assert "headspace" in level.evaporation_model
    assert abs(error_of(run, level)) < 0.02
    assert abs(error_of(run, flat)) > 0.05
    assert budget(level, "evaporation, when the change") < 0.2 * budget(flat, "evaporation, when the change")


def test_a_vessel_that_would_have_run_over_is_refused() -> None:
    shallow = BENCH.model_copy(update={"headspace_mm": 1.0})
    with pytest.raises(EvaluationRefused, match="use a larger vessel"):
        evaluate_flow(simulate(Truth(), 1).series, evaluation_of(), bench=shallow)


def test_a_stall_of_three_hours_is_seen_with_its_time() -> None:
    stall = (40.0 * HOUR, 43.0 * HOUR)
    outcome = evaluated(simulate(Truth(stalls_s=(stall,)), 1))
    continuity = outcome.continuity
    assert continuity.interrupted
    assert continuity.longest_gap_s == pytest.approx(3.0 * HOUR, abs=300.0)
    assert continuity.gap_begin_s == pytest.approx(stall[0], abs=200.0)
    assert continuity.largest_shortfall_ul == pytest.approx(27.0, rel=0.1)
    assert any("delivery was interrupted" in note for note in outcome.notes)
    assert outcome.corrected.error_a_percent == pytest.approx(-12.0, abs=0.5)


def test_a_stall_before_the_analysis_is_seen_too() -> None:
    outcome = evaluated(simulate(Truth(stalls_s=((10.0 * HOUR, 13.0 * HOUR),)), 1))
    assert outcome.continuity.interrupted
    assert abs(outcome.corrected.error_a_percent) < 0.5
    assert outcome.whole_infusion_error_percent == pytest.approx(-100.0 * 3.0 / 49.0, abs=0.5)


@pytest.mark.parametrize(("flow", "stroke"), [(9.0, 2.0), (9.0, 0.5), (2.0, 2.0)])
def test_strokes_are_no_interruption(flow: float, stroke: float) -> None:
    run = simulate(Truth(flow_ul_per_h=flow, stroke_ul=stroke), 1)
    outcome = evaluate_flow(run.series, evaluation_of(flow_ul_per_h=flow), bench=BENCH)
    assert not outcome.continuity.interrupted
    assert not outcome.notes[1:2] or "interrupted" not in outcome.notes[1]


def test_whole_strokes_take_the_strokes_out_of_the_trumpet() -> None:
    run = simulate(Truth(stroke_ul=2.0, draws=0.0, weather=0.0, noise_ug=1.0, evaporation_ug_per_min=0.0), 1)
    evaluation = evaluation_of().model_copy(update={"stroke_volume_ul": 2.0})
    outcome = evaluate_flow(run.series, evaluation, bench=BENCH)
    strokes = outcome.strokes
    assert strokes is not None
    assert strokes.cycle_s == pytest.approx(800.0, rel=0.01)
    assert outcome.corrected.trumpet[0].ep_max_percent > 70.0
    assert strokes.error_percent == pytest.approx(0.0, abs=0.6)
    by_strokes = strokes.windows[0]
    assert by_strokes.strokes == 1
    assert -1.0 < by_strokes.ep_min_percent <= by_strokes.ep_max_percent < 3.0
    assert evaluated(run).strokes is None


def test_start_up_covers_the_profile_s_time_from_the_start_of_the_infusion() -> None:
    run = simulate(Truth(error_percent=3.0), 1)
    startup = evaluated(run).startup
    assert startup is not None
    assert len(startup.flow_ul_per_h) == 96
    assert startup.begin_s == run.series.phases.infusion_start_s
    assert float(np.mean(startup.flow_ul_per_h)) == pytest.approx(9.27, abs=0.05)


def test_the_noise_floor_is_measured_and_simulated() -> None:
    outcome = evaluated(simulate(Truth(), 1))
    assert [row.samples for row in outcome.pump_off] == [1, 4]
    assert [row.windows for row in outcome.pump_off] == [16, 10]
    for row in outcome.pump_off:
        assert row.ep_min_percent < 0.5
        assert row.ep_max_percent - row.ep_min_percent < 8.0
    assert [row.samples for row in outcome.window_uncertainty] == [1, 4, 10, 22, 38, 62]
    floors = [row.noise_floor_percent for row in outcome.window_uncertainty]
    assert floors == sorted(floors, reverse=True)


def test_s_is_printed_with_the_trumpet_and_m_is_the_standard_s() -> None:
    outcome = evaluated(simulate(Truth(), 1))
    for variant in (outcome.corrected, outcome.as_written):
        assert variant.sample_interval_s == 900.0
        assert [row.windows for row in variant.trumpet] == [100, 97, 91, 79, 63, 39]
        assert [row.window_s / 60.0 for row in variant.trumpet] == [15.0, 60.0, 150.0, 330.0, 570.0, 930.0]


def trumpet_criterion(name: str, high: float) -> FlowEvaluation:
    criterion = Criterion(id="T", measurand=name, unit="%", low=-high, high=high, source="house")
    return evaluation_of().model_copy(update={"criteria": (criterion,)})


def test_a_window_can_be_a_criterion_when_the_bench_is_quiet_enough() -> None:
    run = simulate(Truth(error_percent=1.0), 1)
    assert evaluated(run, trumpet_criterion("Ep(max), P = 930 min", 14.5)).verdict is Verdict.PASS
    assert evaluated(run, trumpet_criterion("Ep(min), P = 930 min", 14.5)).verdict is Verdict.PASS
    bad = simulate(Truth(error_percent=20.0), 1)
    assert evaluated(bad, trumpet_criterion("Ep(max), P = 930 min", 14.5)).verdict is Verdict.FAIL


def test_no_conformity_statement_on_a_window_drowned_in_noise() -> None:
    outcome = evaluated(simulate(Truth(), 1), trumpet_criterion("Ep(max), P = 15 min", 30.0))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "noise floor" in outcome.decisions[0].reason


def test_a_window_the_profile_does_not_have_is_refused() -> None:
    with pytest.raises(EvaluationRefused, match="P = 31 min"):
        evaluated(simulate(Truth(), 1), trumpet_criterion("Ep(max), P = 31 min", 14.5))


@pytest.mark.parametrize("name", ["flow", "Ep(max)", "Ep(mean), P = 15 min", "Ep(max), P = x min"])
def test_a_measurand_that_does_not_exist_is_refused_in_the_plan(name: str) -> None:
    table = evaluation_of().model_dump(mode="json")
    table["criteria"][0]["measurand"] = name
    with pytest.raises(ValueError, match="no measurand"):
        FlowEvaluation.model_validate(table)


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


def test_withdrawing_from_a_supply_on_the_balance() -> None:
    run = simulate(Truth(evaporation_ug_per_min=0.0, draws=0.0, weather=0.0), 1)
    turned = replace(run.series, mass_g=100.0 - run.series.mass_g)
    evaluation = evaluation_of().model_copy(update={"direction": "withdraw"})
    outcome = evaluate_flow(turned, evaluation, bench=BENCH)
    assert outcome.error_a.measured.value == pytest.approx(run.error_percent, abs=0.05)


def test_what_evaporates_from_the_supply_is_not_delivered() -> None:
    """20 ug/min, 13 % of the flow, fall off the same pan that the pump draws from."""
    truth = Truth(evaporation_ug_per_min=20.0, evaporation_growth_percent=0.0, draws=0.0, weather=0.0)
    dry, wet = simulate(replace(truth, evaporation_ug_per_min=0.0), 1), simulate(truth, 1)
    lost_g = dry.series.mass_g - wet.series.mass_g
    supply = replace(wet.series, mass_g=100.0 - dry.series.mass_g - lost_g)
    evaluation = evaluation_of().model_copy(update={"direction": "withdraw"})
    measured = evaluate_flow(supply, evaluation, bench=BENCH).error_a.measured
    assert abs(measured.value - wet.error_percent) <= measured.expanded_uncertainty < 1.0
    collected = evaluate_flow(supply, evaluation_of(), bench=BENCH).error_a.measured
    assert collected.value < -150.0  # taken for a collecting vessel, the pump would have sucked


def test_the_worked_collection_of_a_day() -> None:
    """Readings of the worked example, end to end: 8.989707 uL/h corrected, and by the plain formula."""
    day = 86_400.0
    time_s = np.arange(0.0, day + 7200.0 * 2 + 1.0, 60.0)
    before, after = 0.62e-6 / 60.0, 0.70e-6 / 60.0
    mass = np.full(time_s.size, 5.012345)
    blank, analysis = time_s < 7200.0, (time_s >= 7200.0) & (time_s <= 7200.0 + day)
    mass[blank] += before * (7200.0 - time_s[blank])
    mass[analysis] += (5.226789 - 5.012345) * (time_s[analysis] - 7200.0) / day
    late = time_s > 7200.0 + day
    mass[late] = 5.226789 - after * (time_s[late] - 7200.0 - day)
    series = FlowSeries(
        time_s=time_s,
        mass_g=mass,
        status=np.zeros(time_s.size, dtype=np.uint8),
        phases=FlowPhases(
            analysis=Phase(7200.0, 7200.0 + day),
            blank_before=Phase(0.0, 7200.0),
            blank_after=Phase(7200.0 + day, day + 14_400.0),
        ),
    )
    outcome = evaluate_flow(series, evaluation_of(), bench=BENCH)
    assert outcome.evaporation_mean_ug_per_min == pytest.approx(0.66, abs=1e-6)
    mass_g = (5.226789 - 5.012345) * (1.0 - 0.0016) + 0.66e-6 * 1440.0
    expected = mass_g * 1e3 * outcome.air.z_ul_per_mg / 24.0
    assert outcome.corrected.mean_flow_ul_per_h == pytest.approx(expected, rel=1e-9)
    written = 60.0 * ((5.226789 - 5.012345) + 0.66e-6 * 1440.0) / (1440.0 * 0.998) * 1e3
    assert outcome.as_written.mean_flow_ul_per_h == pytest.approx(written, rel=1e-9)
    assert "d = 0.998 g/mL, no buoyancy" in outcome.as_written.label


def test_the_same_input_gives_the_same_record_bit_for_bit() -> None:
    run = simulate(Truth(stroke_ul=0.5), 1)
    first, second = (json.dumps(evaluated(run).as_record(), allow_nan=False) for _ in range(2))
    assert first == second


def test_the_record_holds_the_whole_budget_in_json_types() -> None:
    record = json.loads(json.dumps(evaluated(simulate(Truth(), 1)).as_record(), allow_nan=False))
    lines = record["error_a"]["lines"]
    assert len(lines) >= 18
    for line in lines:
        assert {"name", "value", "unit", "standard_uncertainty", "distribution", "sensitivity"} <= set(line)
    assert record["verdict"] == "PASS"
    assert record["profile_sha256"]
    assert record["schema"].startswith("flow-outcome/")
    assert record["decisions"][0]["acceptance_high"] < 14.5


def test_a_simulated_run_says_so_first() -> None:
    assert evaluated(simulate(Truth(), 1)).notes[0].startswith("SIMULATED")


def test_the_simple_rule_asks_for_a_good_enough_bench() -> None:
    rule = DecisionRule(kind="simple", minimum_limit_to_u_ratio=100.0)
    outcome = evaluated(simulate(Truth(), 1), evaluation_of().model_copy(update={"decision_rule": rule}))
    assert outcome.verdict is Verdict.INCONCLUSIVE


def test_the_fast_profile() -> None:
    truth = Truth(
        flow_ul_per_h=416.7, stabilisation_s=600.0, analysis_s=3600.0, blank_s=600.0, step_s=1.0, error_percent=2.0
    )
    run = simulate(truth, 1)
    outcome = evaluate_flow(run.series, evaluation_of(flow_ul_per_h=416.7, profile="bench-fast"), bench=BENCH)
    assert [row.window_s / 60.0 for row in outcome.corrected.trumpet] == [2.0, 5.0, 11.0, 19.0, 31.0]
    assert [row.windows for row in outcome.corrected.trumpet] == [117, 111, 99, 83, 59]
    assert abs(error_of(run, outcome)) < 0.5
    assert outcome.wording.startswith("Not by the standard")
