"""The outcome of a foreign file on the terminal: every value, both ways of computing it, every row left out."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from results.bolus_outcome import BolusOutcome
from results.foreign.evaluate import Evaluation
from results.foreign.table_file import TableData
from rig.terminal.bolus_tables import print_boluses
from rig.terminal.outcome_tables import print_outcome
from rig.terminal.verdict_table import ERROR_STYLE


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print what became of a file."""
    outcome = evaluation.outcome
    if isinstance(outcome, BolusOutcome):
        print_boluses(console, outcome)
    elif outcome is not None:
        print_outcome(console, outcome)
    for data in (evaluation.table, evaluation.air, evaluation.reference, evaluation.pressure):
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


def _print_left_out(console: Console, data: TableData) -> None:
    console.print(Text(f"{data.rows} rows, {data.bad_count} left out of them; SHA-256 {data.sha256}"), soft_wrap=True)
    for row in data.bad_rows:
        console.print(Text(f"left out: line {row.line}: {row.reason}"), soft_wrap=True)
