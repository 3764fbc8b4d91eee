"""Supplies on the balance, the worked collection, and what the record holds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from results.decision import DecisionRule, Verdict
from results.evaluate_flow import evaluate_flow
from results.series import FlowPhases, FlowSeries, Phase
from tests.results.evaluate_flow.evaluated import error_of, evaluated
from tests.results.synthetic import BENCH, Truth, evaluation_of, simulate


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
