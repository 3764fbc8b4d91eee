"""An occlusion test on the twin's physics, straight to arrays: what would have been recorded, and the truth."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.water import density_kg_per_m3
from instruments.simulated.truth import TwinConfig, twin_from_mapping
from results.bench import GravimetricBench
from results.measured.bursts import Burst
from results.measured.weighing import Weighing
from results.occlusion.fixture import Injection
from results.occlusion.model import LineEvaluation
from results.occlusion.pressure import PressureRecord, pressure_record
from results.series import AmbientSeries, FlowPhases, FlowSeries, Phase
from tests.proof.measured_bench import Fault

_TWIN = Path(__file__).parents[3] / "rig" / "stations" / "simulated" / "twin.toml"
REFERENCE_C = 20.0
_LOOK_S = 0.05


def external(changes: Mapping[str, object] | None = None, events: Sequence[Mapping[str, object]] = ()) -> TwinConfig:
    """The shipped bench with an ambulatory pump on a soft set."""
    return _changed(
        {
            "pump.kind": "external",
            "pump.stroke_volume_ul": 2.0,
            "pump.reservoir_capacity_ul": 100000.0,
            "pump.reservoir_ul": 90000.0,
            "catheter.compliance_ul_per_kpa": {"value": 1.0, "u": 0.1, "distribution": "normal"},
            "fixture.compliance_ul_per_kpa": {"value": 0.1, "u": 0.01, "distribution": "normal"},
            "fixture.valve_displacement_ul": {"value": 0.5, "u": 0.05, "distribution": "normal"},
            **(changes or {}),
        },
        events,
    )


def implant(changes: Mapping[str, object] | None = None) -> TwinConfig:
    """The shipped bench with changes."""
    return _changed(changes or {})


def _changed(changes: Mapping[str, object], events: Sequence[Mapping[str, object]] = ()) -> TwinConfig:
    with _TWIN.open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)
    for key, value in changes.items():
        part, name = key.split(".")
        table.setdefault(part, {})[name] = value
    return twin_from_mapping(table | {"event": [dict(event) for event in events]})


@dataclass
class LineBench:
    """A bench that is commanded and watched; all times in s."""

    truth: TwinConfig
    seed: int
    rate_hz: float = 100.0

    def __post_init__(self) -> None:
        self.bench = Bench(self.truth, self.seed, block_s=0.0, history_s=None)
        for name, value in (("zero_tracking", False), ("adaptive", False), ("filter", "very stable")):
            self.bench.set_balance_setting(0.0, name, value)  # type: ignore[arg-type]
        self.bench.set_valve(0.0, "outlet", energised=True)

    def line_kpa(self, time_s: float) -> float:
        """The true pressure of the line."""
        return self.bench.outlet_pressure_kpa(time_s)

    def reach(self, threshold_kpa: float, from_s: float, within_s: float) -> float | None:
        """When the line first reaches a pressure, as a pump looks at it; None where it does not."""
        looks = np.arange(from_s, from_s + within_s, _LOOK_S)
        above = np.flatnonzero(self.bench.pressure_kpa("line", looks) >= threshold_kpa)
        return float(looks[above[0]]) if above.size else None

    def pressure(self, begin_s: float, end_s: float) -> PressureRecord:
        """What the line's transducer says."""
        times = np.arange(begin_s, end_s, 1.0 / self.rate_hz)
        milliamperes = self.bench.electrical("line", times, 0)
        below = milliamperes < 3.82
        return pressure_record(times, np.where(below, np.nan, (milliamperes - 4.0) / 16.0 * 200.0), below=below)

    def weighing(
        self,
        phases: FlowPhases,
        evaluation: LineEvaluation,
        bench: GravimetricBench,
        *,
        steady: Sequence[Phase],
        bursts: Sequence[Burst] = (),
        fault: Fault | None = None,
    ) -> Weighing:
        """What the balance says, a fault of the readings in it or not, ready to weigh with."""
        times = np.arange(0.0, phases.end_s, 1.0)
        indications_g = self.bench.indications_g(times)
        series = FlowSeries(
            time_s=times,
            mass_g=indications_g if fault is None else fault(times, indications_g),
            status=np.ones(times.size, dtype=np.uint8),
            phases=phases,
            ambient=self._air(times[::10]),
            simulated=True,
        )
        flow = evaluation.set_flow_ul_per_h
        return Weighing.of(series, evaluation, bench, fastest_ul_per_h=flow, bursts=bursts).with_pauses(steady)

    def delivered_ul(self, begin_s: float, end_s: float) -> float:
        """What truly left the tip between two instants, at the reference temperature."""
        grams = np.diff(self.bench.tip_masses_g(np.array([begin_s, end_s])))
        return float(grams[0]) / float(density_kg_per_m3(REFERENCE_C)) * 1e6

    def test_fixture(self, from_s: float) -> tuple[list[Injection], list[float], float]:
        """Close the isolated fixture five times, inject into it three times; return that, and when it was over."""
        bench, at_s = self.bench, from_s
        bench.operate(at_s, "isolate_pump", {})
        steps: list[tuple[float, float]] = []
        for _ in range(5):
            bench.set_valve(at_s + 3.0, "occluder", energised=True)
            steps.append((at_s, at_s + 6.0))
            at_s += 6.0
            bench.set_valve(at_s, "occluder", energised=False)
        bench.set_valve(at_s, "occluder", energised=True)
        injections: list[tuple[float, float]] = []
        for _ in range(3):
            bench.operate(at_s + 3.0, "inject_fixture", {"volume_ul": 2.0})
            injections.append((at_s, at_s + 6.0))
            at_s += 6.0
        bench.set_valve(at_s, "occluder", energised=False)
        bench.operate(at_s + 1.0, "connect_pump", {})
        record = self.pressure(from_s, at_s)
        pushed = [self._step(record, phase, 2.0) for phase in injections]
        return pushed, [self._step(record, phase, 0.0).rise_kpa for phase in steps], at_s + 2.0

    @staticmethod
    def _step(record: PressureRecord, phase: tuple[float, float], volume_ul: float) -> Injection:
        before = record.level(phase[0] + 1.0, phase[0] + 2.9)
        after = record.level(phase[1] - 2.0, phase[1] - 0.05)
        return Injection(volume_ul, before.kpa, after.kpa, float(np.hypot(before.u_kpa, after.u_kpa)))

    def _air(self, times_s: NDArray[np.float64]) -> AmbientSeries:
        room, errors = self.bench.room_series(times_s), self.bench.drawn.ambient_sensor
        return AmbientSeries(
            time_s=times_s,
            temperature_c=room["temperature_c"] + errors.temperature_error_k.value,
            humidity_percent=room["humidity_percent"] + errors.humidity_error_percent.value,
            pressure_hpa=room["pressure_hpa"] + errors.pressure_error_hpa.value,
        )


def phases_of(begin_s: float, end_s: float, *, blank_s: float) -> FlowPhases:
    """The phases of a test between two blanks."""
    return FlowPhases(
        analysis=Phase(begin_s, end_s), blank_before=Phase(0.0, blank_s), blank_after=Phase(end_s, end_s + blank_s)
    )
