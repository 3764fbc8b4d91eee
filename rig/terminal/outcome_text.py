"""Outcomes in words: what was measured, against which limits."""

from __future__ import annotations

from results.decision import Decision
from results.outcome import FlowOutcome


def measured_text(outcome: FlowOutcome, decision: Decision) -> str:
    """Return value and U of one criterion, as one would write it in a report, and the mean flow it belongs to."""
    flow = outcome.corrected.mean_flow_ul_per_h
    unit = decision.unit
    return (
        f"{decision.value:+.2f} {unit}, U = {decision.expanded_uncertainty:.2f} {unit}\n"
        f"mean flow {flow:.4g} uL/h, set {outcome.set_flow_ul_per_h:.4g} uL/h"
    )


def limits_text(decision: Decision) -> str:
    """Return the tolerance limits and the rule."""
    low = "" if decision.tolerance_low is None else f"{decision.tolerance_low:+g}"
    high = "" if decision.tolerance_high is None else f"{decision.tolerance_high:+g}"
    return f"{low} .. {high} {decision.unit}\n{decision.rule}"


def reason_text(outcome: FlowOutcome) -> str:
    """Return why the verdict is what it is: the reasons of all criteria that did not pass, or of the first."""
    missed = [one for one in outcome.decisions if one.verdict is outcome.verdict] or list(outcome.decisions)
    return "; ".join(f"{one.measurand}: {one.reason}" for one in missed)
