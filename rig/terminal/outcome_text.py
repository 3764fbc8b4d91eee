"""Outcomes in words: what was measured, against which limits."""

from __future__ import annotations

import math

from results.decision import Decision
from results.measured.outcome import Outcome
from results.outcome import FlowOutcome

COUNT = "1"
"""The unit of what is counted; it is not written."""
_LARGE = 1e4


def measured_text(outcome: Outcome, decision: Decision) -> str:
    """Return value and U of one criterion, as one would write it in a report; of a flow test also the mean flow."""
    if not math.isfinite(decision.value):
        return "not measured"
    measured = value_text(decision.value, decision.expanded_uncertainty, decision.unit)
    if not isinstance(outcome, FlowOutcome):
        return measured
    flow = outcome.corrected.mean_flow_ul_per_h
    return f"{measured}\nmean flow {flow:.4g} uL/h, set {outcome.set_flow_ul_per_h:.4g} uL/h"


def value_text(value: float, expanded_uncertainty: float, unit: str) -> str:
    """Return a value with its U, both to the decimal that two digits of U give; per cent are signed."""
    decimals = 2
    if math.isfinite(expanded_uncertainty) and expanded_uncertainty > 0.0:
        decimals = min(max(1 - math.floor(math.log10(expanded_uncertainty)), 0), 6)
    sign = "+" if unit == "%" else ""
    of = "" if unit == COUNT else f" {unit}"
    if unit == COUNT and expanded_uncertainty == 0.0:
        return f"{value:g}"
    return f"{value:{sign}.{decimals}f}{of}, U = {expanded_uncertainty:.{decimals}f}{of}"


def limits_text(decision: Decision) -> str:
    """Return the tolerance limits, the rule, and where it differs from them its acceptance limits."""
    tolerance = (decision.tolerance_low, decision.tolerance_high)
    acceptance = (decision.acceptance_low, decision.acceptance_high)
    of = "" if decision.unit == COUNT else f" {decision.unit}"
    text = f"{_range(tolerance, 'g')}{of}\n{decision.rule}"
    if acceptance in (tolerance, (None, None)) or not _leaves_room(acceptance):
        return text
    return f"{text}: {_range(acceptance, '.4g')}{of}"


def conformance_text(decision: Decision) -> str:
    """Return the probability that the true value conforms; empty where there is no value."""
    probability = decision.conformance_probability
    if not math.isfinite(probability):
        return ""
    percent = 100.0 * probability
    return "conforms: > 99.9 %" if percent > 99.9 else f"conforms: {percent:.1f} %"


def _range(limits: tuple[float | None, float | None], form: str) -> str:
    """Return both limits; large ones in full, as a time of days in s is."""
    low, high = ("" if limit is None else f"{limit:+{form if abs(limit) < _LARGE else '.0f'}}" for limit in limits)
    return f"{low} .. {high}"


def _leaves_room(limits: tuple[float | None, float | None]) -> bool:
    low, high = limits
    return low is None or high is None or low < high


def reason_text(outcome: Outcome) -> str:
    """Return why the verdict is what it is: the reasons of all criteria that did not pass, or of the first."""
    missed = [one for one in outcome.decisions if one.verdict is outcome.verdict] or list(outcome.decisions)
    return "; ".join(f"{one.measurand}: {one.reason}" for one in missed)
