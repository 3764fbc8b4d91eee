"""The catheter of an implant occluded on the twin's physics, evaluated, beside what was true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from results.evaluation import Liquid
from results.occlusion.catheter import evaluate_catheter
from results.occlusion.collection import bursts_of
from results.occlusion.instants import Instant
from results.occlusion.model import CatheterEvaluation
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.trial_record import CatheterTrial, stated_fixture
from results.series import Phase
from tests.proof.array_bench import shipped_bench
from tests.proof.measured_bench import Fault
from tests.results.occlusion.line_bench import LineBench, implant, phases_of

BLANK_S = 7200.0
HOUR = 3600.0
CLOSED_S = BLANK_S + 4.0 * HOUR + 1.0


def evaluation_of(**changes: object) -> CatheterEvaluation:
    """A plan's evaluation of the test."""
    return CatheterEvaluation.model_validate(
        {
            "volume_reference_temperature_c": 20.0,
            "liquid": Liquid(kind="water"),
            "stroke_volume_ul": 1.0,
            "set_flow_ul_per_h": 41.7,
            "back_band_kpa": 2.0,
            "settle_s": 60.0,
            "flow_per_pressure_percent_per_kpa": -0.03,
            "flow_per_pressure_u_percent_per_kpa": 0.005,
            "test_interval_s": 600.0,
            "recovery_band_ul": 3.0,
            "fixture_compliance_ul_per_kpa": 0.01,
            "fixture_compliance_u_ul_per_kpa": 0.001,
            **changes,
        }
    )


@dataclass(frozen=True)
class CatheterRun:
    """An outcome and the true value of each measurand."""

    outcome: OcclusionOutcome
    true: Mapping[str, float]


def run_catheter(
    seed: int,
    *,
    changes: Mapping[str, object] | None = None,
    evaluation: CatheterEvaluation | None = None,
    occluded_s: float = 1200.0,
    occluder_works: bool = True,
    pump_runs: bool = True,
    recovery_s: tuple[float, float] = (900.0, 900.0 + 2.0 * HOUR),
    fault: Fault | None = None,
) -> CatheterRun:
    """Run the test: blank, steady flow, dead end for a time, release, flow again, blank."""
    evaluation = evaluation or evaluation_of()
    flow = evaluation.set_flow_ul_per_h
    line = LineBench(implant(changes), seed, rate_hz=10.0)
    bench = line.bench
    bench.set_pump_flow(BLANK_S, flow if pump_runs else 0.0)
    steady = Phase(BLANK_S + HOUR, BLANK_S + 4.0 * HOUR)
    closed_s = CLOSED_S
    bench.set_valve(closed_s, "occluder", energised=occluder_works)
    released_s = closed_s + occluded_s
    bench.set_valve(released_s, "occluder", energised=False)
    end_s = released_s + 900.0 + 2.0 * HOUR
    recovered = Phase(released_s + recovery_s[0], released_s + recovery_s[1])
    bench.set_pump_flow(end_s, 0.0)
    phases = phases_of(BLANK_S, end_s, blank_s=BLANK_S)
    station = shipped_bench()
    pressure, closed = line.pressure(steady.begin_s, end_s), Instant(closed_s - 0.1, closed_s)
    released = Instant(released_s - 0.1, released_s)
    bursts = bursts_of(pressure, evaluation, steady=steady, closed=closed, released=released, end_s=end_s)
    trial = CatheterTrial(
        pressure=pressure,
        weighing=line.weighing(phases, evaluation, station, steady=(steady, recovered), bursts=bursts, fault=fault),
        steady=steady,
        closed=closed,
        released=released,
        end_s=end_s,
        recovered=recovered,
        fixture=stated_fixture(evaluation),
        simulated=True,
    )
    outcome = evaluate_catheter(trial, evaluation, bench=station)
    return CatheterRun(outcome, _truth(line, steady, closed_s, released_s, recovered, outcome, flow))


def _truth(
    line: LineBench,
    steady: Phase,
    closed_s: float,
    released_s: float,
    recovered: Phase,
    outcome: OcclusionOutcome,
    set_flow: float,
) -> Mapping[str, float]:
    drawn = line.bench.drawn
    catheter_ul, fixture_ul = drawn.catheter.compliance_ul_per_kpa.value, drawn.fixture.compliance_ul_per_kpa.value
    flow = line.delivered_ul(steady.begin_s, steady.end_s) / steady.duration_s * HOUR
    pressures = line.bench.pressure_kpa("line", np.arange(closed_s, released_s, 0.1))
    missed = flow * (released_s - closed_s) / HOUR - line.delivered_ul(closed_s, released_s)
    again = line.delivered_ul(recovered.begin_s, recovered.end_s) / recovered.duration_s * HOUR
    true = {
        "steady flow": flow,
        "maximum pressure": float(pressures.max()),
        "line compliance": catheter_ul + fixture_ul,
        "line compliance, corrected": catheter_ul,
        "missed volume": missed,
        "onset of under-delivery": 0.0,
        "mean flow error after release": 100.0 * (again / set_flow - 1.0),
    }
    back = next((mark.at_s for mark in outcome.course.marks if mark.name == "pressure back"), None)
    if back is not None:
        until_s = back + 60.0
        bolus = line.delivered_ul(released_s - 0.1, until_s) - flow * (until_s - released_s) / HOUR
        true["post-release bolus"] = bolus
        true["volume not returned"] = missed - bolus
    return true
