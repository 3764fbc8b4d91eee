"""Occlusion of a pump with an alarm, from a trace: fixture, steady flow, dead end, alarm, release.

Phases: "steady"; "occluded", in which the valve closes; "release", in which it opens, up to the end of the collection;
before them, without the pump, "valve 1", "valve 2", ... (each closes the valve once) and "fixture 1", "fixture 2", ...
(each holds one injection into the closed fixture).
"""

from __future__ import annotations

from typing import Literal

from results.bench import GravimetricBench
from results.kinds.kind import EvaluationKind
from results.measured.pump_log import PumpLog, pump_log
from results.measured.weighing import Weighing, weighed_phases
from results.occlusion.collection import bursts_of
from results.occlusion.instants import Instant, first_edge
from results.occlusion.line_trace import (
    ALARM_CHANNEL,
    fixture_of,
    running_in,
    valve_switched,
    voltage_of,
    zeroed_pressure,
)
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.trial import evaluate_occlusion
from results.occlusion.trial_measurands import MEASURANDS
from results.occlusion.trial_record import OcclusionTrial
from results.series import Phase
from results.trace.reader import Trace
from results.trace_series import required_phase, series_of_trace, trace_phases

OCCLUSION_ALARM = "occlusion"
CHECKING = "checking line"
_CONTACT_V = 2.5
"""An alarm contact is 0 V open and 5 V closed."""


class OcclusionTraceEvaluation(OcclusionEvaluation):
    """How the occlusion test of a trace is evaluated."""

    kind: Literal["occlusion"]


def evaluate(trace: Trace, evaluation: OcclusionTraceEvaluation, bench: GravimetricBench) -> OcclusionOutcome:
    """Return the outcome of an occlusion test from its trace."""
    phases = trace_phases(trace)
    steady, occluded, release = (required_phase(phases, name) for name in ("steady", "occluded", "release"))
    series = series_of_trace(trace, phases=weighed_phases(phases, (steady, occluded, release)))
    log = pump_log(trace)
    closed = valve_switched(trace, evaluation, occluded, energised=True)
    released = valve_switched(trace, evaluation, release, energised=False)
    alarm, no_alarm = _alarm(trace, log, Phase(closed.after_s, released.after_s))
    pressure, bench = zeroed_pressure(trace, evaluation, bench, phases.get("blank_before"))
    bursts = bursts_of(pressure, evaluation, steady=steady, closed=closed, released=released, end_s=release.end_s)
    weighing = Weighing.of(
        series, evaluation, bench, fastest_ul_per_h=evaluation.set_flow_ul_per_h, bursts=bursts
    ).with_pauses((steady,))
    trial = OcclusionTrial(
        pressure=pressure,
        weighing=weighing,
        steady=steady,
        closed=closed,
        alarm=alarm,
        no_alarm=no_alarm,
        released=released,
        end_s=min(release.end_s, float(pressure.time_s[-1]), float(weighing.collection.time_s[-1])),
        fixture=fixture_of(trace, evaluation, bench, phases, weighing),
        running=running_in(log, release, evaluation.set_flow_ul_per_h),
        restarts=restarts_in(log, Phase(closed.after_s, release.end_s)),
        run_id=trace.run_id,
        title=str(trace.header.get("title", "Occlusion")),
        simulated=trace.simulated,
    )
    return evaluate_occlusion(trial, evaluation, bench=bench)


def measurands(evaluation: OcclusionTraceEvaluation) -> tuple[str, ...]:
    """Return pressures, times, compliances and boluses."""
    return MEASURANDS


def restarts_in(log: PumpLog, period: Phase) -> tuple[Instant, ...]:
    """Return when the pump went on by itself after checking its line, between two polls each."""
    return tuple(
        Instant(float(log.time_s[poll]), float(log.time_s[poll + 1]))
        for poll in range(len(log.states) - 1)
        if log.states[poll] == CHECKING
        and log.states[poll + 1] == "infusing"
        and period.begin_s <= log.time_s[poll + 1] <= period.end_s
    )


def _alarm(trace: Trace, log: PumpLog, period: Phase) -> tuple[Instant | None, str]:
    """Return when the pump alarmed for the occlusion, and the words for when it did not.

    Only telemetry names the alarm: an alarm contact closes for any that halts the pump. Where the contact was sampled,
    it gives the instant, if it closed as the occlusion was named.
    """
    contact, poll_s = voltage_of(trace, ALARM_CHANNEL), log.poll_period_s()
    late_s = 0.0 if contact is None else poll_s
    edges = log.edges(OCCLUSION_ALARM, Phase(period.begin_s, period.end_s + late_s))
    if not edges:
        return None, _no_alarm(log, period)
    named = edges[0]
    if contact is None:
        return Instant(named.after_s, named.by_s), ""
    after_s, by_s = max(period.begin_s, named.after_s - poll_s), min(period.end_s, named.by_s + poll_s)
    instant = first_edge(*contact, level_v=_CONTACT_V, rising=True, after_s=after_s, by_s=by_s)
    return instant, f"the pump named the occlusion by {named.by_s:g} s, but its alarm contact did not close with it"


def _no_alarm(log: PumpLog, period: Phase) -> str:
    seen = (log.time_s >= period.begin_s) & (log.time_s <= period.end_s)
    stood = frozenset[str]().union(*(up for up, inside in zip(log.alarms, seen, strict=True) if inside))
    instead = f"; the pump raised {', '.join(map(repr, sorted(stood)))} instead" if stood else ""
    return f"no occlusion alarm within {period.duration_s:.0f} s of the occlusion{instead}"


OCCLUSION = EvaluationKind(model=OcclusionTraceEvaluation, evaluate=evaluate, measurands=measurands)
