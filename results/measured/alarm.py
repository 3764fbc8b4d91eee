"""How long after an instant the pump raised an alarm."""

from __future__ import annotations

from results.decision import Verdict
from results.measured.measurand import Measurand, measured, not_measured
from results.measured.run_record import RunRecord
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import combine


def alarm_after(name: str, record: RunRecord, alarm: str, *, since: Phase, until_s: float) -> Measurand:
    """Return the time (s) from the begin of a phase to the pump's alarm, known from one poll to the next.

    An alarm that did not come is the pump's fault; telemetry that is missing, the bench's.
    """
    try:
        edges = record.pump().edges(alarm, Phase(since.begin_s, until_s))
    except EvaluationRefused as error:
        return not_measured(name, str(error), Verdict.INVALID)
    if not edges:
        return not_measured(name, f"the pump raised no alarm {alarm!r} within {until_s - since.begin_s:.0f} s")
    first = edges[0]
    return measured(name, combine(value=first.at_s - since.begin_s, unit="s", lines=[first.line()]))
