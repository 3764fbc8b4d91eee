"""The occluded line against published numbers: time to a pressure, stored volume, and what a release lets out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.simulated.physics.bench import Bench

EXTERNAL = {
    "pump.kind": "external",
    "pump.stroke_volume_ul": 2.0,
    "pump.reservoir_capacity_ul": 100_000.0,
    "pump.reservoir_ul": 100_000.0,
}


def _first_above_s(bench: Bench, kpa: float, begin_s: float, end_s: float) -> float:
    times_s = np.arange(begin_s, end_s, 0.01)
    pressures_kpa = bench.pressure_kpa("catheter", times_s)
    return float(times_s[np.argmax(pressures_kpa >= kpa)])


def test_the_worked_example_of_a_volumetric_pump(quiet: Any) -> None:
    # 12 mL/h into 0.010 mL/kPa from 15 to 85 kPa: 210 s, 0.700 mL stored (atlasofengineering.com, occlusion case).
    truth = quiet(EXTERNAL | {"catheter.compliance_ul_per_kpa.value": 10.0, "outlet.back_pressure_kpa.value": 0.0})
    bench = Bench(truth, 1)
    bench.set_valve(0.0, "outlet", energised=True)
    bench.operate(0.0, "set_back_pressure", {"kpa": 15.0})
    bench.set_pump_flow(0.0, 12_000.0)
    bench.set_pump_flow(600.0, 0.0)
    bench.set_valve(900.0, "occluder", energised=True)
    bench.set_pump_flow(900.0, 12_000.0)
    assert _first_above_s(bench, 85.0, 900.0, 1200.0) - 900.0 == pytest.approx(210.0, abs=0.7)
    bench.set_pump_flow(1110.0, 0.0)
    before_ul = bench.tip_volume_ul(1110.0)
    bench.set_valve(1200.0, "occluder", energised=False)
    assert bench.tip_volume_ul(2400.0) - before_ul == pytest.approx(700.0, abs=2.1)


@pytest.mark.parametrize(
    ("kpa", "flow_ml_per_h", "published_s"),
    [(30.1, 1.0, 547.0), (30.1, 25.0, 33.0), (75.1, 1.0, 1553.0), (75.1, 100.0, 15.0), (120.0, 25.0, 126.0)],
)
def test_the_time_to_alarm_of_a_volumetric_pump_at_its_compliance(
    quiet: Any, kpa: float, flow_ml_per_h: float, published_s: float
) -> None:
    # Infusomat Space, instructions for use: the compliance each pair of the table implies gives back its time.
    compliance = 1000.0 * flow_ml_per_h * published_s / 3600.0 / kpa
    changes = {"catheter.compliance_ul_per_kpa.value": compliance, "outlet.waste_back_pressure_kpa.value": 0.0}
    bench = Bench(quiet(EXTERNAL | changes), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 1000.0 * flow_ml_per_h)
    # A stroke of 2 uL more or less, and a slice of 0.5 s.
    slack_s = 0.5 + 2.0 * 3.6 / flow_ml_per_h
    assert _first_above_s(bench, kpa, 0.0, 2000.0) == pytest.approx(published_s, abs=slack_s)


@pytest.mark.parametrize(("to_vessel", "arrives"), [(True, 1.0), (False, 0.0)])
def test_a_release_leads_to_where_the_outlet_leads(quiet: Any, to_vessel: bool, arrives: float) -> None:
    bench = Bench(quiet(EXTERNAL | {"catheter.compliance_ul_per_kpa.value": 1.0}), 1)
    bench.set_valve(0.0, "outlet", energised=to_vessel)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 5_000.0)
    bench.set_pump_flow(72.0, 0.0)
    before_g, before_ul = bench.balance_signal(100.0).indication_g, bench.tip_volume_ul(100.0)
    bench.set_valve(100.0, "occluder", energised=False)
    released_ul = bench.tip_volume_ul(300.0) - before_ul
    assert released_ul == pytest.approx(100.0, abs=2.0)
    gained_g = bench.balance_signal(300.0).indication_g - before_g
    assert gained_g == pytest.approx(arrives * 0.998e-3 * released_ul, abs=1e-3)


def test_a_leak_at_the_dead_end_takes_the_pressure_away(quiet: Any) -> None:
    leak = {"kind": "leak", "at_s": 0.0, "duration_s": 1e6, "resistance_kpa_h_per_ml": 10.0}
    tight, leaking = (Bench(quiet(EXTERNAL, events=events), 1) for events in ([], [leak]))
    for bench in (tight, leaking):
        bench.set_valve(0.0, "occluder", energised=True)
        bench.set_pump_flow(0.0, 1_000.0)
        bench.set_pump_flow(36.0, 0.0)
    assert tight.outlet_pressure_kpa(600.0) == pytest.approx(tight.outlet_pressure_kpa(60.0))
    # 0.1 uL/kPa through 10 kPa h/mL: a time constant of 3.6 s.
    assert leaking.outlet_pressure_kpa(120.0) < 0.01


def test_a_leak_too_large_for_the_pump_never_lets_the_pressure_reach_an_alarm(quiet: Any) -> None:
    leak = {"kind": "leak", "at_s": 0.0, "duration_s": 1e6, "resistance_kpa_h_per_ml": 10.0}
    bench = Bench(quiet(EXTERNAL, events=[leak]), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 5_000.0)
    pressures_kpa = bench.pressure_kpa("line", np.arange(60.0, 600.0, 0.1))
    assert pressures_kpa.mean() == pytest.approx(50.0, rel=0.02)
