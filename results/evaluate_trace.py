"""Evaluation of a sealed trace: what `evaluate_flow` needs, read from the file alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from results.bench import GravimetricBench
from results.decision import StrictModel
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.flow.grid import interval_count
from results.outcome import FlowOutcome
from results.profiles import load_profile
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, AmbientSeries, FlowPhases, FlowSeries, Phase
from results.trace.phases import phase_intervals
from results.trace.reader import StreamTrace, Trace, read_trace
from results.trace.schema import AMBIENT, MASS

_Model = TypeVar("_Model", bound=StrictModel)
_LATENESS_S = 1.0


def evaluate_trace(path: Path) -> FlowOutcome:
    """Return the outcome of a flow test from its sealed trace.

    The header holds the plan's evaluation and the bench; the events hold the phases. Raises `TraceError` for a file
    that cannot be read and `EvaluationRefused` where no honest number can be computed.
    """
    trace = read_trace(path)
    evaluation = _from_header(trace, "evaluation", FlowEvaluation)
    bench = _from_header(trace, "gravimetric_bench", GravimetricBench)
    profile = load_profile(evaluation.profile)
    series = flow_series(trace, sample_interval_s=profile.profile.sample_interval_s)
    return evaluate_flow(series, evaluation, bench=bench, profile=profile)


def flow_series(trace: Trace, *, sample_interval_s: float) -> FlowSeries:
    """Return the flow series of a trace, its analysis phase a whole number of sample intervals (s) long."""
    mass = trace.stream(MASS)
    return FlowSeries(
        time_s=mass.time_s,
        mass_g=_numbers(mass, "mass_g"),
        status=mass.status,
        phases=flow_phases(trace, sample_interval_s=sample_interval_s),
        ambient=_ambient(trace),
        tare_s=tuple(event.time_ns / 1e9 for event in trace.events if event.kind == "tare"),
        run_id=trace.run_id,
        title=str(trace.header.get("title", "Flow accuracy")),
        simulated=trace.simulated,
    )


def flow_phases(trace: Trace, *, sample_interval_s: float) -> FlowPhases:
    """Return the phases of a trace. Raises `EvaluationRefused` without a completed analysis phase.

    Commands take effect a moment after they are due, so a phase is no exact multiple of S; the analysis period is the
    whole number of sample intervals that ends with the phase.
    """
    try:
        intervals = phase_intervals(trace.events)
    except ValueError as error:
        raise EvaluationRefused(f"the phases of the run are unusable: {error}") from error
    phases = {name: Phase(begin, end) for name, (begin, end) in intervals.items() if begin < end}
    if "analysis" not in phases:
        raise EvaluationRefused(f"the run holds no completed analysis phase; it holds {sorted(phases) or 'none'}")
    starts = [event.time_ns / 1e9 for event in trace.events if event.kind == "infusion_start"]
    stabilisation = phases.get("stabilisation")
    infusion = stabilisation or phases["analysis"]
    return FlowPhases(
        analysis=whole_intervals(phases["analysis"], sample_interval_s=sample_interval_s),
        stabilisation=stabilisation,
        blank_before=phases.get("blank_before"),
        blank_after=phases.get("blank_after"),
        infusion_start_s=max((start for start in starts if start <= infusion.begin_s + _LATENESS_S), default=None),
    )


def whole_intervals(phase: Phase, *, sample_interval_s: float) -> Phase:
    """Return the phase cut at its begin, or begun earlier, by at most 1 s so that it is a multiple of S."""
    count = round(phase.duration_s / sample_interval_s)
    period_s = count * sample_interval_s
    if count < 1 or abs(period_s - phase.duration_s) > _LATENESS_S:
        interval_count(duration_s=phase.duration_s, sample_interval_s=sample_interval_s)
    return Phase(phase.end_s - period_s, phase.end_s)


def _from_header(trace: Trace, key: str, model: type[_Model]) -> _Model:
    table = trace.header.get(key)
    if not isinstance(table, Mapping):
        raise EvaluationRefused(f"{trace.path}: the header of the run has no {key!r}")
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        raise EvaluationRefused(f"{trace.path}: {key!r} in the header of the run is unusable: {error}") from error


def _ambient(trace: Trace) -> AmbientSeries | None:
    if AMBIENT not in {spec.name for spec in trace.spec}:
        return None
    stream = trace.stream(AMBIENT)
    time_s = stream.time_s
    silent = ~np.isin(stream.status, NUMBER_CODES)
    if time_s.size == 0 or silent.all():
        return None

    def column(name: str) -> NDArray[np.float64]:
        return np.where(silent, np.nan, _numbers(stream, name))

    return AmbientSeries(
        time_s=time_s,
        temperature_c=column("temperature_c"),
        humidity_percent=column("humidity_percent"),
        pressure_hpa=column("pressure_hpa"),
    )


def _numbers(stream: StreamTrace, name: str) -> NDArray[np.float64]:
    return np.asarray(stream.column(name), dtype=np.float64)
