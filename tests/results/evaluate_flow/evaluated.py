"""A synthetic bench evaluated, and what is read off the outcome."""

from __future__ import annotations

import math
from dataclasses import replace

from results.decision import Criterion
from results.evaluate_flow import evaluate_flow
from results.evaluation import FlowEvaluation
from results.outcome import FlowOutcome
from results.series import FlowSeries
from results.trace.status import SampleStatus
from tests.results.synthetic import BENCH, Simulated, evaluation_of

SEEDS = range(1, 11)


def evaluated(run: Simulated, evaluation: FlowEvaluation | None = None) -> FlowOutcome:
    return evaluate_flow(run.series, evaluation or evaluation_of(), bench=BENCH)


def error_of(run: Simulated, outcome: FlowOutcome) -> float:
    return outcome.error_a.measured.value - run.error_percent


def budget(outcome: FlowOutcome, start: str) -> float:
    return math.hypot(*(line.contribution for line in outcome.error_a.lines if line.name.startswith(start)))


def with_readings(series: FlowSeries, places: slice, *, mass_g: float, status: SampleStatus) -> FlowSeries:
    mass, states = series.mass_g.copy(), series.status.copy()
    mass[places] = mass_g
    states[places] = status.value
    return replace(series, mass_g=mass, status=states)


def trumpet_criterion(name: str, high: float) -> FlowEvaluation:
    criterion = Criterion(id="T", measurand=name, unit="%", low=-high, high=high, source="house")
    return evaluation_of().model_copy(update={"criteria": (criterion,)})
