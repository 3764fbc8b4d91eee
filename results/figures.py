"""The figure of a flow test: start-up curve, whole infusion and trumpet, as one would put them in a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.figure_text import (
    footer,
    header_lines,
    limit_label,
    noise_label,
    title_line,
    window_label,
    windows_label,
)
from results.flow.startup import StartupCurve
from results.measurands import ERROR_A
from results.outcome import FlowOutcome
from results.provenance import Provenance

try:
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError('figures need matplotlib; install it with: pip install -e ".[figures]"') from error

# Okabe and Ito's palette, distinguishable with any colour vision; shapes and labels carry the meaning as well.
BLUE, ORANGE, GREEN, GREY, RED = "#0072B2", "#D55E00", "#009E73", "#6E6E6E", "#B00020"
_ASIDE = 1.035
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "svg.hashsalt": "flow",
    "svg.fonttype": "path",
    "path.simplify": True,
}


def draw_flow_figure(outcome: FlowOutcome, path: Path, provenance: Provenance | None = None) -> None:
    """Draw start-up, whole infusion and trumpet of an outcome into a file; its ending (.png, .svg, .pdf) is the format.

    The same outcome gives the same picture. `provenance` names pump, plan and trace of a run of our own.
    """
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {})
    with rc_context(STYLE):
        flow_figure(outcome, provenance).savefig(path, dpi=150, metadata=date)


def flow_figure(outcome: FlowOutcome, provenance: Provenance | None = None) -> Figure:
    """Return start-up curve, whole infusion and trumpet of an outcome; a simulated run is marked as such."""
    with rc_context(STYLE):
        figure = Figure(figsize=(11.0, 8.4))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2, 2, left=0.07, right=0.975, bottom=0.215, top=0.725, wspace=0.2, hspace=0.5, width_ratios=(1, 1.15)
        )
        _draw_header(figure, outcome)
        _draw_startup(figure.add_subplot(grid[0, 0]), outcome)
        _draw_course(figure.add_subplot(grid[1, 0]), outcome)
        _draw_trumpet(figure.add_subplot(grid[:, 1]), outcome)
        figure.text(0.07, 0.018, footer(outcome, provenance), fontsize=7.5, color=GREY, va="bottom")
        if outcome.simulated:
            mark_simulated(figure)
        return figure


def _draw_header(figure: Figure, outcome: FlowOutcome) -> None:
    figure.text(0.07, 0.965, title_line(outcome), fontsize=11.5, fontweight="bold", va="center")
    if outcome.run_id:
        figure.text(0.07, 0.932, f"Run {outcome.run_id}", fontsize=9, color=GREY, va="center")
    for row, (name, text) in enumerate(header_lines(outcome)):
        height = 0.897 - 0.0240 * row
        figure.text(0.07, height, name, fontsize=9, color=GREY, va="center")
        weight = "bold" if name == "Verdict" else "normal"
        figure.text(0.205, height, text, fontsize=9, fontweight=weight, va="center")


def _draw_startup(axes: Axes, outcome: FlowOutcome) -> None:
    interval_min = outcome.sample_interval_s / 60.0
    axes.set_title(f"Start-up: flow of each sample interval, S = {interval_min:g} min", pad=8)
    axes.set_ylabel("Flow (µL/h)")
    startup = outcome.startup
    if startup is None:
        axes.text(0.5, 0.5, "no start-up curve: see the notes", transform=axes.transAxes, ha="center", color=GREY)
        return
    _draw_curve(axes, outcome, startup)


def _draw_course(axes: Axes, outcome: FlowOutcome) -> None:
    """Draw the flow from the start of the infusion to its end, so that a late stall shows."""
    axes.set_title("Whole infusion; shaded: the analysis period", pad=8)
    axes.set_ylabel("Flow (µL/h)")
    course = outcome.course
    if course is None:
        axes.text(0.5, 0.5, "not drawn: readings are missing", transform=axes.transAxes, ha="center", color=GREY)
        return
    unit_s = _draw_curve(axes, outcome, course)
    begin, end = ((at_s - course.begin_s) / unit_s for at_s in (outcome.analysis_begin_s, outcome.analysis_end_s))
    axes.axvspan(begin, end, color=GREEN, alpha=0.10, linewidth=0, zorder=0)


def _draw_curve(axes: Axes, outcome: FlowOutcome, curve: StartupCurve) -> float:
    """Draw flow against time since the start of the infusion; return the unit of the time axis (s)."""
    duration_s = len(curve.flow_ul_per_h) * curve.sample_interval_s
    hours = duration_s > 4.0 * 3600.0
    unit_s = 3600.0 if hours else 60.0
    edges = np.arange(len(curve.flow_ul_per_h) + 1) * curve.sample_interval_s / unit_s
    axes.axhline(outcome.set_flow_ul_per_h, color=GREY, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
    axes.stairs(curve.flow_ul_per_h, edges, color=BLUE, linewidth=1.1, baseline=None, zorder=3)
    axes.set_xlim(0.0, float(edges[-1]))
    highest = float(np.nanmax([*curve.flow_ul_per_h, outcome.set_flow_ul_per_h]))
    lowest = float(np.nanmin([*curve.flow_ul_per_h, 0.0]))
    axes.set_ylim(lowest * 1.1, highest * 1.12)
    axes.set_xlabel(f"Time since the start of the infusion ({'h' if hours else 'min'})")
    if hours and edges[-1] == 24.0:
        axes.set_xticks(range(0, 25, 4))
    axes.annotate(
        "set",
        (1.0, outcome.set_flow_ul_per_h),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        color=GREY,
        fontsize=8,
    )
    return unit_s


def _draw_trumpet(axes: Axes, outcome: FlowOutcome) -> None:
    measured, rows = outcome.error_a.measured, outcome.corrected.trumpet
    minutes = np.array([row.window_s / 60.0 for row in rows])
    highest = np.array([row.ep_max_percent for row in rows])
    lowest = np.array([row.ep_min_percent for row in rows])
    interval_min = outcome.sample_interval_s / 60.0
    axes.set_title(f"Trumpet, S = {interval_min:g} min: extremes of the windows, fully corrected", pad=8)
    axes.set_xlabel(windows_label(rows))
    axes.set_ylabel("Flow error (%)")
    floor = np.array([row.noise_floor_percent for row in outcome.window_uncertainty])
    axes.fill_between(minutes, -floor, floor, color="#BDBDBD", alpha=0.45, linewidth=0, label=noise_label(), zorder=1)
    if outcome.pump_off:
        off = [row.window_s / 60.0 for row in outcome.pump_off]
        axes.plot(
            off + off,
            [row.ep_max_percent for row in outcome.pump_off] + [row.ep_min_percent for row in outcome.pump_off],
            linestyle="none",
            marker="x",
            markersize=5,
            color=GREY,
            label="pump off: seen in the blanks",
            zorder=4,
        )
    _draw_beside_the_extremes(axes, outcome, minutes)
    axes.plot(minutes, highest, color=ORANGE, marker="^", markersize=5.5, linewidth=1.4, label="Ep(max)", zorder=5)
    axes.plot(minutes, lowest, color=BLUE, marker="v", markersize=5.5, linewidth=1.4, label="Ep(min)", zorder=5)
    axes.axhline(0.0, color="black", linewidth=0.8, zorder=2)
    axes.axhspan(
        measured.value - measured.expanded_uncertainty,
        measured.value + measured.expanded_uncertainty,
        color=GREEN,
        alpha=0.35,
        linewidth=0,
        zorder=3,
    )
    axes.axhline(measured.value, color=GREEN, linewidth=1.4, label="A with ±U", zorder=4)
    limits = _draw_limits(axes, outcome)
    _scale_trumpet(
        axes, minutes, [window_label(row) for row in rows], np.concatenate((highest, lowest, limits, [measured.value]))
    )
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda place: not labels[place].startswith(("Ep", "A with")))
    axes.legend(
        [handles[place] for place in order],
        [labels[place] for place in order],
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.15 if any(row.windows_excluded for row in rows) else -0.105),
        ncols=3,
        fontsize=7.8,
        frameon=False,
        columnspacing=1.4,
    )


def _draw_beside_the_extremes(axes: Axes, outcome: FlowOutcome, minutes: NDArray[np.float64]) -> None:
    """Draw the percentiles of the windows, and where noise leaves the true extremes: not around the measured ones."""
    rows = outcome.corrected.trumpet
    for place, label in ((0, "5 %, 95 % of the windows"), (-1, None)):
        percentiles = [row.percentiles_percent[place] for row in rows]
        axes.plot(minutes, percentiles, color=GREY, linewidth=0.9, linestyle=(0, (1, 1.5)), label=label, zorder=3)
    for row, minute in zip(outcome.window_uncertainty, minutes.tolist(), strict=True):
        for color, aside, low, high in (
            (ORANGE, 1.0 / _ASIDE, row.max_low_percent, row.max_high_percent),
            (BLUE, _ASIDE, row.min_low_percent, row.min_high_percent),
        ):
            axes.plot([minute * aside] * 2, [low, high], color=color, linewidth=2.2, alpha=0.45, zorder=4)
    axes.plot([], [], color=GREY, linewidth=2.2, alpha=0.6, label="where the true extremes lie")


def _draw_limits(axes: Axes, outcome: FlowOutcome) -> list[float]:
    """Draw the tolerance limits of A; return them."""
    drawn = []
    for decision in outcome.decisions:
        if decision.measurand != ERROR_A:
            continue
        for limit in (decision.tolerance_low, decision.tolerance_high):
            if limit is None:
                continue
            drawn.append(limit)
            axes.axhline(limit, color=RED, linewidth=1.1, linestyle=(0, (7, 3)), zorder=2)
            axes.annotate(
                limit_label(limit),
                (1.0, limit),
                xycoords=("axes fraction", "data"),
                xytext=(-2, 2 if limit < 0 else -9.5),
                textcoords="offset points",
                ha="right",
                fontsize=7.8,
                color=RED,
            )
    return drawn


def _scale_trumpet(axes: Axes, minutes: NDArray[np.float64], names: Sequence[str], values: NDArray[np.float64]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(minutes, names)
    axes.minorticks_off()
    axes.set_xlim(float(minutes[0]) / 1.12, float(minutes[-1]) * 1.12)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.08 * max(high - low, math.ulp(1.0))
    axes.set_ylim(low - margin, high + margin)


def mark_simulated(figure: Figure) -> None:
    """Write across a figure that no pump was measured."""
    figure.text(
        0.5, 0.42, "SIMULATED", fontsize=78, color=RED, alpha=0.07, rotation=24, ha="center", va="center", weight="bold"
    )
    figure.text(
        0.975,
        0.926,
        "SIMULATED: no pump was measured",
        fontsize=10.5,
        color="white",
        weight="bold",
        ha="right",
        va="center",
        bbox={"facecolor": RED, "edgecolor": "none", "boxstyle": "round,pad=0.45"},
    )
