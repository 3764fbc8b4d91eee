from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.flow_path import FlowPath
from instruments.simulated.physics.segments import Seg
from instruments.simulated.truth import TwinConfig, draw

HOUR_S = 3600.0


def _path(truth: TwinConfig, seed: int = 1) -> tuple[FlowPath, Climate]:
    drawn = draw(truth, seed)
    climate = Climate(drawn, seed)
    return FlowPath(drawn, seed, climate), climate


def _last(path: FlowPath) -> list[float]:
    return path.segments.row(path.segments.length - 1)


def _stored_ul(path: FlowPath, compliance: float) -> float:
    pressures = path.segments.column(Seg.PRESSURE_KPA)
    return compliance * float(pressures[-1] - pressures[0])


@pytest.mark.parametrize("flow_ul_per_h", [2.0, 9.0, 41.667, 1000.0])
def test_what_the_pump_delivers_leaves_the_tip_or_is_stored(typical: Any, flow_ul_per_h: float) -> None:
    events = [
        {"kind": "leak", "at_s": 3000.0, "duration_s": 1234.5, "resistance_kpa_h_per_ml": 0.3},
        {"kind": "stall", "at_s": 5000.0, "duration_s": 600.0},
    ]
    truth = typical(events=events)
    path, _ = _path(truth)
    path.to_vessel = True
    path.drive.command(0.0, flow_ul_per_h)
    path.advance(4000.0)
    path.take_back(3999.7)
    path.occluded = True
    path.advance(6000.0)
    row = _last(path)
    drawn = draw(truth, 1)
    compliance = drawn.catheter.compliance_ul_per_kpa.value + drawn.fixture.compliance_ul_per_kpa.value
    delivered = row[Seg.PUMPED_UL] + row[Seg.SWOLLEN_UL]
    gone = row[Seg.TIP_UL] + row[Seg.LEAKED_UL] + _stored_ul(path, compliance)
    assert row[Seg.PUMPED_UL] > flow_ul_per_h * 5000.0 / HOUR_S * 0.8 - 1.0
    assert gone == pytest.approx(delivered, abs=1e-9)


def test_the_reservoir_loses_what_the_strokes_take(typical: Any) -> None:
    path, _ = _path(typical({"pump.bath_temperature_c": 37.0}))
    path.drive.command(0.0, 100.0)
    path.advance(10 * HOUR_S)
    row = _last(path)
    taken = 18000.0 - row[Seg.RESERVOIR_UL]
    # Drawn at 37 C, counted at the tip's 21.5 C: 0.46 % less volume.
    assert row[Seg.PUMPED_UL] / taken == pytest.approx(993.33 / 997.88, abs=3e-4)


def test_the_vessel_gains_what_leaves_the_tip_less_evaporation(typical: Any) -> None:
    path, climate = _path(typical())
    path.to_vessel = True
    path.drive.command(0.0, 9.0)
    path.advance(24 * HOUR_S)
    row = _last(path)
    gained_g = row[Seg.WATER_G] - 7.5
    tube_ul = row[Seg.VESSEL_UL] - row[Seg.TIP_UL]
    assert gained_g == pytest.approx(row[Seg.TIP_G] - row[Seg.EVAPORATED_G] + 0.998e-3 * tube_ul, abs=1e-8)
    assert abs(tube_ul) < 0.05
    mean_density = float(climate.column(Slow.WATER_KG_PER_M3, 100)[:100].mean())
    assert row[Seg.TIP_G] == pytest.approx(1e-6 * mean_density * row[Seg.TIP_UL], rel=2e-4)


def test_strokes_come_at_the_commanded_flow_by_the_pumps_own_crystal(quiet: Any) -> None:
    path, _ = _path(quiet({"pump.crystal_error_ppm.value": 50_000.0}))
    path.drive.command(0.0, 9.0)
    path.advance(100 * HOUR_S)
    starts = path.segments.column(Seg.START_S)[np.flatnonzero(np.diff(path.segments.column(Seg.PUMP_FLOW)) > 0) + 1]
    np.testing.assert_allclose(np.diff(starts), 400.0 / 1.05, rtol=1e-9)


@pytest.mark.parametrize("changes", [[9.0, 24.0, 3.0], [9.0, 0.0, 9.0], [2.0, 1000.0, 2.0]])
def test_a_change_of_flow_loses_no_part_of_a_stroke(quiet: Any, changes: list[float]) -> None:
    path, _ = _path(quiet())
    commanded_ul, now_s = 0.0, 0.0
    for cycle in range(300):
        flow, lasting_s = changes[cycle % 3], 37.7
        path.advance(now_s)
        path.take_back(now_s)
        path.drive.command(now_s, flow)
        commanded_ul += flow * lasting_s / HOUR_S
        now_s += lasting_s
    path.advance(now_s)
    begun, _, _ = path.segments.strokes_at(now_s)
    assert abs(begun - commanded_ul) <= 1.0


def test_open_path_pressure_is_flow_times_resistance(quiet: Any) -> None:
    # So fast that strokes follow one another: the mean pressure drop is Q R.
    path, climate = _path(quiet({"outlet.back_pressure_kpa.value": 1.5, "catheter.compliance_ul_per_kpa.value": 50.0}))
    path.to_vessel = True
    path.drive.command(0.0, 1000.0)
    path.advance(HOUR_S)
    times_s = np.arange(1800.0, 3600.0, 0.1)
    line, catheter = path.segments.pressures_kpa(times_s)
    conductance = climate.column(Slow.PATH_UL_PER_S_KPA, 0)[0]
    share = climate.column(Slow.CATHETER_SHARE, 0)[0]
    drop_kpa = 1000.0 / HOUR_S / conductance
    assert line.mean() - 1.5 == pytest.approx(drop_kpa, rel=2e-3)
    assert (line - catheter).mean() == pytest.approx(share * drop_kpa, rel=2e-3)
    assert line.mean() - catheter.mean() > 0.1


@pytest.mark.parametrize(("compliance", "kpa_per_h"), [(0.05, 180.0), (0.1, 90.0), (1.0, 9.0)])
def test_an_occluded_catheter_builds_pressure_at_flow_over_compliance(
    quiet: Any, compliance: float, kpa_per_h: float
) -> None:
    changes = {"catheter.compliance_ul_per_kpa.value": compliance, "pump.slip_pressure_kpa": 1e6}
    path, _ = _path(quiet(changes))
    path.to_vessel = path.occluded = True
    path.drive.command(0.0, 9.0)
    path.advance(5 * HOUR_S)
    line, catheter = path.segments.pressures_kpa(np.array([0.0, 4 * HOUR_S]))
    assert (line[1] - line[0]) / 4.0 == pytest.approx(kpa_per_h, rel=1.0 / 36.0)  # one stroke of 36
    np.testing.assert_array_equal(line, catheter)
    assert _last(path)[Seg.TIP_UL] == 0.0


def test_opening_the_occluder_releases_what_was_stored(quiet: Any) -> None:
    path, _ = _path(quiet())
    path.to_vessel = path.occluded = True
    path.drive.command(0.0, 9.0)
    path.advance(HOUR_S)
    pressure = float(path.segments.pressures_kpa(np.array([HOUR_S]))[0][0])
    path.take_back(HOUR_S)
    path.drive.command(HOUR_S, 0.0)
    path.occluded = False
    path.advance(HOUR_S + 60.0)
    back = draw(quiet(), 1).outlet.back_pressure_kpa.value
    assert pressure > 70.0
    assert _last(path)[Seg.TIP_UL] == pytest.approx(0.1 * (pressure - back), rel=1e-6)


def test_the_mechanism_slips_against_too_much_pressure(quiet: Any) -> None:
    path, _ = _path(quiet({"pump.slip_pressure_kpa": 100.0}))
    path.occluded = True
    path.drive.command(0.0, 9.0)
    path.advance(5 * HOUR_S)
    line, _ = path.segments.pressures_kpa(np.array([5 * HOUR_S]))
    assert 100.0 <= line[0] <= 110.0
    begun, made, _ = path.segments.strokes_at(5 * HOUR_S)
    assert made < begun


def test_back_pressure_slows_the_pump(quiet: Any) -> None:
    path, _ = _path(quiet({"pump.back_pressure_percent_per_kpa.value": -0.3, "outlet.back_pressure_kpa.value": 40.0}))
    path.to_vessel = True
    path.drive.command(0.0, 36.0)
    path.advance(20 * HOUR_S)
    rows = path.segments
    steady = (
        rows.column(Seg.PUMPED_UL)[rows.index_at(20 * HOUR_S)] - rows.column(Seg.PUMPED_UL)[rows.index_at(10 * HOUR_S)]
    )
    assert steady / 360.0 == pytest.approx(1.0 - 0.003 * 40.0, abs=1.5 / 360.0)


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        ({"pump.systematic_error_percent.value": 20.0}, 20.0),
        ({"pump.systematic_error_percent.value": -20.0}, -20.0),
        ({"pump.temperature_percent_per_k.value": 0.5, "pump.bath_temperature_c": 32.0}, 5.0),
        ({"pump.reservoir_fill_percent.value": -4.0, "pump.reservoir_ul": 10_000.0}, -2.0),
        ({"pump.ambient_pressure_percent_per_kpa.value": -0.5, "room.pressure_hpa": 913.25}, 5.0),
        ({"pump.drift_percent_per_day.value": 48.0}, 20.0),
    ],
)
def test_the_pumps_sensitivities(quiet: Any, changes: dict[str, float], percent: float) -> None:
    path, _ = _path(quiet(changes))
    path.drive.command(0.0, 36.0)
    path.advance(20 * HOUR_S)
    taken = changes.get("pump.reservoir_ul", 18000.0) - _last(path)[Seg.RESERVOIR_UL]
    assert taken / 720.0 == pytest.approx(1.0 + percent / 100.0, abs=2.5 / 720.0)


def test_stroke_volumes_scatter_by_the_stated_jitter(quiet: Any) -> None:
    path, _ = _path(quiet({"pump.stroke_jitter_percent": 2.0}))
    path.drive.command(0.0, 1000.0)
    path.advance(4 * HOUR_S)
    flows = path.segments.column(Seg.PUMP_FLOW)
    volumes = np.unique(flows[flows > 0.0]) * 0.5
    assert volumes.size > 3000
    assert volumes.mean() == pytest.approx(1.0, abs=5 * 0.02 / np.sqrt(volumes.size))
    assert volumes.std() == pytest.approx(0.02, rel=0.06)


def test_the_reservoir_runs_empty_and_then_nothing_comes(quiet: Any) -> None:
    path, _ = _path(quiet({"pump.reservoir_ul": 50.4}))
    path.drive.command(0.0, 100.0)
    path.advance(HOUR_S)
    row = _last(path)
    assert row[Seg.RESERVOIR_UL] == 0.0
    assert row[Seg.PUMPED_UL] == pytest.approx(50.4, abs=1e-9)
    begun, made, _ = path.segments.strokes_at(HOUR_S)
    assert (begun in (99, 100, 101), made) == (True, 51)


def test_warming_pushes_liquid_out_of_catheter_and_tube(quiet: Any) -> None:
    # A slow sine of the room's temperature: the liquid follows, and beta V dT leaves the tip.
    changes = {"room.diurnal_amplitude_k": 5.0, "room.temperature_c": 22.0, "room.liquid_lag_s": 60.0}
    path, climate = _path(quiet(changes))
    path.to_vessel = True
    path.advance(12 * HOUR_S)
    edges = int(12 * HOUR_S / 10.0)
    liquid_c = climate.column(Slow.LIQUID_C, edges)
    warmest, coldest = int(liquid_c[:edges].argmax()), int(liquid_c[:edges].argmin())
    times_s = np.array([10.0 * coldest, 10.0 * warmest])
    tip = path.segments.tip_ul(times_s)
    catheter_ul = np.pi / 4.0 * 0.53**2 * 1140.0
    warming = liquid_c[warmest] - liquid_c[coldest]
    assert abs(warming) > 1.0
    assert tip[1] - tip[0] == pytest.approx(catheter_ul * 2.28e-4 * warming, rel=0.05)
    _, entered = path.segments.vessel(times_s)
    both_ul = catheter_ul + np.pi / 4.0 * 0.5**2 * 300.0
    assert entered[1] - entered[0] == pytest.approx(both_ul * 2.28e-4 * warming, rel=0.05)


def test_a_leak_shares_the_flow_by_conductance(quiet: Any) -> None:
    resistance = 0.5
    event = {"kind": "leak", "at_s": 0.0, "duration_s": 1e6, "resistance_kpa_h_per_ml": resistance}
    truth = quiet({"outlet.back_pressure_kpa.value": 0.0}, events=[event])
    path, climate = _path(truth)
    path.to_vessel = True
    path.drive.command(0.0, 100.0)
    path.advance(10 * HOUR_S)
    row = _last(path)
    out = climate.column(Slow.PATH_UL_PER_S_KPA, 0)[0]
    leak = 1.0 / (3.6 * resistance)
    assert row[Seg.LEAKED_UL] / row[Seg.PUMPED_UL] == pytest.approx(leak / (leak + out), rel=1e-3)


def test_a_bubble_brings_volume_without_mass(quiet: Any) -> None:
    event = {"kind": "bubble", "at_s": 3600.0, "volume_ul": 20.0}
    path, _ = _path(quiet(events=[event]))
    path.to_vessel = True
    path.drive.command(0.0, 9.0)
    path.advance(10 * HOUR_S)
    times_s = np.arange(0.0, 10 * HOUR_S, 10.0)
    water_g, entered_ul = path.segments.vessel(times_s)
    density = float(path.segments.column(Seg.G_PER_UL)[0])
    assert (water_g[-1] - 7.5) == pytest.approx(density * (entered_ul[-1] - 20.0), abs=1e-9)
    standing = times_s[np.diff(water_g, prepend=0.0) == 0.0]
    waiting_s = standing[(standing > 3600.0)]
    # 20 uL at 9 uL/h is 2.2 h without mass.
    still = water_g[(times_s >= 3600.0) & (times_s <= 3600.0 + 2.0 * HOUR_S)]
    assert np.ptp(still) < 1e-9
    assert waiting_s.size > 700


def test_waste_takes_the_flow_and_the_vessel_nothing(quiet: Any) -> None:
    path, _ = _path(quiet())
    path.drive.command(0.0, 9.0)
    path.advance(HOUR_S)
    row = _last(path)
    assert row[Seg.TIP_UL] > 7.0
    assert row[Seg.WATER_G] == pytest.approx(7.5, abs=1e-12)


def test_evaporation_follows_the_level(quiet: Any) -> None:
    changes = {"vessel.evaporation_ug_per_min.value": 20.0, "room.temperature_c": 20.0, "room.humidity_percent": 50.0}
    path, _ = _path(quiet(changes))
    path.to_vessel = True
    path.drive.command(0.0, 200.0)
    path.advance(5 * HOUR_S)
    rates = path.segments.column(Seg.EVAPORATION_G_PER_S) * 60e6
    pressure_factor = 1013.25 / 1008.0
    assert rates[0] == pytest.approx(20.0 * pressure_factor, rel=1e-3)
    # 1 mL raises the level in a vessel of 20 mm by 3.2 mm: headspace 6.8 instead of 10 mm.
    assert rates[-1] / rates[0] == pytest.approx(10.0 / (10.0 - 995.0 / 314.0), rel=0.01)


def test_history_is_the_same_however_far_ahead_it_was_computed(typical: Any) -> None:
    truth = typical(events=[{"kind": "bubble", "at_s": 777.7, "volume_ul": 3.0}])
    results = []
    for steps in ([20_000.0], [10.0] * 2000, [130.0, 7.0] * 150, [3333.0] * 7):
        path, _ = _path(truth)
        path.to_vessel = True
        path.drive.command(0.0, 50.0)
        now_s = 0.0
        for step_s in steps:
            now_s += step_s
            path.advance(now_s)
        path.advance(20_000.0)
        # The same commands at the same instants, with more or less computed beyond them.
        path.take_back(20_000.0)
        results.append([path.segments.column(i)[:4000].copy() for i in range(Seg.COUNT)])
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_taking_back_restores_the_state_exactly(typical: Any) -> None:
    plain, _ = _path(typical())
    plain.drive.command(0.0, 1000.0)
    plain.advance(500.0)
    far, _ = _path(typical())
    far.drive.command(0.0, 1000.0)
    far.advance(5000.0)
    for path in (plain, far):
        path.take_back(321.09)
        path.drive.command(321.09, 700.0)
        path.advance(900.0)
        path.take_back(640.0)
        path.occluded = True
        path.advance(1200.0)
    assert plain.segments.length == far.segments.length
    for column in range(Seg.COUNT):
        np.testing.assert_array_equal(plain.segments.column(column), far.segments.column(column))


def test_every_piece_ends_where_the_next_begins(typical: Any) -> None:
    events = [
        {"kind": "bubble", "at_s": 150.0, "volume_ul": 4.0},
        {"kind": "leak", "at_s": 200.0, "duration_s": 100.0, "resistance_kpa_h_per_ml": 0.5},  # draws water back
    ]
    path, _ = _path(typical({"outlet.back_pressure_kpa.value": 1.0}, events=events))
    path.to_vessel = True
    path.drive.command(0.0, 100.0)
    path.advance(1200.0)
    path.take_back(900.0)
    path.occluded = True
    path.advance(1200.0)
    starts = path.segments.column(Seg.START_S)[1:]
    just_before = np.nextafter(starts, 0.0)
    line_before, catheter_before = path.segments.pressures_kpa(just_before)
    line, catheter = path.segments.pressures_kpa(starts)
    np.testing.assert_allclose(line_before, line, atol=1e-9)
    opened = starts != 900.0  # at the occluder's switching the catheter's end jumps to the node's pressure
    np.testing.assert_allclose(catheter_before[opened], catheter[opened], atol=1e-6)
    np.testing.assert_allclose(path.segments.tip_ul(just_before), path.segments.tip_ul(starts), atol=1e-9)
    np.testing.assert_allclose(path.segments.tip_g(just_before), path.segments.tip_g(starts), atol=1e-12)
    water_before, entered_before = path.segments.vessel(just_before)
    water_g, entered_ul = path.segments.vessel(starts)
    np.testing.assert_allclose(water_before, water_g, atol=1e-12)
    np.testing.assert_allclose(entered_before, entered_ul, atol=1e-9)
    assert np.diff(entered_ul).min() < -0.1
