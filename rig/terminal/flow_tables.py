"""A flow test on the terminal: both ways of computing it, its budget, its trumpet and what stands beside that."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from results.decision import MeasuredValue
from results.outcome import FlowOutcome
from rig.terminal.budget_table import print_budget


def print_flow(console: Console, outcome: FlowOutcome) -> None:
    """Print the numbers of a flow outcome."""
    _print_values(console, outcome)
    print_budget(console, "Uncertainty of error A", outcome.error_a.lines)
    _print_trumpet(console, outcome)
    _print_beside_the_extremes(console, outcome)


def _print_values(console: Console, outcome: FlowOutcome) -> None:
    table = _table(f"{outcome.title}: values", "quantity", "value", "U", "how computed")
    corrected, plain = outcome.corrected, outcome.as_written
    _add(table, "mean flow, uL/h", outcome.mean_flow, corrected.label)
    _add(table, "mean flow error A, %", outcome.error_a.measured, corrected.label)
    table.add_row("  by regression, %", f"{corrected.regression_error_percent:+.4f}", "", corrected.label)
    table.add_row("mean flow, uL/h", f"{plain.mean_flow_ul_per_h:.6g}", "", plain.label)
    table.add_row("mean flow error A, %", f"{plain.error_a_percent:+.4f}", "", plain.label)
    table.add_row("  by regression, %", f"{plain.regression_error_percent:+.4f}", "", plain.label)
    console.print(table)


def _print_trumpet(console: Console, outcome: FlowOutcome) -> None:
    table = _table(
        f"Trumpet, S = {outcome.sample_interval_s / 60:g} min (descriptive; fully corrected, and as written)",
        *("window, min", "windows", "left out", "across repairs", "doubtful", "Ep(max), %", "Ep(min), %"),
        *("as written: Ep(max)", "Ep(min)"),
    )
    for window, plain in zip(outcome.corrected.trumpet, outcome.as_written.trumpet, strict=True):
        extremes = (window.ep_max_percent, window.ep_min_percent, plain.ep_max_percent, plain.ep_min_percent)
        table.add_row(
            f"{window.window_s / 60:g}",
            f"{window.windows}",
            f"{window.windows_excluded}",
            f"{window.windows_repaired}",
            f"{window.windows_doubtful}",
            *(f"{extreme:+.3f}" if window.windows else "no statement" for extreme in extremes),
        )
    console.print(table)


def _print_beside_the_extremes(console: Console, outcome: FlowOutcome) -> None:
    """Print percentiles, noise floor and uncertainty of the extremes."""
    table = _table(
        "Beside the extremes, %: percentiles of the windows, noise, and where the true extremes lie",
        *(
            "window, min",
            "5",
            "25",
            "50",
            "75",
            "95",
            "noise floor",
            "pump off",
            "noise bias",
            "true Ep(max)",
            "true Ep(min)",
        ),
    )
    pump_off = {row.samples: f"{row.ep_min_percent:+.2f} .. {row.ep_max_percent:+.2f}" for row in outcome.pump_off}
    for window, doubt in zip(outcome.corrected.trumpet, outcome.window_uncertainty, strict=True):
        if not window.windows:
            table.add_row(f"{window.window_s / 60:g}", *["no statement"] * 5)
            continue
        table.add_row(
            f"{window.window_s / 60:g}",
            *(f"{percentile:+.2f}" for percentile in window.percentiles_percent),
            f"{doubt.noise_floor_percent:.2f}",
            pump_off.get(window.samples, ""),
            f"{doubt.min_bias_percent:+.2f} / {doubt.max_bias_percent:+.2f}",
            f"{doubt.max_low_percent:+.2f} .. {doubt.max_high_percent:+.2f}",
            f"{doubt.min_low_percent:+.2f} .. {doubt.min_high_percent:+.2f}",
        )
    console.print(table)


def _add(table: Table, name: str, measured: MeasuredValue, label: str) -> None:
    table.add_row(
        name,
        f"{measured.value:.6g}",
        f"{measured.expanded_uncertainty:.3g} (k = {measured.coverage_factor:.2f})",
        label,
    )


def _table(title: str, *headings: str) -> Table:
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
