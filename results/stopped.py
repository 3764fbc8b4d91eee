"""A run that a stopping criterion ended has failed on it, whatever the numbers of what it lasted say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from results.bolus_outcome import BolusOutcome
from results.decision import Decision, Verdict, combined_verdict
from results.measured.outcome import MeasuredOutcome, Outcome
from results.outcome import FlowOutcome
from results.trace.schema import TraceEvent


def with_stops(outcome: Outcome, events: Iterable[TraceEvent]) -> Outcome:
    """Return the outcome with a failed decision for each stopping criterion that the events tell was reached."""
    stops = tuple(_failed(event) for event in events if event.kind == "stopping_criterion")
    if not stops:
        return outcome
    if not isinstance(outcome, FlowOutcome | BolusOutcome | MeasuredOutcome):
        raise TypeError(f"{type(outcome).__name__} cannot hold the decision of a stopping criterion")
    verdict = combined_verdict([outcome.verdict, Verdict.FAIL])
    return replace(outcome, decisions=(*outcome.decisions, *stops), verdict=verdict)


def _failed(event: TraceEvent) -> Decision:
    """Return the decision that was taken during the run, from its event."""
    name, words = str(event.data.get("criterion", "not named")), str(event.data.get("words", ""))
    return Decision(
        criterion_id=name,
        measurand="stopping criterion",
        unit=str(event.data.get("unit", "")),
        value=_number(event.data.get("value")),
        expanded_uncertainty=math.nan,
        tolerance_low=None,
        tolerance_high=_number(event.data.get("limit")),
        acceptance_low=None,
        acceptance_high=None,
        rule="stopping criterion",
        conformance_probability=math.nan,
        verdict=Verdict.FAIL,
        reason=f"it ended the run at {event.time_ns / 1e9:.0f} s" + (f": {words}" if words else ""),
        source="the plan",
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
