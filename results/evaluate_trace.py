"""Evaluation of a sealed trace: what its kind of evaluation needs, read from the file alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from results.after_check import refuse_failed_after_check
from results.bench import GravimetricBench
from results.decision import StrictModel
from results.kinds import KINDS
from results.measured.outcome import Outcome
from results.refusal import EvaluationRefused
from results.stopped import with_stops
from results.trace.reader import Trace, read_trace
from results.trace_series import flow_series, whole_intervals

__all__ = ["DEFAULT_KIND", "evaluate_trace", "flow_series", "whole_intervals"]

_Model = TypeVar("_Model", bound=StrictModel)
DEFAULT_KIND = "flow"
"""The kind of a trace whose header names none."""
NOT_CLOSED = "NOT COMPLETE: the run ended without closing its journal; what was taken last is missing"
"""The note of an outcome whose run a crash or a full disk ended."""


def evaluate_trace(path: Path) -> Outcome:
    """Return the outcome of a test from its sealed trace.

    The header holds the plan's evaluation, with its kind, and the bench; the events hold the phases. Raises
    `TraceError` for a file that cannot be read and `EvaluationRefused` where no honest number can be computed, as after
    a run whose balance did not pass the check that followed, or of whose journal rows were lost. A run that a stopping
    criterion ended has failed on it; one that a crash or a full disk ended says so in its notes.
    """
    trace = read_trace(path)
    if trace.damage:
        lost = f"{len(trace.damage)} rows of its journal were lost, the first: {trace.damage[0]}"
        raise EvaluationRefused(f"{path}: {lost}; nobody knows what they would have changed")
    refuse_failed_after_check(trace)
    name = str(_table(trace, "evaluation").get("kind", DEFAULT_KIND))
    kind = KINDS.get(name)
    if kind is None:
        raise EvaluationRefused(f"{path}: there is no kind of evaluation {name!r}; there are {', '.join(KINDS)}")
    evaluation = _from_header(trace, "evaluation", kind.model)
    bench = _from_header(trace, "gravimetric_bench", GravimetricBench)
    outcome = with_stops(kind.evaluate(trace, evaluation, bench), trace.events)
    return outcome if trace.closed_orderly else _not_closed(outcome)


def _not_closed(outcome: Outcome) -> Outcome:
    if not is_dataclass(outcome) or isinstance(outcome, type):
        raise TypeError(f"{type(outcome).__name__} takes no notes")
    noted: Outcome = replace(outcome, notes=(NOT_CLOSED, *outcome.notes))
    return noted


def _table(trace: Trace, key: str) -> Mapping[str, object]:
    table = trace.header.get(key)
    if not isinstance(table, Mapping):
        raise EvaluationRefused(f"{trace.path}: the header of the run has no {key!r}")
    return table


def _from_header(trace: Trace, key: str, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(dict(_table(trace, key)))
    except ValidationError as error:
        raise EvaluationRefused(f"{trace.path}: {key!r} in the header of the run is unusable: {error}") from error
