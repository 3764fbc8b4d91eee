"""What a trace holds of a line: pressures, valve edges, the fixture's test, when the pump ran."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.measured.pump_log import PumpLog
from results.measured.weighing import Weighing
from results.occlusion.collection import Running
from results.occlusion.fixture import (
    Injection,
    fixture_compliance,
    valve_displacement_by_pressure,
    valve_displacement_by_weighing,
)
from results.occlusion.instants import Instant, first_edge
from results.occlusion.line_budgets import transducer_of
from results.occlusion.model import LineEvaluation
from results.occlusion.pressure import PressureRecord, pressure_record, zeroed
from results.occlusion.trial_record import Fixture, stated_fixture
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, Phase
from results.timebase import read_sample_clock
from results.trace.reader import StreamTrace, Trace
from results.trace.schema import PRESSURE_PREFIX, VOLTAGE_PREFIX
from results.trace.status import SampleStatus
from results.trace_series import numbered_phases, numbers

VALVE_CHANNEL, ALARM_CHANNEL = "valve", "alarm"
OCCLUDER = "occluder"
INJECTION = "inject_fixture"
DELIVERING = frozenset({"infusing", "keep open", "bolus", "priming", "minimum rate"})
_VALVE_V = 2.5
_LATEST_SWITCH_S = 1.0
"""A valve command is on record before the line is written; confirmed, it is written within this time."""
_SETTLED_S = 2.0
_EDGE_S = 0.1


def pressure_of(trace: Trace, channel: str) -> PressureRecord:
    """Return the pressure of a channel. Raises `EvaluationRefused` where there is none to be used."""
    name = PRESSURE_PREFIX + channel
    if name not in {spec.name for spec in trace.spec}:
        raise EvaluationRefused(f"the run has no pressure channel {channel!r}")
    stream = trace.stream(name)
    values = np.where(np.isin(stream.status, NUMBER_CODES), numbers(stream, "pressure_kpa"), np.nan)
    return pressure_record(_station_s(trace, stream), values, below=stream.status == SampleStatus.UNDER_RANGE)


def zeroed_pressure(
    trace: Trace, evaluation: LineEvaluation, bench: GravimetricBench, rest: Phase | None
) -> tuple[PressureRecord, GravimetricBench]:
    """Return the pressure that is judged, and the bench with how well its zero and its clock are known in this run.

    Where the pressure at rest is stated, the zero is taken from the blank before. Raises `EvaluationRefused` where
    there is no blank then.
    """
    record, clock = pressure_of(trace, evaluation.channel), read_sample_clock(trace)
    if clock is not None:
        bench = bench.model_copy(update={"sample_clock_u_ppm": clock.rate_u_ppm})
    if evaluation.rest_kpa is None or evaluation.rest_u_kpa is None:
        return record, bench
    if rest is None:
        raise EvaluationRefused("rest_kpa is stated, but the run holds no phase 'blank_before' to take the zero from")
    level = record.level(rest.begin_s, rest.end_s)
    known = bench.model_copy(update={"transducer_zero_u_kpa": math.hypot(evaluation.rest_u_kpa, level.u_kpa)})
    return zeroed(record, rest=level, rest_kpa=evaluation.rest_kpa), known


def voltage_of(trace: Trace, channel: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return times (s) and voltages (V) of a channel, each of shape (n,); None where it was not sampled."""
    name = VOLTAGE_PREFIX + channel
    if name not in {spec.name for spec in trace.spec}:
        return None
    stream = trace.stream(name)
    values = np.where(np.isin(stream.status, NUMBER_CODES), numbers(stream, "voltage_v"), np.nan)
    return _station_s(trace, stream), values


def _station_s(trace: Trace, stream: StreamTrace) -> NDArray[np.float64]:
    """Return when samples of a clock of their own were taken, in station time (s), as well as the trace tells."""
    clock = read_sample_clock(trace)
    return stream.time_s if clock is None else clock.station_s(stream.time_s)


def valve_switched(trace: Trace, evaluation: LineEvaluation, within: Phase, *, energised: bool) -> Instant:
    """Return when the occluder was switched in a period: by its sampled drive, else by the event and the latest switch.

    Raises `EvaluationRefused` where it was not.
    """
    commands = [
        event.time_ns / 1e9
        for event in trace.events
        if event.kind == "valve" and event.data.get("line") == OCCLUDER and event.data.get("energised") is energised
    ]
    commands = [at_s for at_s in commands if within.begin_s - _EDGE_S <= at_s <= within.end_s]
    if not commands:
        raise EvaluationRefused(
            f"the occluder was not {'closed' if energised else 'opened'} between {within.begin_s:g} and "
            f"{within.end_s:g} s"
        )
    drive = voltage_of(trace, VALVE_CHANNEL)
    edge: Instant | None = Instant(commands[0], commands[0] + _LATEST_SWITCH_S)
    if drive is not None:
        after_s, by_s = commands[0] - _LATEST_SWITCH_S, commands[0] + _LATEST_SWITCH_S
        edge = first_edge(*drive, level_v=_VALVE_V, rising=energised, after_s=after_s, by_s=by_s)
    if edge is None:
        raise EvaluationRefused(f"the valve's drive shows no edge at {commands[0]:g} s, where it was switched")
    return Instant(edge.after_s, edge.by_s + evaluation.valve_switching_s)


def running_in(log: PumpLog, period: Phase, set_flow_ul_per_h: float) -> tuple[Running, ...]:
    """Return when the pump said that it delivered in a period, each change known from poll to poll."""
    delivering = np.array([state in DELIVERING for state in log.states], dtype=np.bool_)
    changes = np.flatnonzero(delivering[1:] != delivering[:-1])
    bounds = [Instant(float(log.time_s[i]), float(log.time_s[i + 1])) for i in changes]
    ends = [Instant(float(log.time_s[0]), float(log.time_s[0])), *bounds]
    ends.append(Instant(max(float(log.time_s[-1]), period.end_s), max(float(log.time_s[-1]), period.end_s)))
    found = []
    for number, (began, ended) in enumerate(pairwise(ends)):
        runs = bool(delivering[0]) is (number % 2 == 0)
        if runs and began.after_s < period.end_s and ended.by_s > period.begin_s:
            inside = (log.time_s >= began.by_s) & (log.time_s <= ended.after_s)
            ratio = float(np.mean(log.set_flow_ul_per_h[inside])) / set_flow_ul_per_h if inside.any() else 1.0
            found.append(Running(began, ended, ratio))
    return tuple(found)


def fixture_of(
    trace: Trace,
    evaluation: LineEvaluation,
    bench: GravimetricBench,
    phases: Mapping[str, Phase],
    weighing: Weighing,
) -> Fixture:
    """Return the fixture as the run measured it, or as it is stated; nothing known where neither.

    Raises `EvaluationRefused` for a fixture's test that gives no number.
    """
    stated = stated_fixture(evaluation)
    tests = {name: [p for n, p in phases.items() if n.rpartition(" ")[0] == name] for name in ("fixture", "valve")}
    if not tests["fixture"]:
        return stated
    transducer = transducer_of(bench, coverage_percent=evaluation.coverage_percent)
    pressure = pressure_of(trace, evaluation.fixture_channel or evaluation.channel)
    injections = [_injection(trace, pressure, phase) for _, phase in numbered_phases(phases, "fixture")]
    compliance = fixture_compliance(
        injections,
        syringe_u_percent=evaluation.syringe_u_percent,
        syringe_u_ul=evaluation.syringe_u_ul,
        span_u_percent=transducer.span_u_percent,
        coverage_percent=evaluation.coverage_percent,
    )
    if not tests["valve"]:
        return Fixture(compliance, stated.displacement)
    actuations = [phase for _, phase in numbered_phases(phases, "valve")]
    if evaluation.valve_method == "weighing":
        whole = Phase(actuations[0].begin_s, actuations[-1].end_s)
        return Fixture(compliance, valve_displacement_by_weighing(weighing.volume(whole), actuations=len(actuations)))
    steps = [_step(trace, evaluation, pressure, phase) for phase in actuations]
    displacement = valve_displacement_by_pressure(
        [step.rise_kpa for step in steps],
        compliance=compliance,
        rise_u_kpa=max(step.u_kpa for step in steps),
        coverage_percent=evaluation.coverage_percent,
    )
    return Fixture(compliance, displacement)


def _injection(trace: Trace, pressure: PressureRecord, phase: Phase) -> Injection:
    done = [
        event
        for event in trace.events
        if event.kind == "operator"
        and event.data.get("action") == INJECTION
        and phase.begin_s <= event.time_ns / 1e9 <= phase.end_s
    ]
    values = done[0].data.get("values") if len(done) == 1 else None
    if not isinstance(values, Mapping) or not isinstance(values.get("volume_ul"), int | float):
        raise EvaluationRefused(
            f"a phase of the fixture's test, from {phase.begin_s:g} s, holds {len(done)} injections of known volume; "
            "wanted is one"
        )
    # It is on record when it is done; it was asked for before.
    asked_s = [
        event.time_ns / 1e9
        for event in trace.events
        if event.kind == "operator_asked" and phase.begin_s <= event.time_ns / 1e9 <= done[0].time_ns / 1e9
    ]
    return _stepped(pressure, phase, max(asked_s, default=done[0].time_ns / 1e9), float(values["volume_ul"]))


def _step(trace: Trace, evaluation: LineEvaluation, pressure: PressureRecord, phase: Phase) -> Injection:
    return _stepped(pressure, phase, valve_switched(trace, evaluation, phase, energised=True).after_s, 0.0)


def _stepped(pressure: PressureRecord, phase: Phase, at_s: float, volume_ul: float) -> Injection:
    """Return the pressures before an instant and at the end of its phase."""
    before = pressure.level(max(phase.begin_s, at_s - _SETTLED_S), at_s - pressure.period_s)
    after = pressure.level(max(phase.end_s - _SETTLED_S, at_s), phase.end_s)
    return Injection(volume_ul, before.kpa, after.kpa, math.hypot(before.u_kpa, after.u_kpa))
