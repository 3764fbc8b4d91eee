"""The outcome of a measured test on the terminal: every measurand, what was seen besides, the budgets judged."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from results.measured.measurand import Measurand
from results.measured.outcome import MeasuredOutcome
from rig.terminal.budget_table import print_budget


def print_measured(console: Console, outcome: MeasuredOutcome) -> None:
    """Print the numbers of a measured outcome."""
    table = Table(title=escape(outcome.title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in ("measurand", "value", "U", "k"):
        table.add_column(heading, overflow="fold")
    for one in outcome.measurands:
        table.add_row(*_row(one))
    console.print(table)
    for seen in outcome.observations:
        at = "" if seen.at_s is None else f"at {seen.at_s:.1f} s: "
        console.print(Text(f"seen: {at}{seen.text}"), soft_wrap=True)
    judged = {decision.measurand for decision in outcome.decisions}
    for one in outcome.measurands:
        if one.value is not None and one.name in judged and one.budget:
            print_budget(console, f"Uncertainty of {one.name}", one.budget, unit=one.value.unit)


def _row(one: Measurand) -> tuple[str, str, str, str]:
    value = one.value
    if value is None:
        return escape(one.name), escape(f"not measured: {one.absent}"), "", ""
    return (
        escape(one.name),
        f"{value.value:.6g} {value.unit}",
        f"{value.expanded_uncertainty:.3g} {value.unit}",
        f"{value.coverage_factor:.2f}",
    )
