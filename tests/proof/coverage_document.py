"""The coverage study as a document: its tables, and the notes that were written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.proof.coverage_left_out import LEFT_OUT
from tests.proof.coverage_runs import DEEP_MM, READING_INTERVAL_S, SHALLOW_MM, STABILISATION_S, Row, cells

CELL_PERCENT = (93.0, 98.0)
POOLED_PERCENT = (94.0, 97.0)
LARGEST_RATIO = 1.3
NOTES = "## Notes\n"
"""From here on the document is written by hand, and stays."""
_COLUMNS = (
    "| bench, rate | runs | coverage | median U | 95 % half-width of the error | U / half-width | mean error "
    "| largest lines of the budget | |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a set of runs: how many truths lie within U, %; median U, 95 % half-width and mean of the errors, %."""

    runs: int
    covered_percent: float
    median_u: float
    half_width: float
    mean_error: float

    @property
    def ratio(self) -> float:
        """Median U over the half-width that holds 95 % of the errors: above 1 is padding."""
        return self.median_u / self.half_width


def coverage_of(errors: Sequence[float], expanded: Sequence[float]) -> Coverage:
    """Return the coverage of runs with these errors and U."""
    error, u = np.asarray(errors), np.asarray(expanded)
    return Coverage(
        runs=error.size,
        covered_percent=100.0 * float(np.mean(np.abs(error) <= u)),
        median_u=float(np.median(u)),
        half_width=float(np.quantile(np.abs(error), 0.95)),
        mean_error=float(np.mean(error)),
    )


def table(rows: Sequence[Row], *, extra: bool = False) -> str:
    """Return the coverage of each of the nine cells and of all, or of the extra ones, as a Markdown table."""
    lines = [_COLUMNS]
    pooled: list[Row] = []
    for cell in cells():
        own = [row for row in rows if row.cell == cell.name and cell.extra == extra]
        if own:
            lines.append(_line(cell.name, own))
            pooled += own
    if pooled and not extra:
        found = coverage_of([row.error for row in pooled], [row.expanded for row in pooled])
        verdict = _word(POOLED_PERCENT[0] <= found.covered_percent <= POOLED_PERCENT[1])
        lines.append(f"| all nine | {found.runs} | {found.covered_percent:.1f} % | | | | | | {verdict} |")
    return "\n".join(lines)


def left_out_table(rows: Sequence[Row]) -> str:
    """Return what happens to coverage when a line is removed or a correction switched off, as a Markdown table."""
    lines = ["| left out | bench, rate | coverage with it | without it | |", "|---|---|---|---|---|"]
    for change in LEFT_OUT:
        own = [row for row in rows if row.cell == change.cell]
        if not own:
            continue
        whole = coverage_of([row.error for row in own], [row.expanded for row in own])
        less = coverage_of([row.left_out[change.key][0] for row in own], [row.left_out[change.key][1] for row in own])
        found = "fails" if less.covered_percent < CELL_PERCENT[0] else "NOT FOUND"
        with_it, without_it = f"{whole.covered_percent:.1f} %", f"{less.covered_percent:.1f} %"
        lines.append(f"| {change.title} | {change.cell} | {with_it} | {without_it} | {found} |")
    return "\n".join(lines)


def _line(name: str, rows: Sequence[Row]) -> str:
    found = coverage_of([row.error for row in rows], [row.expanded for row in rows])
    good = CELL_PERCENT[0] <= found.covered_percent <= CELL_PERCENT[1] and found.ratio <= LARGEST_RATIO
    return (
        f"| {name} | {found.runs} | {found.covered_percent:.1f} % | {found.median_u:.3f} % | {found.half_width:.3f} % "
        f"| {found.ratio:.2f} | {found.mean_error:+.3f} % | {_largest_lines(rows)} | {_word(good)} |"
    )


def _largest_lines(rows: Sequence[Row]) -> str:
    names = sorted({name for row in rows for name in row.contributions})
    medians = {name: float(np.median([row.contributions.get(name, 0.0) for row in rows])) for name in names}
    largest = sorted(medians, key=lambda name: -medians[name])[:4]
    return "; ".join(f"{name} {medians[name]:.3f}" for name in largest)


def _word(good: bool) -> str:
    return "ok" if good else "MISSED"


def document(rows: Sequence[Row], *, made: str, notes: str) -> str:
    """Return the whole of docs/coverage.md; `made` says by what it was made, `notes` stay as they are."""
    runs = max(sum(row.cell == cell.name for row in rows) for cell in cells())
    chance = 100.0 * 2.0 * (0.9545 * 0.0455 / runs) ** 0.5
    return f"""# Coverage of the stated uncertainty

How often the true mean flow lies within U of the measured one. Made by
{made}

Each run is a seed of the digital twin, straight to arrays, no transports: prime, 2-h blank, infusion, 25-h analysis,
2-h blank, evaluated as any run. Two things differ from the shipped maintenance case, for speed and so that a vessel
holds what 100 uL/h delivers: {STABILISATION_S / 3600.0:g} h of stabilisation, and a reading every
{READING_INTERVAL_S:g} s. At 100 uL/h the vessel has {DEEP_MM:g} mm of headspace instead of {SHALLOW_MM:g}, which would
be full to the rim. Every quantity a budget states is drawn once per run from the distribution it states: most
by the twin; stated displaced volume, liquid's density, temperature of the liquid in the tubes, instants of the period
and the model of evaporation by the study. No run is refused as infeasible. Each cell has its own consecutive seeds.

Aims: each cell {CELL_PERCENT[0]:g} to {CELL_PERCENT[1]:g} %, all together {POOLED_PERCENT[0]:g} to
{POOLED_PERCENT[1]:g} % (U is stated for 95.45 %); median U at most {LARGEST_RATIO:g} times the half-width that holds
95 % of the errors. Errors and U in % of the set flow. With {runs} runs chance alone moves the coverage of a cell by
{chance:.1f} % (two standard deviations), so a cell may miss its aim by chance.

{table(rows)}

## What leaving something out does

A line is removed from the budget, or a correction switched off while U stays as it was: on the bench where it
matters, coverage falls below {CELL_PERCENT[0]:g} %. The buoyancy of what stands on the pan is not in the table: in
25 h its correction is less than half of U on these benches. Four more cells are there for what matters little in the
nine. Shallow: {SHALLOW_MM:g} mm of headspace, as shipped, at 100 uL/h, so that the vessel is all but full at the end.
Unsteady room: the typical bench in the room of the poor one, its balance's sensitivity changing by 3 ppm/K. Torn film:
the good bench with the poor one's evaporation, the driving force known to 2 %.

{table(rows, extra=True)}

{left_out_table(rows)}

{notes}"""
