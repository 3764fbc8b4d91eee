"""Flow accuracy from a trace."""

from __future__ import annotations

from dataclasses import replace

from results.bench import GravimetricBench
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.kinds.kind import EvaluationKind
from results.measurands import ERROR_A
from results.outcome import FlowOutcome
from results.profiles import load_profile
from results.trace.reader import Trace
from results.trace_notes import pump_alarm_notes
from results.trace_series import flow_series


def evaluate(trace: Trace, evaluation: FlowEvaluation, bench: GravimetricBench) -> FlowOutcome:
    """Return the outcome of a flow test from its trace."""
    profile = load_profile(evaluation.profile)
    series = flow_series(trace, sample_interval_s=profile.profile.sample_interval_s)
    outcome = evaluate_flow(series, evaluation, bench=bench, profile=profile)
    return replace(outcome, notes=outcome.notes + pump_alarm_notes(trace))


def measurands(evaluation: FlowEvaluation) -> tuple[str, ...]:
    """Return error A and both extremes of every window of the profile."""
    profile = load_profile(evaluation.profile).profile
    minutes = [count * profile.sample_interval_s / 60.0 for count in profile.window_samples]
    return (ERROR_A, *(f"Ep({side}), P = {length:g} min" for length in minutes for side in ("max", "min")))


FLOW = EvaluationKind(model=FlowEvaluation, evaluate=evaluate, measurands=measurands)
