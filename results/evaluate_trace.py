"""Evaluation of a sealed trace: everything it needs stands in the file itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from results.bench import GravimetricBench
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.outcome import FlowOutcome
from results.series import AmbientSeries, EvaluationRefused, FlowPhases, FlowSeries, Phase
from results.trace.errors import TraceError
from results.trace.phases import phase_intervals
from results.trace.reader import Trace, read_trace
from results.trace.schema import AMBIENT, MASS

INFUSION_START = "infusion_start"
TARE = "tare"


def evaluate_trace(path: Path) -> FlowOutcome:
    """Return the outcome of the flow test a trace holds.

    Evaluation and bench are those of the trace's header. Raises `TraceError` where the file cannot be read or says
    nothing about its evaluation, `EvaluationRefused` or `ValueError` where no honest number can be computed.
    """
    trace = read_trace(path)
    evaluation = FlowEvaluation.model_validate(_header_table(trace, "evaluation"))
    bench = GravimetricBench.model_validate(_header_table(trace, "gravimetric_bench"))
    return evaluate_flow(flow_series(trace), evaluation, bench=bench)


def flow_series(trace: Trace) -> FlowSeries:
    """Return readings, air and phases of a trace. Raises `EvaluationRefused` when no analysis phase ended."""
    mass = trace.stream(MASS)
    ambient = trace.stream(AMBIENT)
    return FlowSeries(
        time_s=mass.time_s,
        mass_g=np.asarray(mass.column("mass_g"), dtype=np.float64),
        status=mass.status,
        phases=_flow_phases(trace),
        ambient=AmbientSeries(
            time_s=ambient.time_s,
            temperature_c=np.asarray(ambient.column("temperature_c"), dtype=np.float64),
            humidity_percent=np.asarray(ambient.column("humidity_percent"), dtype=np.float64),
            pressure_hpa=np.asarray(ambient.column("pressure_hpa"), dtype=np.float64),
        ),
        tare_s=tuple(event.time_ns / 1e9 for event in trace.events if event.kind == TARE),
        run_id=trace.run_id,
        simulated=trace.simulated,
    )


def _flow_phases(trace: Trace) -> FlowPhases:
    phases = {name: Phase(*interval) for name, interval in phase_intervals(trace.events).items()}
    if "analysis" not in phases:
        raise EvaluationRefused("the analysis phase never ended: the run was cut short")
    analysis = phases["analysis"]
    starts = [event.time_ns / 1e9 for event in trace.events if event.kind == INFUSION_START]
    before = [start_s for start_s in starts if start_s <= analysis.begin_s]
    return FlowPhases(
        analysis=analysis,
        stabilisation=phases.get("stabilisation"),
        blank_before=phases.get("blank_before"),
        blank_after=phases.get("blank_after"),
        infusion_start_s=before[-1] if before else None,
    )


def _header_table(trace: Trace, name: str) -> Mapping[str, object]:
    table = trace.header.get(name)
    if not isinstance(table, Mapping):
        raise TraceError(trace.path, f"its header has no {name}", "Evaluate a trace that a protocol recorded")
    return table
