"""Boluses on the terminal: each one, their statistics, and the verdicts."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.bolus_outcome import BolusOutcome
from results.decision import Decision
from rig.terminal.outcome_text import limits_text
from rig.terminal.verdict_table import verdict_text


def print_boluses(console: Console, outcome: BolusOutcome) -> None:
    """Print the boluses of an outcome."""
    table = _table(f"{outcome.title}: boluses, set {outcome.set_volume_ul:g} uL", _BOLUS_HEADINGS)
    for bolus in outcome.boluses:
        table.add_row(
            str(bolus.number),
            f"{bolus.at_s:.1f}",
            f"{bolus.volume.value:.4g}",
            f"{bolus.volume.expanded_uncertainty:.2g}",
            f"{bolus.error.value:+.2f}",
            "" if bolus.dose_units is None else f"{bolus.dose_units:.4g}",
            f"{bolus.as_written_error_percent:+.2f}",
        )
    console.print(table)
    for left_out in outcome.excluded:
        console.print(Text(f"bolus {left_out.number} at {left_out.at_s:g} s left out: {left_out.reason}"))
    summary = _table(
        "Statistics", ("computed", "n", "mean, uL", "mean error, %", "highest, %", "lowest, %", "SD, uL", "CV, %")
    )
    for row in (outcome.corrected, outcome.as_written):
        summary.add_row(
            escape(row.label),
            str(row.count),
            f"{row.mean_volume_ul:.5g}",
            f"{row.mean_error_percent:+.3f}",
            f"{row.highest_error_percent:+.3f}",
            f"{row.lowest_error_percent:+.3f}",
            "" if row.sd_ul is None else f"{row.sd_ul:.3g}",
            "" if row.cv_percent is None else f"{row.cv_percent:.3g}",
        )
    console.print(summary)
    mean = outcome.mean_error.measured
    console.print(
        Text(
            f"mean bolus error {mean.value:+.3f} %, U = {mean.expanded_uncertainty:.3f} % "
            f"(k = {mean.coverage_factor:.2f})"
        )
    )
    _print_decisions(console, outcome.decisions)
    for note in outcome.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


_BOLUS_HEADINGS = ("bolus", "at, s", "volume, uL", "U, uL", "error, %", "dose, U", "as written, %")


def _print_decisions(console: Console, decisions: tuple[Decision, ...]) -> None:
    if not decisions:
        return
    table = _table("Verdicts", ("measurand", "measured", "limits", "verdict", "reason"))
    for decision in decisions:
        table.add_row(
            decision.measurand,
            f"{decision.value:+.3f}, U = {decision.expanded_uncertainty:.3f}",
            limits_text(decision),
            verdict_text(decision),
            decision.reason,
        )
    console.print(table)


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
