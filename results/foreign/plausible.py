"""Whether a flow read from somebody else's file can be a pump's at all, or tells of conditions stated wrongly."""

from __future__ import annotations

from dataclasses import replace

from results.outcome import FlowOutcome
from results.series import EvaluationRefused

_BACKWARD_SHARE = -0.1
"""No drift or evaporation makes a tenth of the set flow; a vessel that loses where it should gain does."""

_UNLIKELY = 100.0
"""A pump off by this factor is rarer than a unit stated wrongly; it may still be one that stood."""


def plausible(outcome: FlowOutcome) -> FlowOutcome:
    """Return the outcome, with a note where a unit may be stated wrongly.

    Raises `EvaluationRefused` where the liquid went the other way.
    """
    flow_ul_per_h, set_flow_ul_per_h = outcome.mean_flow.value, outcome.set_flow_ul_per_h
    share = flow_ul_per_h / set_flow_ul_per_h
    if share < _BACKWARD_SHARE:
        raise EvaluationRefused(
            f"the mean flow comes out as {flow_ul_per_h:.4g} uL/h: the balance's readings go the other way. "
            "Correct `direction` in the conditions file"
        )
    if 1.0 / _UNLIKELY < share < _UNLIKELY:
        return outcome
    note = (
        f"the mean flow is {share:.3g} times the set flow: where the pump did run, look at the units of the columns of "
        "mass and time and at the set flow in the conditions file"
    )
    return replace(outcome, notes=(note, *outcome.notes))
