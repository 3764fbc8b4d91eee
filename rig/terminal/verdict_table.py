"""The table of verdicts at the end of a session."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from results.decision import Decision, Verdict
from results.measured.outcome import Outcome
from rig.record import CaseRecord
from rig.run_folder import RunFolder
from rig.terminal.outcome_text import conformance_text, limits_text, measured_text

STYLE = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
ERROR_STYLE = "bold magenta"
SIMULATED = " (SIMULATED station: not verification evidence)"


def print_verdict_table(console: Console, cases: Sequence[tuple[CaseRecord, RunFolder | None]]) -> None:
    """Print one row per criterion of each case, the reasons of those that did not pass, and where the runs are."""
    simulated = any(record.simulated for record, _ in cases)
    table = verdict_table("Verdicts" + (SIMULATED if simulated else ""))
    for record, _ in cases:
        add_verdicts(table, f"{record.plan_id}\n{record.case}", record.verdict, record.outcome)
    console.print(table)
    for record, folder in cases:
        if record.verdict is not Verdict.PASS or not record.safe_state.is_safe:
            console.print(Text(f"{record.case}: {record.verdict.value}: {record.reason}"), soft_wrap=True)
        for note in (*record.notes, *(record.outcome.notes if record.outcome else ())):
            console.print(Text(f"{record.case}: note: {note}"), soft_wrap=True)
        console.print(Text(f"run: {folder.path if folder else 'none'}"), soft_wrap=True)


def verdict_table(title: str, *, of: str = "case") -> Table:
    """Return an empty table of verdicts; the first column says of what."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in (of, "measurand", "measured", "limits", "verdict"):
        table.add_column(heading, overflow="fold")
    return table


def add_verdicts(table: Table, name: str, verdict: Verdict, outcome: Outcome | None) -> None:
    """Add one row per criterion of a case; a case without any has one row."""
    if outcome is None or not outcome.decisions:
        table.add_row(name, "", "", "", Text(verdict.value, style=STYLE.get(verdict, ERROR_STYLE)))
        return
    for decision in outcome.decisions:
        table.add_row(
            name,
            decision.measurand,
            measured_text(outcome, decision),
            limits_text(decision),
            verdict_text(decision),
        )


def verdict_text(decision: Decision) -> Text:
    """Return the verdict on one criterion, with the probability that the true value conforms."""
    text = Text(decision.verdict.value, style=STYLE.get(decision.verdict, ERROR_STYLE))
    conformance = conformance_text(decision)
    return text.append(f"\n{conformance}", style="default") if conformance else text
