"""Boluses from a trace: each a phase "bolus 1", "bolus 2", ... that begins when the bolus does."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from results.bench import GravimetricBench
from results.bolus import MEASURANDS, BolusEvaluation, bolus_phases, evaluate_bolus
from results.bolus_outcome import BolusOutcome
from results.kinds.kind import EvaluationKind
from results.measured.run_record import RunRecord, record_of
from results.trace.reader import Trace
from results.trace_notes import pump_alarm_notes


class BolusTraceEvaluation(BolusEvaluation):
    """How the boluses of a trace are evaluated."""

    kind: Literal["bolus"]


def measure(record: RunRecord, evaluation: BolusTraceEvaluation, bench: GravimetricBench) -> BolusOutcome:
    """Return the outcome of a bolus test. Raises `EvaluationRefused` where no honest number can be computed."""
    phases = record.phases
    begins_s = [phase.begin_s for _, phase in record.numbered("bolus")]
    test = bolus_phases(
        begins_s, evaluation.timing, blank_before=phases.get("blank_before"), blank_after=phases.get("blank_after")
    )
    return evaluate_bolus(replace(record.series, phases=test), begins_s, evaluation, bench=bench)


def evaluate(trace: Trace, evaluation: BolusTraceEvaluation, bench: GravimetricBench) -> BolusOutcome:
    """Return the outcome of a bolus test from its trace."""
    outcome = measure(record_of(trace), evaluation, bench)
    return replace(outcome, notes=outcome.notes + pump_alarm_notes(trace))


def measurands(evaluation: BolusTraceEvaluation) -> tuple[str, ...]:
    """Return the mean error, the extremes and the spread."""
    return MEASURANDS


BOLUS = EvaluationKind(model=BolusTraceEvaluation, evaluate=evaluate, measurands=measurands)
