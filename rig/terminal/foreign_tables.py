"""The outcome of a foreign file on the terminal: every value, both ways of computing it, every row left out."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.bolus_outcome import BolusOutcome
from results.decision import Decision, MeasuredValue
from results.foreign.evaluate import Evaluation
from results.foreign.table_file import TableData
from results.outcome import FlowOutcome
from rig.terminal.outcome_text import limits_text
from rig.terminal.verdict_table import ERROR_STYLE, STYLE, print_outcome


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print what became of a file."""
    outcome = evaluation.outcome
    if isinstance(outcome, FlowOutcome):
        _print_flow(console, outcome)
    elif outcome is not None:
        _print_bolus(console, outcome)
    for data in (evaluation.table, evaluation.air, evaluation.reference):
        if data is not None:
            _print_left_out(console, data)
    if outcome is None:
        console.print(Text(f"REFUSED: {evaluation.refusal}", style=ERROR_STYLE), soft_wrap=True)
        return
    for exclusion in outcome.exclusions:
        console.print(
            Text(f"left out: {exclusion.count} readings in {exclusion.stretches} stretches: {exclusion.explanation}"),
            soft_wrap=True,
        )


def _print_flow(console: Console, outcome: FlowOutcome) -> None:
    table = _table(f"{outcome.title}: values", ("quantity", "value", "U", "how computed"))
    corrected, plain = outcome.corrected, outcome.as_written
    _add(table, "mean flow, uL/h", outcome.mean_flow, corrected.label)
    _add(table, "mean flow error A, %", outcome.error_a.measured, corrected.label)
    table.add_row("mean flow, uL/h", f"{plain.mean_flow_ul_per_h:.6g}", "", plain.label)
    table.add_row("mean flow error A, %", f"{plain.error_a_percent:+.4f}", "", plain.label)
    console.print(table)
    print_outcome(console, outcome)


def _print_bolus(console: Console, outcome: BolusOutcome) -> None:
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
        style = STYLE.get(decision.verdict, ERROR_STYLE)
        table.add_row(
            decision.measurand,
            f"{decision.value:+.3f}, U = {decision.expanded_uncertainty:.3f}",
            limits_text(decision),
            Text(decision.verdict.value, style=style),
            decision.reason,
        )
    console.print(table)


def _print_left_out(console: Console, data: TableData) -> None:
    console.print(Text(f"{data.rows} rows, {data.bad_count} left out of them; SHA-256 {data.sha256}"), soft_wrap=True)
    for row in data.bad_rows:
        console.print(Text(f"left out: line {row.line}: {row.reason}"), soft_wrap=True)


def _add(table: Table, name: str, measured: MeasuredValue, label: str) -> None:
    table.add_row(
        name,
        f"{measured.value:.6g}",
        f"{measured.expanded_uncertainty:.3g} (k = {measured.coverage_factor:.2f})",
        label,
    )


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
