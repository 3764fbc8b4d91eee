"""Flow too fast to be told apart into strokes, and flow backwards: an external pump's boluses and bolus reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.climate import Climate
from instruments.simulated.physics.flow_path import FlowPath
from instruments.simulated.physics.segments import Seg
from instruments.simulated.physics.strokes import SLICE_S
from instruments.simulated.truth import TwinConfig, draw

EXTERNAL = {
    "pump.kind": "external",
    "pump.stroke_volume_ul": 2.0,
    "pump.reservoir_capacity_ul": 100_000.0,
    "pump.reservoir_ul": 90_000.0,
    "catheter.compliance_ul_per_kpa.value": 1.0,
    "catheter.compliance_ul_per_kpa.u": 0.0,
}


def _path(truth: TwinConfig, seed: int = 1) -> FlowPath:
    drawn = draw(truth, seed)
    return FlowPath(drawn, seed, Climate(drawn, seed))


def _run(path: FlowPath, until_s: float) -> list[float]:
    path.advance(until_s)
    path.take_back(until_s)
    return path.segments.row(path.segments.length - 1)


def _pumped_ul(path: FlowPath, until_s: float) -> float:
    row = _run(path, until_s)
    return row[Seg.PUMPED_UL] + row[Seg.PUMP_FLOW] * (until_s - row[Seg.START_S])


@pytest.mark.parametrize("flow_ml_per_h", [125.0, -125.0, 300.0, -0.5])
def test_fast_flow_is_commanded_flow_times_time(quiet: Any, flow_ml_per_h: float) -> None:
    path = _path(quiet(EXTERNAL))
    path.command_pump(1e3 * flow_ml_per_h)
    expected_ul = 1e3 * flow_ml_per_h / 3600.0 * 77.3
    assert _pumped_ul(path, 77.3) == pytest.approx(expected_ul, rel=1e-9)
    assert path.segments.length < 3 * 77.3 / SLICE_S


def test_an_hour_of_the_fastest_flow_has_two_slices_a_second(quiet: Any) -> None:
    path = _path(quiet(EXTERNAL | {"pump.stroke_volume_ul": 0.5}))
    path.command_pump(125_000.0)
    path.advance(3600.0)
    assert path.segments.length <= 2.2 * 3600.0


def test_a_bolus_over_a_slow_flow_loses_nothing(quiet: Any) -> None:
    path = _path(quiet(EXTERNAL))
    commanded_ul, now_s = 0.0, 0.0
    for _ in range(60):
        for flow_ml_per_h, lasting_s in ((5.0, 317.7), (125.0, 14.4)):
            _run(path, now_s)
            path.command_pump(1e3 * flow_ml_per_h)
            commanded_ul += 1e3 * flow_ml_per_h / 3600.0 * lasting_s
            now_s += lasting_s
    # A stroke may be under way, and the strokes stand anywhere in their phase.
    assert abs(_pumped_ul(path, now_s) - commanded_ul) <= 2.0


def test_the_reservoir_loses_what_a_slice_cut_short_has_taken(quiet: Any) -> None:
    path = _path(quiet(EXTERNAL))
    path.command_pump(125_000.0)
    for number in range(1, 40):
        _run(path, 0.37 * number)
        path.command_pump(125_000.0 + number)
    _run(path, 0.37 * 40)
    path.command_pump(0.0)
    path.advance(20.0)
    row = path.segments.row(path.segments.length - 1)
    assert 90_000.0 - row[Seg.RESERVOIR_UL] == pytest.approx(row[Seg.PUMPED_UL], rel=1e-4)
    assert row[Seg.PUMPED_UL] > 480.0


def test_bolus_reduction_draws_the_pressure_down_and_stops_before_a_vacuum(quiet: Any) -> None:
    bench = Bench(quiet(EXTERNAL | {"pump.slip_pressure_kpa": 150.0}), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 20_000.0)
    bench.set_pump_flow(18.0, -20_000.0)
    assert bench.outlet_pressure_kpa(18.0) == pytest.approx(100.0, rel=1e-3)
    assert bench.outlet_pressure_kpa(27.0) == pytest.approx(50.0, rel=1e-2)
    assert -93.0 < bench.outlet_pressure_kpa(90.0) <= -90.0


def test_the_mechanism_slips_within_a_slice_of_its_slip_pressure(quiet: Any) -> None:
    bench = Bench(quiet(EXTERNAL | {"pump.slip_pressure_kpa": 150.0}), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 125_000.0)
    rise_kpa_per_s = 125_000.0 / 3600.0
    assert 150.0 <= bench.outlet_pressure_kpa(60.0) <= 150.0 + rise_kpa_per_s * SLICE_S


def test_fast_flow_is_the_same_whoever_looks_when(typical: Any) -> None:
    commands = (
        (3.3, 30_000.0),
        (90.0, 125_000.0),
        (100.01, -20_000.0),
        (110.0, 0.0),
        (200.0, 5_000.0),
        (201.7, 60_000.0),
    )
    plain, nosy = (Bench(typical(EXTERNAL), 4, block_s=block_s, history_s=None) for block_s in (0.0, 333.0))
    for at_s, flow_ul_per_h in commands:
        plain.set_pump_flow(at_s, flow_ul_per_h)
        for early_s in (0.7, 0.2, 0.0):
            nosy.outlet_pressure_kpa(at_s - early_s)
            nosy.pressure_kpa("line", at_s + np.arange(0.0, 60.0, 0.5))
        nosy.set_pump_flow(at_s, flow_ul_per_h)
    times_s = np.arange(0.0, 300.0, 0.1)
    np.testing.assert_array_equal(plain.tip_volumes_ul(times_s), nosy.tip_volumes_ul(times_s))
    np.testing.assert_array_equal(plain.pressure_kpa("line", times_s), nosy.pressure_kpa("line", times_s))
    assert plain.pump_mechanics(300.0) == nosy.pump_mechanics(300.0)


@pytest.mark.parametrize("when_s", [0.0, 3.2, 100.0, 599.9, 1234.5])
def test_the_quick_pressure_is_the_pressure(typical: Any, when_s: float) -> None:
    bench = Bench(typical(EXTERNAL), 3)
    bench.set_pump_flow(0.0, 5_000.0)
    assert bench.outlet_pressure_kpa(when_s) == bench.pressure_kpa("line", np.array([when_s]))[0]


def test_small_boluses_come_from_a_mechanism_that_fills_badly_when_fast(quiet: Any) -> None:
    bad = EXTERNAL | {"pump.fast_error_percent": -5.0, "pump.fast_from_ul_per_h": 10_000.0}
    for flow_ul_per_h, error in ((5_000.0, 0.0), (30_000.0, -0.05)):
        path, sound = _path(quiet(bad)), _path(quiet(EXTERNAL))
        path.command_pump(flow_ul_per_h)
        sound.command_pump(flow_ul_per_h)
        assert _pumped_ul(path, 900.0) / _pumped_ul(sound, 900.0) - 1.0 == pytest.approx(error, abs=1e-9)


def test_repeated_boluses_scatter_as_their_strokes_do(quiet: Any) -> None:
    path = _path(quiet(EXTERNAL | {"pump.stroke_jitter_percent": 2.0}))
    volumes_ul = []
    for number in range(150):
        begin_s = 100.0 * number + 10.0
        before_ul = _pumped_ul(path, begin_s)
        path.command_pump(60_000.0)
        after_ul = _pumped_ul(path, begin_s + 30.0)
        path.command_pump(0.0)
        volumes_ul.append(after_ul - before_ul)
    # 500 uL are 250 strokes: 2 % / 15.8 = 0.126 %; the estimate of a deviation from 150 has one of 6 %.
    assert np.std(volumes_ul, ddof=1) / 500.0 == pytest.approx(0.00126, rel=0.2)
    assert np.mean(volumes_ul) == pytest.approx(500.0, rel=1e-3)


@pytest.mark.parametrize("flow_ul_per_h", [-1.0, float("nan"), float("inf"), float("-inf")])
def test_an_implant_runs_forwards_only(quiet: Any, flow_ul_per_h: float) -> None:
    with pytest.raises(ValueError, match="an implantable pump cannot be commanded"):
        Bench(quiet(), 1).set_pump_flow(0.0, flow_ul_per_h)
