"""The mean flow on a synthetic bench whose delivery is known: corrections, blanks, uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from results.decision import Verdict
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.physics.thermal import volume_at_temperature_ul
from results.refusal import EvaluationRefused
from tests.results.evaluate_flow.evaluated import SEEDS, budget, error_of, evaluated
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate, without_air


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
    for measured, lines in ((flow, outcome.mean_flow_budget), (volume, outcome.delivered_volume_budget)):
        assert math.hypot(*(line.contribution for line in lines)) == pytest.approx(measured.standard_uncertainty)
        assert [line.name for line in lines] == [line.name for line in outcome.error_a.lines]


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
