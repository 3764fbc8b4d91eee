"""Outcomes in words: what was measured, against which limits."""

from __future__ import annotations

from results.decision import Decision
from results.outcome import FlowOutcome


def measured_text(outcome: FlowOutcome) -> str:
    """Return value, U and k of the first criterion, as one would write it in a report."""
    measured = outcome.error_a.measured
    flow = outcome.corrected.mean_flow_ul_per_h
    return (
        f"{measured.value:+.2f} {measured.unit}, U = {measured.expanded_uncertainty:.2f} {measured.unit} "
        f"(k = {measured.coverage_factor:.2f})\n{flow:.4g} uL/h, set {outcome.set_flow_ul_per_h:.4g} uL/h"
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
