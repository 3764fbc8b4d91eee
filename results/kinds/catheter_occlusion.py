"""The occluded catheter of a pump without an alarm, from a trace.

Phases: "steady"; "occluded", in which the occluder closes; "release", in which it opens; "recovery", in which the flow
is steady again; the fixture's phases as `results.kinds.occlusion` has them, where it is measured in the run.
"""

from __future__ import annotations

from typing import Literal

from results.bench import GravimetricBench
from results.kinds.kind import EvaluationKind
from results.measured.pump_log import pump_log
from results.measured.weighing import Weighing, weighed_phases
from results.occlusion.catheter import MEASURANDS, evaluate_catheter
from results.occlusion.collection import bursts_of
from results.occlusion.line_trace import fixture_of, valve_switched, zeroed_pressure
from results.occlusion.model import CatheterEvaluation
from results.occlusion.outcome import OcclusionOutcome
from results.occlusion.trial_record import CatheterTrial
from results.trace.reader import Trace
from results.trace_series import required_phase, series_of_trace, trace_phases


class CatheterTraceEvaluation(CatheterEvaluation):
    """How the occluded catheter of a trace is evaluated."""

    kind: Literal["catheter_occlusion"]


def evaluate(trace: Trace, evaluation: CatheterTraceEvaluation, bench: GravimetricBench) -> OcclusionOutcome:
    """Return the outcome of an occluded catheter from its trace."""
    phases = trace_phases(trace)
    steady, occluded, release = (required_phase(phases, name) for name in ("steady", "occluded", "release"))
    recovered = phases.get("recovery")
    parts = [steady, occluded, release, *([] if recovered is None else [recovered])]
    series = series_of_trace(trace, phases=weighed_phases(phases, parts))
    pressure, bench = zeroed_pressure(trace, evaluation, bench, phases.get("blank_before"))
    closed = valve_switched(trace, evaluation, occluded, energised=True)
    released = valve_switched(trace, evaluation, release, energised=False)
    last_s = max(part.end_s for part in parts)
    bursts = bursts_of(pressure, evaluation, steady=steady, closed=closed, released=released, end_s=last_s)
    weighing = Weighing.of(
        series, evaluation, bench, fastest_ul_per_h=evaluation.set_flow_ul_per_h, bursts=bursts
    ).with_pauses([steady] if recovered is None else [steady, recovered])
    log = pump_log(trace)
    polled = (log.time_s >= occluded.begin_s) & (log.time_s <= release.end_s)
    raised = [alarms for alarms, seen in zip(log.alarms, polled, strict=True) if seen]
    trial = CatheterTrial(
        pressure=pressure,
        weighing=weighing,
        steady=steady,
        closed=closed,
        released=released,
        end_s=min(last_s, float(pressure.time_s[-1]), float(weighing.collection.time_s[-1])),
        recovered=recovered,
        fixture=fixture_of(trace, evaluation, bench, phases, weighing),
        alarms=tuple(sorted(frozenset[str]().union(*raised))),
        run_id=trace.run_id,
        title=str(trace.header.get("title", "Catheter occlusion")),
        simulated=trace.simulated,
    )
    return evaluate_catheter(trial, evaluation, bench=bench)


def measurands(evaluation: CatheterTraceEvaluation) -> tuple[str, ...]:
    """Return pressures, compliances, and what the balance sees."""
    return MEASURANDS


CATHETER_OCCLUSION = EvaluationKind(model=CatheterTraceEvaluation, evaluate=evaluate, measurands=measurands)
