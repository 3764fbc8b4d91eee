"""What a person does at the bench, against the physics each action stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.pan import true_mass_g
from instruments.simulated.truth.measuring import HandlingTruth

FIXTURE = {"fixture.compliance_ul_per_kpa.value": 0.02, "fixture.valve_displacement_ul.value": 0.3}
EXACT = {
    "handling.syringe_error_percent.value": 0.0,
    "handling.syringe_repeatability_ul": 0.0,
    "handling.reference_error_kpa.value": 0.0,
    "handling.filling_g": 0.0,
}


def _pressures(bench: Bench, times_s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return bench.pressure_kpa("line", times_s), bench.pressure_kpa("catheter", times_s)


def _at(bench: Bench, time_s: float) -> float:
    return bench.outlet_pressure_kpa(time_s)


# ---- the balance


@pytest.mark.parametrize("nominal_g", [0.2, 1.0, 50.0])
def test_a_check_weight_reads_its_true_mass_in_air(quiet: Any, nominal_g: float) -> None:
    truth = quiet({"balance.sensitivity_error_ppm.value": 200.0})
    bench = Bench(truth, 4)
    before_g = bench.balance_signal(50.0).indication_g
    bench.operate(60.0, "place_weight", {"mass_g": nominal_g})
    assert bench.balance_signal(60.0).indication_g == before_g
    gained_g = bench.balance_signal(100.0).indication_g - before_g
    true_g = true_mass_g(nominal_g, truth.handling, 4)
    # A steel weight in air of 1.19 instead of 1.2 kg/m3: 1.3 ppm; beside it the balance's 200 ppm.
    assert gained_g == pytest.approx(true_g * 1.0002, abs=2e-5 + 3e-6 * nominal_g)
    bench.operate(110.0, "remove_weight", {})
    assert bench.balance_signal(150.0).indication_g == pytest.approx(before_g, abs=2e-5)


@pytest.mark.parametrize(("weight_class", "permissible_mg"), [("E1", 0.010), ("E2", 0.03), ("F1", 0.10)])
def test_a_weight_of_a_class_lies_within_its_permissible_error(weight_class: Any, permissible_mg: float) -> None:
    # OIML R 111-1 (2004), table 1, 1 g.
    truth = HandlingTruth(weight_class=weight_class)
    off_mg = np.array([1e3 * (true_mass_g(1.0, truth, seed) - 1.0) for seed in range(200)])
    assert np.abs(off_mg).max() <= permissible_mg
    assert np.abs(off_mg).max() > 0.9 * permissible_mg
    assert true_mass_g(1.0, truth, 7) == true_mass_g(1.0, truth, 7)


def test_an_emptied_vessel_holds_its_first_water_again(quiet: Any) -> None:
    bench = Bench(quiet(EXACT), 1)
    first_g = bench.balance_signal(10.0).indication_g
    bench.set_valve(10.0, "outlet", energised=True)
    bench.set_pump_flow(10.0, 1000.0)
    bench.set_pump_flow(3610.0, 0.0)
    assert bench.balance_signal(3800.0).indication_g - first_g == pytest.approx(0.998, abs=0.003)
    bench.operate(3800.0, "empty_vessel", {})
    assert bench.balance_signal(3900.0).indication_g == pytest.approx(first_g, abs=1e-4)


# ---- the line


def test_an_injection_into_the_closed_fixture_measures_its_compliance(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE | EXACT), 1)
    bench.operate(10.0, "isolate_pump", {})
    bench.set_valve(20.0, "occluder", energised=True)
    closed_kpa = _at(bench, 30.0)
    bench.operate(30.0, "inject_fixture", {"volume_ul": 1.0})
    assert _at(bench, 31.0) - closed_kpa == pytest.approx(1.0 / 0.02, rel=1e-9)
    assert _at(bench, 600.0) == _at(bench, 31.0)
    line, catheter = _pressures(bench, np.array([100.0]))
    assert line == catheter


def test_a_syringe_has_an_error_of_its_own_and_one_of_each_push(typical: Any, tmp_path: Path) -> None:
    bench = Bench(typical({"handling.syringe_repeatability_ul": 0.02}), 3)
    for number in range(200):
        bench.operate(float(number), "inject_fixture", {"volume_ul": 10.0})
    bench.write_truth(tmp_path / "truth.h5", 200.0)
    with h5py.File(tmp_path / "truth.h5") as file:
        pushed_ul = np.array([json.loads(text)["volume_ul"] for text in file["commands/true_values"][:]])
    own_percent = bench.drawn.handling.syringe_error_percent.value
    assert pushed_ul.mean() == pytest.approx(10.0 * (1.0 + 0.01 * own_percent), abs=3.0 * 0.02 / 200**0.5)
    assert pushed_ul.std(ddof=1) == pytest.approx(0.02, rel=0.2)


def test_the_occluder_displaces_its_volume_into_a_closed_line_and_takes_it_back(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE), 1)
    bench.operate(0.0, "isolate_pump", {})
    at_rest_kpa = _at(bench, 9.0)
    bench.set_valve(10.0, "occluder", energised=True)
    assert _at(bench, 11.0) - at_rest_kpa == pytest.approx(0.3 / 0.02, rel=1e-9)
    tip_ul = bench.tip_volume_ul(20.0)
    bench.set_valve(20.0, "occluder", energised=False)
    assert _at(bench, 400.0) == pytest.approx(at_rest_kpa, abs=1e-6)
    assert bench.tip_volume_ul(400.0) == pytest.approx(tip_ul, abs=1e-9)


def test_switching_a_valve_to_where_it_stands_displaces_nothing(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE), 1)
    bench.set_valve(10.0, "occluder", energised=True)
    closed_kpa = _at(bench, 11.0)
    bench.set_valve(12.0, "occluder", energised=True)
    assert _at(bench, 13.0) == closed_kpa


def test_at_the_dead_end_pump_and_fixture_yield_together(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE | {"catheter.compliance_ul_per_kpa.value": 0.1}), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    start_kpa = _at(bench, 1.0)
    bench.set_pump_flow(1.0, 12.0)
    assert (_at(bench, 3601.0) - start_kpa) * 0.12 == pytest.approx(12.0, abs=1.0)


def test_connecting_the_pump_lets_two_pressures_meet(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE | EXACT | {"catheter.compliance_ul_per_kpa.value": 0.1}), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.operate(1.0, "isolate_pump", {})
    left_kpa = _at(bench, 1.0)
    bench.operate(2.0, "inject_fixture", {"volume_ul": 2.0})
    high_kpa = _at(bench, 3.0)
    bench.operate(4.0, "connect_pump", {})
    assert _at(bench, 5.0) == pytest.approx((0.1 * left_kpa + 0.02 * high_kpa) / 0.12, rel=1e-9)


def test_an_isolated_pump_delivers_nothing(quiet: Any) -> None:
    bench = Bench(quiet(FIXTURE), 1)
    bench.operate(1.0, "isolate_pump", {})
    tip_ul, reservoir_ul = bench.tip_volume_ul(1.0), bench.pump_mechanics(1.0).reservoir_ul
    bench.set_pump_flow(1.0, 1000.0)
    assert bench.tip_volume_ul(1000.0) == pytest.approx(tip_ul, abs=1e-9)
    assert bench.pump_mechanics(1000.0).reservoir_ul == reservoir_ul


def test_back_pressure_stands_in_the_line_and_slows_the_pump(quiet: Any) -> None:
    bench = Bench(quiet({"pump.back_pressure_percent_per_kpa.value": -0.3}), 1)
    bench.set_valve(0.0, "outlet", energised=True)
    bench.set_pump_flow(0.0, 100.0)
    volumes = {}
    for start_s, kpa in ((0.0, 0.0), (40_000.0, 13.33), (80_000.0, -13.33)):
        bench.operate(start_s, "set_back_pressure", {"kpa": kpa})
        volumes[kpa] = bench.tip_volume_ul(start_s + 37_000.0) - bench.tip_volume_ul(start_s + 1000.0)
        assert _at(bench, start_s + 37_000.0) == pytest.approx(kpa + 0.5, abs=0.2)
    for kpa in (13.33, -13.33):
        assert volumes[kpa] / volumes[0.0] - 1.0 == pytest.approx(-0.003 * kpa, abs=2e-3)


def test_a_bath_reaches_the_pump_after_its_lag(quiet: Any) -> None:
    bench = Bench(quiet({"pump.temperature_percent_per_k.value": 1.0}), 1)
    bench.set_pump_flow(0.0, 500.0)
    cold_ul = bench.tip_volume_ul(7200.0)
    bench.operate(7200.0, "set_bath", {"temperature_c": 37.0})
    start_s = 7200.0 + 6000.0
    warm_ul = bench.tip_volume_ul(start_s + 7200.0) - bench.tip_volume_ul(start_s)
    # 15.5 K warmer: 15.5 % more, of which 0.45 % is gone as it cools to the tip's temperature.
    assert warm_ul / cold_ul == pytest.approx((1.0 + 0.155 / 0.995) * 0.9955, rel=3e-3)
    bench.operate(20_500.0, "remove_bath", {})
    again_ul = bench.tip_volume_ul(50_000.0) - bench.tip_volume_ul(42_800.0)
    assert again_ul / cold_ul == pytest.approx(1.0, rel=2e-3)


def test_ambient_pressure_acts_on_room_pump_and_buoyancy(quiet: Any) -> None:
    bench = Bench(quiet({"pump.ambient_pressure_percent_per_kpa.value": -0.5}), 1)
    before_g = bench.balance_signal(100.0).indication_g
    bench.operate(100.0, "set_ambient_pressure", {"hpa": 908.0})
    assert bench.room(100.0).pressure_hpa == pytest.approx(1008.0)
    assert bench.room(200.0).pressure_hpa == 908.0
    # 100 hPa less: 0.119 kg/m3 less air on the 28 cm3 displaced.
    assert bench.balance_signal(300.0).indication_g - before_g == pytest.approx(0.119e-3 * 28.0, rel=0.02)


def test_a_refill_is_what_the_pump_then_delivers_from(quiet: Any) -> None:
    bench = Bench(quiet(EXACT | {"pump.reservoir_ul": 50.0}), 1)
    bench.set_pump_flow(0.0, 500.0)
    assert bench.pump_mechanics(3600.0).reservoir_ul == pytest.approx(0.0, abs=1e-9)
    bench.operate(3600.0, "refill", {"volume_ul": 120.0})
    assert bench.pump_mechanics(3600.0).reservoir_ul == pytest.approx(120.0, abs=1.1)
    before_ul = bench.tip_volume_ul(3600.0)
    assert bench.tip_volume_ul(7200.0) - before_ul == pytest.approx(120.0, abs=0.1)


# ---- transducers


def test_a_reference_pressure_takes_the_place_of_the_lines(quiet: Any) -> None:
    bench = Bench(quiet(EXACT | {"channel.line.noise_kpa": 0.0, "channel.line.mains_pickup_kpa": 0.0}), 1)
    bench.operate(10.0, "apply_pressure", {"line": 100.0})
    bench.operate(20.0, "release_pressure", {})
    times_s = np.array([5.0, 9.999, 10.0, 15.0, 19.999, 20.0])
    read_ma = bench.electrical("line", times_s, 0)
    felt_kpa = (read_ma - 4.0) * 200.0 / 16.0
    np.testing.assert_allclose(felt_kpa[2:5], 100.0, atol=1e-9)
    np.testing.assert_allclose(felt_kpa[[0, 1, 5]], bench.pressure_kpa("line", times_s[[0, 1, 5]]), atol=1e-9)
    assert bench.outlet_pressure_kpa(15.0) < 1.0


# ---- all of it


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("juggle", {}, "nobody at the bench can 'juggle'; there are: place_weight, "),
        ("place_weight", {}, "place_weight takes mass_g"),
        ("place_weight", {"mass_g": 1.0, "kpa": 1.0}, "place_weight takes mass_g"),
        ("place_weight", {"mass_g": float("nan")}, "mass_g = nan"),
        ("remove_weight", {"mass_g": 1.0}, "remove_weight takes no value"),
        ("remove_weight", {}, "no weight lies on the pan"),
        ("refill", {"volume_ul": 20_001.0}, "is not from 0 to 20000"),
        ("connect_pump", {}, "connected already"),
        ("isolate_pump", {}, r"give the twin's truth a \[fixture\]"),
        ("apply_pressure", {}, "apply_pressure takes catheter, line"),
        ("apply_pressure", {"line": 1.0, "room": 1.0}, "apply_pressure takes catheter, line"),
        ("set_ambient_pressure", {"hpa": 101.3}, "is not from 500 to 1600"),
    ],
)
def test_what_cannot_be_done_is_refused(quiet: Any, action: str, values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bench(quiet(), 1).operate(1.0, action, values)


ACTIONS: list[tuple[float, str, dict[str, float]]] = [
    (100.3, "place_weight", {"mass_g": 0.2}),
    (160.0, "remove_weight", {}),
    (200.0, "set_bath", {"temperature_c": 37.0}),
    (333.3, "set_back_pressure", {"kpa": 13.33}),
    (500.0, "isolate_pump", {}),
    (500.0, "inject_fixture", {"volume_ul": 0.4}),
    (640.0, "connect_pump", {}),
    (707.3, "set_ambient_pressure", {"hpa": 950.0}),
    (1200.0, "empty_vessel", {}),
    (1300.0, "refill", {"volume_ul": 5000.0}),
]


def _everything(bench: Bench, times_s: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    room = bench.room_series(times_s)
    return [
        bench.indications_g(times_s),
        bench.tip_volumes_ul(times_s),
        bench.evaporated_g(times_s),
        *_pressures(bench, times_s),
        *room.values(),
    ]


def _begin(bench: Bench) -> None:
    bench.set_valve(0.0, "outlet", energised=True)
    bench.set_pump_flow(1.0, 50.0)


def test_actions_leave_the_same_trace_whoever_looks_when(typical: Any) -> None:
    times_s = np.arange(0.0, 2000.0, 0.7)
    plain = Bench(typical(), 5, block_s=0.0, history_s=None)
    nosy = Bench(typical(), 5, block_s=777.0, history_s=None)
    for bench in (plain, nosy):
        _begin(bench)
    for at_s, action, values in ACTIONS:
        plain.operate(at_s, action, values)
        nosy.balance_signal(at_s)
        nosy.room(at_s)
        nosy.outlet_pressure_kpa(at_s)
        nosy.operate(at_s, action, values)
    for ours, theirs in zip(_everything(plain, times_s), _everything(nosy, times_s), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_scheduled_operation_is_the_same_as_one_by_hand(typical: Any) -> None:
    events = [{"kind": "operation", "at_s": at_s, "action": name, "values": values} for at_s, name, values in ACTIONS]
    times_s = np.arange(0.0, 2000.0, 0.7)
    scheduled, handled = Bench(typical(events=events), 5, history_s=None), Bench(typical(), 5, history_s=None)
    for bench in (scheduled, handled):
        _begin(bench)
    for at_s, action, values in ACTIONS:
        handled.operate(at_s, action, values)
    for ours, theirs in zip(_everything(scheduled, times_s), _everything(handled, times_s), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_action_changes_nothing_that_was_before(typical: Any) -> None:
    for at_s, action, values in ACTIONS[:1] + ACTIONS[2:5] + ACTIONS[7:]:
        touched, left = Bench(typical(), 6, history_s=None), Bench(typical(), 6, history_s=None)
        for bench in (touched, left):
            _begin(bench)
        touched.operate(at_s, action, values)
        times_s = np.concatenate((np.linspace(0.0, at_s, 500)[:-1], np.linspace(at_s - 10.0, at_s, 100)[:-1]))
        for ours, theirs in zip(_everything(touched, times_s), _everything(left, times_s), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_what_truly_happened_is_in_the_truth_file(typical: Any, tmp_path: Path) -> None:
    bench = Bench(typical(), 5)
    _begin(bench)
    for at_s, action, values in ACTIONS:
        bench.operate(at_s, action, values)
    bench.write_truth(tmp_path / "truth.h5", 1250.0)
    with h5py.File(tmp_path / "truth.h5") as file:
        times_s = file["commands/time_s"][:].tolist()
        names = [name.decode() for name in file["commands/name"][:]]
        true_values = [json.loads(text) for text in file["commands/true_values"][:]]
    assert names == ["valve outlet", "pump_flow", *(name for at_s, name, _ in ACTIONS if at_s < 1250.0)]
    assert times_s[2:] == [at_s for at_s, _, _ in ACTIONS if at_s < 1250.0]
    assert true_values[2]["mass_g"] == true_mass_g(0.2, bench.drawn.handling, 5) != 0.2
    assert true_values[1] == {"flow_ul_per_h": 50.0}
