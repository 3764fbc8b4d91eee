"""The outcome of a foreign file on the terminal: every value, both ways of computing it, every row left out."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.decision import MeasuredValue
from results.foreign.evaluate import Evaluation
from results.foreign.table_file import TableData
from results.outcome import FlowOutcome
from rig.terminal.bolus_tables import print_boluses
from rig.terminal.outcome_tables import print_outcome
from rig.terminal.verdict_table import ERROR_STYLE


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print what became of a file."""
    outcome = evaluation.outcome
    if isinstance(outcome, FlowOutcome):
        _print_flow(console, outcome)
    elif outcome is not None:
        print_boluses(console, outcome)
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
