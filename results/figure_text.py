"""The words of a flow figure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from results.decision import gravest_first
from results.flow.trumpet import WindowError
from results.outcome import FlowOutcome
from results.provenance import Provenance

_DECISIONS_SHOWN = 2
_TITLE_LENGTH = 106
_MANY = 9999.0


def rounded(value: float, uncertainty: float, *, sign: bool = False) -> str:
    """Return a value to the place of the second significant digit of its uncertainty."""
    plus = "+" if sign else ""
    if not (math.isfinite(value) and math.isfinite(uncertainty)) or uncertainty <= 0.0:
        return typeset(f"{value:{plus}g}")
    places = max(0, 1 - math.floor(math.log10(uncertainty)))
    return typeset(f"{value:{plus}.{places}f}")


def typeset(number: str) -> str:
    """Return a number with a true minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def header_lines(outcome: FlowOutcome) -> list[tuple[str, str]]:
    """Return the rows above the panels: name and text."""
    error, flow = outcome.error_a.measured, outcome.mean_flow
    hours = (outcome.analysis_end_s - outcome.analysis_begin_s) / 3600.0
    lines = [
        (
            "Mean flow",
            f"{rounded(flow.value, flow.expanded_uncertainty)} µL/h ± "
            f"{rounded(flow.expanded_uncertainty, flow.expanded_uncertainty)} µL/h for the volume at "
            f"{outcome.volume_reference_temperature_c:g} °C; set {outcome.set_flow_ul_per_h:.6g} µL/h",
        ),
        (
            "Mean flow error A",
            f"{rounded(error.value, error.expanded_uncertainty, sign=True)} % ± "
            f"{rounded(error.expanded_uncertainty, error.expanded_uncertainty)} %  "
            f"(U, k = {error.coverage_factor:.2f}, {_freedom(error.degrees_of_freedom)}); fully corrected",
        ),
        ("", f"{typeset(f'{outcome.as_written.error_a_percent:+.2f}')} %  {outcome.as_written.label}"),
        (
            "Analysis period",
            f"{hours:g} h, S = {outcome.sample_interval_s / 60.0:g} min; "
            f"profile {outcome.profile_id} {outcome.profile_version}",
        ),
    ]
    for decision in gravest_first(outcome.decisions)[:_DECISIONS_SHOWN]:
        limits = _limits(decision.tolerance_low, decision.tolerance_high)
        criterion = f"{decision.measurand} within {limits} {decision.unit}, {decision.rule} rule"
        text = f"{decision.verdict.value}   (criterion: {criterion})"
        lines.append(("Verdict", text))
    return lines


def title_line(outcome: FlowOutcome) -> str:
    """Return the title, shortened to one line."""
    return textwrap.shorten(outcome.title, _TITLE_LENGTH, placeholder=" …")


def footer(outcome: FlowOutcome, provenance: Provenance | None) -> str:
    """Return the lines below the panels: what the method is and is not, and what was measured by whom."""
    text = f"{outcome.wording} Measurand: {outcome.measurand}. Evaporation: {outcome.evaporation_model}."
    lines = textwrap.wrap(text, 172)
    if provenance is not None:
        lines += textwrap.wrap(provenance.line, 172)
    return "\n".join(lines)


def limit_label(limit: float) -> str:
    """Return the label of a limit line."""
    return f"limit of A {typeset(f'{limit:+g}')} %"


def noise_label() -> str:
    """Return the label of the noise band."""
    return "noise floor of the bench"


def windows_label(rows: Sequence[WindowError]) -> str:
    """Return the label of the axis of windows; it says when some were left out."""
    if any(row.windows_excluded for row in rows):
        return "Observation window P (min), its length; below: windows evaluated, of all"
    return "Observation window P (min), its length, not elapsed time"


def window_label(row: WindowError) -> str:
    """Return the length of a window (min), and how many of its length were evaluated where some were left out."""
    minutes = f"{row.window_s / 60.0:g}"
    if not row.windows_excluded:
        return minutes
    return f"{minutes}\n{row.windows} of {row.windows + row.windows_excluded}"


def _freedom(degrees: float) -> str:
    if degrees > _MANY:
        return "ν > 9999"
    return f"ν = {degrees:.0f}"


def _limits(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        if math.isclose(low, -high):
            return f"±{high:g}"
        return f"{typeset(f'{low:+g}')} to {typeset(f'{high:+g}')}"
    return f"≥ {typeset(f'{low:+g}')}" if low is not None else f"≤ {typeset(f'{high:+g}')}"
