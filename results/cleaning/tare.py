"""A tare in the middle of a test."""

from __future__ import annotations

from results.refusal import EvaluationRefused
from results.series import FlowSeries


def refuse_tare(series: FlowSeries) -> None:
    """Raise `EvaluationRefused` for a tare within the phases: it changes the zero that blanks and test must share."""
    phases = series.phases
    inside = [at_s for at_s in series.tare_s if phases.begin_s < at_s < phases.end_s]
    if inside:
        raise EvaluationRefused(f"the balance was tared at {inside[0]:g} s, within the test; run the test again")
