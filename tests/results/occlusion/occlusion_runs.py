"""One occlusion test of an external pump on the twin's physics, evaluated, beside what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from results.evaluation import Liquid
from results.occlusion.collection import Running, bursts_of
from results.occlusion.fixture import fixture_compliance, valve_displacement_by_pressure
from results.occlusion.instants import Instant
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.trial import evaluate_occlusion
from results.occlusion.trial_record import Fixture, OcclusionTrial
from results.series import Phase
from tests.proof.array_bench import shipped_bench
from tests.proof.measured_bench import Fault
from tests.results.occlusion.line_bench import LineBench, external, phases_of

BLANK_S = 600.0
CLOSED_S = 1371.0
"""When the line is closed: after the blank, the fixture's test and the steady flow."""


def evaluation_of(**changes: object) -> OcclusionEvaluation:
    """A plan's evaluation of the test."""
    return OcclusionEvaluation.model_validate(
        {
            "volume_reference_temperature_c": 20.0,
            "liquid": Liquid(kind="water"),
            "stroke_volume_ul": 2.0,
            "set_flow_ul_per_h": 3000.0,
            "threshold_kpa": 60.0,
            "back_band_kpa": 1.0,
            "settle_s": 20.0,
            "flow_per_pressure_percent_per_kpa": -0.03,
            "flow_per_pressure_u_percent_per_kpa": 0.005,
            "syringe_u_percent": 1.0,
            "syringe_u_ul": 0.01,
            **changes,
        }
    )


@dataclass(frozen=True)
class OcclusionRun:
    """An outcome and the true value of each measurand."""

    outcome: OcclusionOutcome
    true: Mapping[str, float]


def run_occlusion(
    seed: int,
    *,
    changes: Mapping[str, object] | None = None,
    evaluation: OcclusionEvaluation | None = None,
    latency_s: float = 1.0,
    reduction: bool = False,
    reduction_kpa: float = 36.0,
    deadline_s: float = 600.0,
    release_after_s: float = 30.0,
    goes_on: bool = False,
    poll_s: float | None = None,
    events: Sequence[Mapping[str, object]] = (),
    pump_runs: bool = True,
    fault: Fault | None = None,
    hold_s: float | None = None,
) -> OcclusionRun:
    """Run the test: blank, fixture, steady flow, dead end until the alarm or the deadline, release, blank.

    `reduction_kpa`: how far the reduction lets the pressure down. `hold_s`: from closing to the release, whatever the
    alarm does. `goes_on`: the pump starts again as the line is let go. `poll_s`: the alarm is known from polls of this
    period.
    """
    evaluation = evaluation or evaluation_of()
    flow, threshold = evaluation.set_flow_ul_per_h, evaluation.threshold_kpa or 60.0
    line = LineBench(external(changes, events), seed)
    bench, drawn = line.bench, line.bench.drawn
    injections, rises, at_s = line.test_fixture(BLANK_S)
    bench.set_pump_flow(at_s, flow if pump_runs else 0.0)
    steady = Phase(at_s + 120.0, at_s + 720.0)
    closed_s = steady.end_s + 1.0
    bench.set_valve(closed_s, "occluder", energised=True)
    reached_s = line.reach(threshold, closed_s, deadline_s)
    alarm_s = None if reached_s is None else reached_s + latency_s
    stop_s = closed_s + deadline_s if alarm_s is None else alarm_s
    bench.set_pump_flow(stop_s, 0.0)
    released_s = stop_s + release_after_s if hold_s is None else closed_s + hold_s
    if reduction:
        bench.set_pump_flow(stop_s + 1.0, -20000.0)
        reduction_s = reduction_kpa * drawn.catheter.compliance_ul_per_kpa.value / 20000.0 * 3600.0
        bench.set_pump_flow(min(stop_s + 1.0 + reduction_s, released_s), 0.0)
    bench.set_valve(released_s, "occluder", energised=False)
    if goes_on:
        bench.set_pump_flow(released_s, flow)
    end_s = released_s + 90.0
    bench.set_pump_flow(end_s, 0.0)
    phases = phases_of(at_s, end_s, blank_s=BLANK_S)
    station = shipped_bench()
    compliance = fixture_compliance(
        injections, syringe_u_percent=1.0, syringe_u_ul=0.01, span_u_percent=0.1, coverage_percent=95.45
    )
    displacement = valve_displacement_by_pressure(rises, compliance=compliance, rise_u_kpa=0.01, coverage_percent=95.45)
    pressure = line.pressure(at_s, end_s)
    closed, released = Instant(closed_s - 0.001, closed_s), Instant(released_s - 0.001, released_s)
    bursts = bursts_of(pressure, evaluation, steady=steady, closed=closed, released=released, end_s=end_s)
    trial = OcclusionTrial(
        pressure=pressure,
        weighing=line.weighing(phases, evaluation, station, steady=(steady,), bursts=bursts, fault=fault),
        steady=steady,
        closed=closed,
        alarm=None if alarm_s is None else _seen(alarm_s, poll_s),
        no_alarm=f"no occlusion alarm within {deadline_s:g} s",
        released=released,
        end_s=end_s,
        fixture=Fixture(compliance, displacement),
        running=_running(released_s, end_s) if goes_on else (),
        simulated=True,
    )
    outcome = evaluate_occlusion(trial, evaluation, bench=station)
    return OcclusionRun(outcome, _truth(line, steady, closed_s, alarm_s, released_s, outcome, flow if goes_on else 0.0))


def _seen(alarm_s: float, poll_s: float | None) -> Instant:
    if poll_s is None:
        return Instant(alarm_s - 0.001, alarm_s)
    by_s = float(np.ceil(alarm_s / poll_s) * poll_s)
    return Instant(by_s - poll_s, by_s)


def _running(released_s: float, end_s: float) -> tuple[Running, ...]:
    return (Running(Instant(released_s - 0.5, released_s + 0.5), Instant(end_s, end_s)),)


def _truth(
    line: LineBench,
    steady: Phase,
    closed_s: float,
    alarm_s: float | None,
    released_s: float,
    outcome: OcclusionOutcome,
    own_flow: float,
) -> Mapping[str, float]:
    drawn = line.bench.drawn
    set_ul, fixture_ul = drawn.catheter.compliance_ul_per_kpa.value, drawn.fixture.compliance_ul_per_kpa.value
    pushed_ul = drawn.fixture.valve_displacement_ul.value
    whole_ul = set_ul + fixture_ul
    before_kpa = line.line_kpa(closed_s - 0.001)
    flow = line.delivered_ul(steady.begin_s, steady.end_s) / steady.duration_s * 3600.0
    times = np.arange(closed_s, released_s, 0.005)
    pressures = line.bench.pressure_kpa("line", times)
    true = {
        "steady flow": flow,
        "maximum pressure": float(pressures.max()),
        "line compliance": whole_ul,
        "line compliance, corrected": set_ul,
        "line compliance by release": whole_ul,
        "fixture compliance": fixture_ul,
        "valve displacement": pushed_ul,
    }
    if alarm_s is not None:
        at_kpa = line.line_kpa(alarm_s)
        true["pressure at alarm"] = at_kpa
        true["time to alarm"] = alarm_s - closed_s
        stored_ul = whole_ul * (at_kpa - before_kpa) - pushed_ul
        true["stored volume at alarm"] = stored_ul
        per_s = stored_ul / (alarm_s - closed_s)
        true["time to alarm, corrected"] = set_ul * (at_kpa - before_kpa) / per_s
    back = next((mark.at_s for mark in outcome.course.marks if mark.name == "pressure back"), None)
    if back is not None:
        until_s = back + 20.0
        bolus_ul = line.delivered_ul(released_s - 0.001, until_s) - own_flow * (until_s - released_s) / 3600.0
        fall_kpa = line.line_kpa(released_s - 0.001) - line.line_kpa(until_s)
        true["pressure at release"] = line.line_kpa(released_s - 0.001)
        true["unintended bolus"] = bolus_ul
        true["unintended bolus, corrected"] = bolus_ul - fixture_ul * fall_kpa + pushed_ul
        true["unintended bolus before reduction"] = bolus_ul + whole_ul * (
            true["maximum pressure"] - true["pressure at release"]
        )
    return true
