"""The table of verdicts at the end of a session, and the outcome of one run."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from results.decision import Verdict
from results.outcome import FlowOutcome
from rig.record import CaseRecord
from rig.run_folder import RunFolder
from rig.terminal.outcome_text import limits_text, measured_text

STYLE = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
ERROR_STYLE = "bold magenta"
SIMULATED = " (SIMULATED station: not verification evidence)"


def print_verdict_table(console: Console, cases: Sequence[tuple[CaseRecord, RunFolder | None]]) -> None:
    """Print one row per criterion of each case, the reasons of those that did not pass, and where the runs are."""
    simulated = any(record.simulated for record, _ in cases)
    table = _table("Verdicts" + (SIMULATED if simulated else ""))
    for record, _ in cases:
        _add_rows(table, f"{record.plan_id}\n{record.case}", record.verdict, record.outcome)
    console.print(table)
    for record, folder in cases:
        if record.verdict is not Verdict.PASS or not record.safe_state.is_safe:
            console.print(Text(f"{record.case}: {record.verdict.value}: {record.reason}"), soft_wrap=True)
        for note in (*record.notes, *(record.outcome.notes if record.outcome else ())):
            console.print(Text(f"{record.case}: note: {note}"), soft_wrap=True)
        console.print(Text(f"run: {folder.path if folder else 'none'}"), soft_wrap=True)


def print_outcome(console: Console, outcome: FlowOutcome) -> None:
    """Print the outcome of one evaluation: criteria, budget and trumpet."""
    table = _table(outcome.run_id + (SIMULATED if outcome.simulated else ""))
    _add_rows(table, outcome.profile_id, outcome.verdict, outcome)
    console.print(table)
    for note in outcome.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    console.print()
    budget = Table(title="Uncertainty of error A", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("source", "value", "u", "distribution", "dof", "contribution, %"):
        budget.add_column(heading, justify="left" if heading in ("source", "distribution") else "right")
    for line in sorted(outcome.error_a.lines, key=lambda line: -line.contribution):
        budget.add_row(
            line.name,
            f"{line.value:.6g} {line.unit}",
            f"{line.standard_uncertainty:.3g}",
            line.distribution.value,
            f"{line.degrees_of_freedom:.3g}",
            f"{line.contribution:.4f}",
        )
    console.print(budget)
    trumpet = Table(
        title=f"Trumpet, S = {outcome.sample_interval_s / 60:g} min (descriptive)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("window, min", "windows", "Ep(max), %", "Ep(min), %"):
        trumpet.add_column(heading, justify="right")
    for window in outcome.corrected.trumpet:
        trumpet.add_row(
            f"{window.window_s / 60:g}",
            f"{window.windows}",
            f"{window.ep_max_percent:+.3f}",
            f"{window.ep_min_percent:+.3f}",
        )
    console.print(trumpet)


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in ("case", "measurand", "measured", "limits", "verdict"):
        table.add_column(heading, overflow="fold")
    return table


def _add_rows(table: Table, name: str, verdict: Verdict, outcome: FlowOutcome | None) -> None:
    if outcome is None or not outcome.decisions:
        table.add_row(name, "", "", "", Text(verdict.value, style=STYLE.get(verdict, ERROR_STYLE)))
        return
    for decision in outcome.decisions:
        table.add_row(
            name,
            decision.measurand,
            measured_text(outcome, decision),
            limits_text(decision),
            Text(decision.verdict.value, style=STYLE.get(decision.verdict, ERROR_STYLE)),
        )
