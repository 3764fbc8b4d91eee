"""What happens in the course of a delivery: stalls, strokes, start-up, the trumpet and its noise floor."""

from __future__ import annotations

import numpy as np
import pytest

from results.decision import Verdict
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.refusal import EvaluationRefused
from tests.results.evaluate_flow.evaluated import evaluated, trumpet_criterion
from tests.results.synthetic import BENCH, HOUR, Truth, evaluation_of, simulate


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
