"""The outcome of one run on the terminal: verdicts and notes, then what its kind has to show."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from results.bolus_outcome import BolusOutcome
from results.measured.outcome import MeasuredOutcome, Outcome
from results.outcome import FlowOutcome
from rig.terminal.bolus_tables import print_boluses
from rig.terminal.flow_tables import print_flow
from rig.terminal.measured_tables import print_measured
from rig.terminal.verdict_table import SIMULATED, add_verdicts, verdict_table


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print an outcome."""
    table = verdict_table(outcome.run_id + (SIMULATED if outcome.simulated else ""), of="test")
    add_verdicts(table, escape(outcome.title), outcome.verdict, outcome)
    console.print(table)
    for note in outcome.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    console.print()
    if isinstance(outcome, FlowOutcome):
        print_flow(console, outcome)
    elif isinstance(outcome, BolusOutcome):
        print_boluses(console, outcome)
    elif isinstance(outcome, MeasuredOutcome):
        print_measured(console, outcome)
