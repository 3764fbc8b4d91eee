from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.simulated.physics.arrays import Command, PumpFlow, Valve, simulate_arrays
from instruments.simulated.physics.bench import Bench
from instruments.simulated.truth import TwinConfig

HOUR_S = 3600.0
RUNNING: list[Command] = [Valve(0.0, "outlet", True), PumpFlow(0.0, 36.0)]


def _run(truth: TwinConfig, until_s: float, schedule: list[Command] | None = None) -> Any:
    return simulate_arrays(truth, 1, RUNNING if schedule is None else schedule, np.arange(0.0, until_s, 1.0))


def _tip_between(arrays: Any, start_s: float, end_s: float) -> float:
    return float(arrays.tip_volume_ul[int(end_s)] - arrays.tip_volume_ul[int(start_s)])


def test_a_stall_delivers_nothing_and_the_pump_does_not_know(quiet: Any) -> None:
    truth = quiet(events=[{"kind": "stall", "at_s": HOUR_S, "duration_s": 3 * HOUR_S}])
    arrays = _run(truth, 6 * HOUR_S)
    assert _tip_between(arrays, HOUR_S + 10.0, 4 * HOUR_S - 1.0) == pytest.approx(0.0, abs=1e-3)
    assert _tip_between(arrays, 0.0, HOUR_S) == pytest.approx(36.0, abs=1.5)
    assert _tip_between(arrays, 4.5 * HOUR_S, 5.5 * HOUR_S) == pytest.approx(36.0, abs=1.5)
    bench = Bench(truth, 1)
    bench.set_pump_flow(0.0, 36.0)
    before, during = bench.pump_mechanics(HOUR_S - 1.0), bench.pump_mechanics(2 * HOUR_S)
    assert (before.stalled, during.stalled, bench.pump_mechanics(5 * HOUR_S).stalled) == (False, True, False)
    assert during.strokes_commanded - before.strokes_commanded in (35, 36, 37)
    assert during.strokes_made - before.strokes_made <= 1
    assert during.reservoir_ul == pytest.approx(before.reservoir_ul, abs=1.1)


def test_a_rate_error_holds_for_its_time(quiet: Any) -> None:
    event = {"kind": "rate_error", "at_s": 2 * HOUR_S, "duration_s": 2 * HOUR_S, "percent": 30.0}
    arrays = _run(quiet(events=[event]), 6 * HOUR_S)
    assert _tip_between(arrays, 0.0, 2 * HOUR_S) == pytest.approx(72.0, abs=1.5)
    assert _tip_between(arrays, 2 * HOUR_S, 4 * HOUR_S) == pytest.approx(72.0 * 1.3, abs=1.5)
    assert _tip_between(arrays, 4 * HOUR_S, 6 * HOUR_S - 1.0) == pytest.approx(72.0, abs=1.5)


def test_a_drift_grows_from_its_beginning_and_ends(quiet: Any) -> None:
    event = {"kind": "drift", "at_s": 2 * HOUR_S, "duration_s": 8 * HOUR_S, "percent_per_day": 120.0}
    arrays = _run(quiet(events=[event]), 12 * HOUR_S)
    assert _tip_between(arrays, 0.0, 2 * HOUR_S) == pytest.approx(72.0, abs=1.5)
    # 5 %/h from 2 h on: 1.5 % on average in the first half hour, 37.5 % in the last hour.
    assert _tip_between(arrays, 9 * HOUR_S, 10 * HOUR_S) == pytest.approx(36.0 * 1.375, abs=1.7)
    assert _tip_between(arrays, 10.1 * HOUR_S, 11.1 * HOUR_S) == pytest.approx(36.0, abs=1.2)


def test_a_leak_takes_flow_from_the_tip_only_while_it_lasts(quiet: Any) -> None:
    event = {"kind": "leak", "at_s": HOUR_S, "duration_s": HOUR_S, "resistance_kpa_h_per_ml": 0.05}
    truth = quiet({"outlet.back_pressure_kpa.value": 0.0}, events=[event])
    arrays = _run(truth, 3 * HOUR_S)
    before, during, after = (_tip_between(arrays, k * HOUR_S, (k + 1) * HOUR_S - 1.0) for k in range(3))
    assert during < 0.35 * before
    assert after == pytest.approx(before, abs=1.5)


def test_a_leak_under_head_draws_water_back(quiet: Any) -> None:
    event = {"kind": "leak", "at_s": 0.0, "duration_s": HOUR_S, "resistance_kpa_h_per_ml": 0.5}
    truth = quiet({"outlet.back_pressure_kpa.value": 1.0}, events=[event])
    arrays = _run(truth, HOUR_S, [Valve(0.0, "outlet", True)])
    assert arrays.tip_volume_ul[-1] < -100.0
    assert arrays.indication_g[-1] - arrays.indication_g[0] == pytest.approx(
        1.0011 * 0.998e-3 * arrays.tip_volume_ul[-1], rel=1e-2
    )


def test_a_bubble_leaves_the_tip_alone_and_the_vessel_short(quiet: Any) -> None:
    event = {"kind": "bubble", "at_s": HOUR_S, "volume_ul": 20.0}
    plain, bubbled = _run(quiet(), 3 * HOUR_S), _run(quiet(events=[event]), 3 * HOUR_S)
    np.testing.assert_array_equal(plain.tip_volume_ul, bubbled.tip_volume_ul)
    short_mg = 1e3 * (plain.indication_g - bubbled.indication_g)
    assert abs(short_mg[: int(HOUR_S)]).max() == 0.0
    assert short_mg[-1] == pytest.approx(20.0 * 0.998 * 1.0011, abs=0.05)


def test_a_lost_film_raises_evaporation_while_it_lasts(quiet: Any) -> None:
    event = {"kind": "evaporation", "at_s": HOUR_S, "duration_s": 2 * HOUR_S, "ug_per_min": 20.0}
    conditions = {"vessel.evaporation_ug_per_min.value": 2.0, "room.temperature_c": 20.0, "room.humidity_percent": 50.0}
    arrays = _run(quiet(conditions, events=[event]), 5 * HOUR_S, [])
    lost_ug = -1e6 * (arrays.indication_g - arrays.indication_g[0])
    assert lost_ug[3600] == pytest.approx(120.0, abs=15.0)
    assert lost_ug[10_800] - lost_ug[3600] == pytest.approx(2400.0, rel=0.02)
    assert lost_ug[-1] - lost_ug[10_800] == pytest.approx(240.0, abs=20.0)


def test_a_spike_comes_and_goes(quiet: Any) -> None:
    event = {"kind": "spike", "at_s": 100.0, "duration_s": 10.0, "amplitude_mg": -5.0}
    arrays = _run(quiet(events=[event]), 300.0, [])
    away_mg = 1e3 * (arrays.indication_g - arrays.indication_g[0])
    assert abs(away_mg[:100]).max() == 0.0
    assert away_mg[100:112].min() == pytest.approx(-5.0, abs=0.5)
    assert abs(away_mg[130:]).max() < 0.015
    assert not arrays.stable[102:110].any()


def test_an_open_door_shakes_and_a_closed_one_recovers(quiet: Any) -> None:
    event = {"kind": "door_open", "at_s": 100.0, "duration_s": 60.0, "step_mg": 3.0}
    truth = quiet(events=[event])
    bench = Bench(truth, 1)
    signals = [bench.balance_signal(float(t)) for t in range(600)]
    assert [s.door_open for s in signals] == [100 <= t < 160 for t in range(600)]
    assert not any(s.stable for s in signals[100:160])
    assert all(s.stable for s in signals[300:])
    away_mg = np.array([1e3 * (s.indication_g - signals[0].indication_g) for s in signals])
    assert away_mg[110:160].mean() == pytest.approx(3.0, abs=0.3)
    assert away_mg[110:160].std() > 0.03
    assert away_mg[200] == pytest.approx(3.0 * np.exp(-1.0), abs=0.1)  # one recovery time after closing
    assert abs(away_mg[450:]).max() < 0.015


def test_a_rezero_shifts_the_indication_for_good(quiet: Any) -> None:
    events = [{"kind": "rezero", "at_s": 1000.05}, {"kind": "rezero", "at_s": 2000.0, "indication_mg": 5.0}]
    truth = quiet(events=events)
    bench = Bench(truth, 1)
    before, after = bench.balance_signal(1000.0), bench.balance_signal(1000.1)
    assert before.indication_g == pytest.approx(7.508, abs=0.01)
    assert after.indication_g == 0.0
    assert after.tare_g - before.tare_g == pytest.approx(before.indication_g, abs=1e-9)
    assert bench.balance_signal(1999.9).indication_g == 0.0
    assert bench.balance_signal(2000.0).indication_g == 0.005
    assert bench.balance_signal(1000.0) == before
    assert bench.balance_signal(5000.0).indication_g == 0.005


def test_a_load_drives_the_balance_over_and_under(quiet: Any) -> None:
    events = [
        {"kind": "load", "at_s": 100.0, "duration_s": 60.0, "load_g": 300.0},
        {"kind": "load", "at_s": 300.0, "duration_s": 60.0, "load_g": -100.0},
    ]
    bench = Bench(quiet(events=events), 1)
    states = {t: bench.balance_signal(t) for t in (50.0, 150.0, 250.0, 350.0, 450.0)}
    assert {t: (s.overload, s.underload) for t, s in states.items()} == {
        50.0: (False, False),
        150.0: (True, False),
        250.0: (False, False),
        350.0: (False, True),
        450.0: (False, False),
    }


def test_link_faults_are_carried_as_data(quiet: Any) -> None:
    events = [
        {"kind": "link_fault", "at_s": 10.0, "duration_s": 5.0, "device": "balance", "mode": "garbage"},
        {"kind": "link_fault", "at_s": 20.0, "duration_s": 5.0, "device": "pump", "mode": "late", "delay_s": 9.0},
    ]
    bench = Bench(quiet(events=events), 1)
    (fault,) = bench.link_faults("balance")
    assert (fault.at_s, fault.end_s, fault.mode) == (10.0, 15.0, "garbage")
    assert bench.link_faults("pump")[0].delay_s == 9.0
    assert bench.link_faults("daq") == ()
