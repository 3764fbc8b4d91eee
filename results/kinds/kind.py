"""What makes a kind of evaluation: the table a plan gives it, its function, and the names of what it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from results.bench import GravimetricBench
from results.decision import StrictModel
from results.measured.outcome import Outcome
from results.trace.reader import Trace

Model = TypeVar("Model", bound=StrictModel)


@dataclass(frozen=True, slots=True)
class EvaluationKind(Generic[Model]):
    """A kind of evaluation.

    `evaluate` raises `EvaluationRefused` where no honest number can be computed. `measurands` are the names a criterion
    may use, for one evaluation: a plan is checked against them before anything runs.
    """

    model: type[Model]
    evaluate: Callable[[Trace, Model, GravimetricBench], Outcome]
    measurands: Callable[[Model], tuple[str, ...]]
