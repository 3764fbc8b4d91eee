"""An uncertainty budget on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from results.uncertainty.budget import BudgetLine


def print_budget(console: Console, title: str, lines: Sequence[BudgetLine], *, unit: str = "%") -> None:
    """Print the lines of an uncertainty budget of a result in a unit, the largest first."""
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in ("source", "value", "u", "distribution", f"sensitivity, {unit} per", "dof", f"contribution, {unit}"):
        table.add_column(heading, justify="left" if heading in ("source", "distribution") else "right", overflow="fold")
    for line in sorted(lines, key=lambda line: -line.contribution):
        if line.contribution == 0.0:
            continue
        table.add_row(
            line.name,
            f"{line.value:.6g} {line.unit}",
            f"{line.standard_uncertainty:.3g}",
            line.distribution.value,
            f"{line.sensitivity:.3g}",
            f"{line.degrees_of_freedom:.3g}",
            f"{line.contribution:.4f}",
        )
    nothing = sum(line.contribution == 0.0 for line in lines)
    table.caption = f"{nothing} lines that contribute nothing are left out; the JSON has them" if nothing else None
    console.print(table)
