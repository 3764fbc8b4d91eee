"""What makes a kind of evaluation: the table a plan gives it, its function, and the names of what it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from results.bench import GravimetricBench
from results.decision import StrictModel
from results.measured.evaluation import MeasuredEvaluation, names_of
from results.measured.outcome import MeasuredOutcome, Outcome
from results.measured.run_record import RunRecord, record_of
from results.trace.reader import Trace

Model = TypeVar("Model", bound=StrictModel)
Measured = TypeVar("Measured", bound=MeasuredEvaluation)


@dataclass(frozen=True, slots=True)
class EvaluationKind(Generic[Model]):
    """A kind of evaluation.

    `evaluate` raises `EvaluationRefused` where no honest number can be computed. `measurands` are the names a criterion
    may use, for one evaluation: a plan is checked against them before anything runs.
    """

    model: type[Model]
    evaluate: Callable[[Trace, Model, GravimetricBench], Outcome]
    measurands: Callable[[Model], tuple[str, ...]]


def measured_kind(
    model: type[Measured], measure: Callable[[RunRecord, Measured, GravimetricBench], MeasuredOutcome]
) -> EvaluationKind[Measured]:
    """Return the kind of a measured test: what `measure` makes of a record is evaluated from the record of a trace."""

    def evaluate(trace: Trace, evaluation: Measured, bench: GravimetricBench) -> MeasuredOutcome:
        return measure(record_of(trace), evaluation, bench)

    return EvaluationKind(model=model, evaluate=evaluate, measurands=names_of)
