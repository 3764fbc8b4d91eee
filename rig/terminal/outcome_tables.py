"""The outcome of one run on the terminal: verdicts and notes, then what its kind has to show."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.bolus_outcome import BolusOutcome
from results.outcome import FlowOutcome
from results.uncertainty.budget import BudgetLine
from rig.outcome import Outcome
from rig.terminal.bolus_tables import print_boluses
from rig.terminal.verdict_table import SIMULATED, add_verdicts, verdict_table


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print an outcome."""
    table = verdict_table(outcome.run_id + (SIMULATED if outcome.simulated else ""))
    name = outcome.profile_id if isinstance(outcome, FlowOutcome) else escape(outcome.title)
    add_verdicts(table, name, outcome.verdict, outcome)
    console.print(table)
    for note in outcome.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    console.print()
    if isinstance(outcome, FlowOutcome):
        _print_flow(console, outcome)
    elif isinstance(outcome, BolusOutcome):
        print_boluses(console, outcome)


def print_budget(console: Console, title: str, lines: tuple[BudgetLine, ...]) -> None:
    """Print the lines of an uncertainty budget, the largest first."""
    budget = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("source", "value", "u", "distribution", "dof", "contribution, %"):
        budget.add_column(heading, justify="left" if heading in ("source", "distribution") else "right")
    for line in sorted(lines, key=lambda line: -line.contribution):
        budget.add_row(
            line.name,
            f"{line.value:.6g} {line.unit}",
            f"{line.standard_uncertainty:.3g}",
            line.distribution.value,
            f"{line.degrees_of_freedom:.3g}",
            f"{line.contribution:.4f}",
        )
    console.print(budget)


def _print_flow(console: Console, outcome: FlowOutcome) -> None:
    print_budget(console, "Uncertainty of error A", outcome.error_a.lines)
    trumpet = Table(
        title=f"Trumpet, S = {outcome.sample_interval_s / 60:g} min (descriptive)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("window, min", "windows", "left out", "across repairs", "doubtful", "Ep(max), %", "Ep(min), %"):
        trumpet.add_column(heading, justify="right")
    for window in outcome.corrected.trumpet:
        trumpet.add_row(
            f"{window.window_s / 60:g}",
            f"{window.windows}",
            f"{window.windows_excluded}",
            f"{window.windows_repaired}",
            f"{window.windows_doubtful}",
            f"{window.ep_max_percent:+.3f}" if window.windows else "no statement",
            f"{window.ep_min_percent:+.3f}" if window.windows else "no statement",
        )
    console.print(trumpet)
