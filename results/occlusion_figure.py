"""The figure of an occlusion test: pressure with edge, alarm, threshold and release; the bolus on the balance."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from results.decision import Verdict, gravest_first
from results.figure_text import rounded
from results.figures import BLUE, GREEN, GREY, ORANGE, RED, STYLE, mark_simulated
from results.occlusion.outcome import Course, Mark, OcclusionOutcome
from results.provenance import Provenance

_SHOWN = {
    "occlusion": (
        ("pressure at alarm", "time to alarm"),
        ("maximum pressure", "time to alarm, corrected"),
        ("unintended bolus", "unintended bolus, corrected"),
        ("line compliance", "fixture compliance"),
    ),
    "catheter_occlusion": (
        ("maximum pressure", "pressure rise rate"),
        ("detection delay", "onset of under-delivery"),
        ("post-release bolus", "missed volume"),
        ("line compliance", "recovery time"),
    ),
}
_LETTER = 0.013
"""Width of a letter of a mark's name, as a part of the axis."""
_ZOOM_BEFORE_S, _ZOOM_AFTER_S = 5.0, 15.0
_COLOURS = {"alarm": RED, "released": GREEN, "pressure back": GREY}


def draw_occlusion_figure(outcome: OcclusionOutcome, path: Path, provenance: Provenance | None = None) -> None:
    """Draw the course of an occlusion test into a file; its ending (.png, .svg, .pdf) is the format.

    The same outcome gives the same picture. `provenance` names pump, plan and trace of a run of our own.
    """
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {})
    with rc_context(STYLE):
        occlusion_figure(outcome, provenance).savefig(path, dpi=150, metadata=date)


def occlusion_figure(outcome: OcclusionOutcome, provenance: Provenance | None = None) -> Figure:
    """Return the figure: pressure and delivered volume over the test, and both again around the release."""
    with rc_context(STYLE):
        figure = Figure(figsize=(11.0, 7.6))
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2, 2, left=0.07, right=0.975, bottom=0.14, top=0.655, wspace=0.18, hspace=0.12, width_ratios=(2.2, 1.0)
        )
        course = outcome.course
        origin_s = course.marks[0].at_s
        released = next((mark for mark in course.marks if mark.name == "released"), None)
        unit_s, unit = (60.0, "min") if course.pressure_time_s[-1] - origin_s < 4.0 * 3600.0 else (3600.0, "h")
        whole = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
        _draw(whole, course, origin_s, unit_s, named=True)
        whole[1].set_xlabel(f"Time since the line was closed ({unit})")
        whole[0].set_title("Whole test", pad=34)
        if released is not None:
            zoom = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
            _draw(zoom, course, released.at_s, 1.0, named=False)
            _zoom(zoom, course, released)
        _header(figure, outcome)
        footer = textwrap.wrap(f"{outcome.wording}.", 170)
        footer += [] if provenance is None else textwrap.wrap(provenance.line, 170)
        figure.text(0.07, 0.018, "\n".join(footer), fontsize=7.5, color=GREY, va="bottom")
        if outcome.simulated:
            mark_simulated(figure)
        return figure


def _draw(axes: tuple[Axes, Axes], course: Course, origin_s: float, unit_s: float, *, named: bool) -> None:
    """Draw pressure above volume, with a line through both at every instant."""
    upper, lower = axes
    upper.plot(
        (np.array(course.pressure_time_s) - origin_s) / unit_s, course.pressure_kpa, color=BLUE, linewidth=1.1, zorder=3
    )
    lower.plot(
        (np.array(course.volume_time_s) - origin_s) / unit_s, course.volume_ul, color=ORANGE, linewidth=1.3, zorder=3
    )
    if course.threshold_kpa is not None:
        upper.axhline(course.threshold_kpa, color=RED, linewidth=1.0, linestyle=(0, (7, 3)), zorder=2)
        if named:
            upper.annotate(
                f"threshold {course.threshold_kpa:g} kPa",
                (0.005, course.threshold_kpa),
                xycoords=("axes fraction", "data"),
                xytext=(2, 3),
                textcoords="offset points",
                fontsize=8,
                color=RED,
            )
    for mark in course.marks:
        colour = _COLOURS.get(mark.name, "black")
        for axis in axes:
            axis.axvline((mark.at_s - origin_s) / unit_s, color=colour, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    if named:
        _name_marks(upper, course, origin_s, unit_s)
        upper.set_ylabel("Pressure (kPa, gauge)")
        lower.set_ylabel("Delivered volume (µL)")
        begin = min(course.pressure_time_s[0], origin_s)
        for axis in axes:
            axis.set_xlim((begin - origin_s) / unit_s, (course.pressure_time_s[-1] - origin_s) / unit_s)
    upper.tick_params(labelbottom=False)


def _name_marks(axes: Axes, course: Course, origin_s: float, unit_s: float) -> None:
    """Write the names above the axes, each in the lowest row in which it has room."""
    per_letter_s = _LETTER * (course.pressure_time_s[-1] - course.pressure_time_s[0])
    row_ends_s = [-np.inf] * len(course.marks)
    for mark in course.marks:
        row = next(place for place, end_s in enumerate(row_ends_s) if end_s < mark.at_s)
        row_ends_s[row] = mark.at_s + per_letter_s * len(mark.name)
        axes.annotate(
            mark.name,
            ((mark.at_s - origin_s) / unit_s, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2, 3 + 10 * row),
            textcoords="offset points",
            fontsize=8,
            color=_COLOURS.get(mark.name, "black"),
        )


def _zoom(axes: tuple[Axes, Axes], course: Course, released: Mark) -> None:
    back = next((mark.at_s for mark in course.marks if mark.name == "pressure back"), released.at_s)
    after_s = max(_ZOOM_AFTER_S, 1.5 * (back - released.at_s))
    upper, lower = axes
    upper.set_title("Release", pad=34)
    lower.set_xlabel("Time since the release (s)")
    for axis in axes:
        axis.set_xlim(-_ZOOM_BEFORE_S, after_s)
    times = np.array(course.volume_time_s) - released.at_s
    seen = np.array(course.volume_ul)[(times >= -_ZOOM_BEFORE_S) & (times <= after_s)]
    if seen.size > 1:
        margin = 0.06 * max(float(np.ptp(seen)), 1e-9)
        lower.set_ylim(float(seen.min()) - margin, float(seen.max()) + margin)


def _header(figure: Figure, outcome: OcclusionOutcome) -> None:
    figure.text(0.07, 0.965, textwrap.shorten(outcome.title, 106), fontsize=11.5, fontweight="bold", va="center")
    if outcome.run_id:
        figure.text(0.07, 0.935, f"Run {outcome.run_id}", fontsize=9, color=GREY, va="center")
    for row, names in enumerate(_SHOWN[outcome.kind]):
        for place, name in zip((0.07, 0.52), names, strict=True):
            figure.text(place, 0.882 - 0.023 * row, name, fontsize=9, color=GREY, va="center")
            figure.text(place + 0.185, 0.882 - 0.023 * row, _told(outcome, name), fontsize=9, va="center")
    figure.text(0.07, 0.787, "Verdict", fontsize=9, color=GREY, va="center")
    for row, text in enumerate(_verdict_lines(outcome)):
        shown = textwrap.shorten(text, 140, placeholder=" …")
        figure.text(0.135, 0.787 - 0.022 * row, shown, fontsize=9, va="center", fontweight="bold")


def _verdict_lines(outcome: OcclusionOutcome) -> list[str]:
    """Return the verdict of the case with the number of its criteria, and the first that made it."""
    if not outcome.decisions:
        return ["no criterion stated"]
    met = sum(decision.verdict is Verdict.PASS for decision in outcome.decisions)
    first = gravest_first(outcome.decisions)[0]
    return [
        f"{outcome.verdict.value} ({met} of {len(outcome.decisions)} criteria met)",
        f"{first.measurand}: {first.reason}",
    ]


def _told(outcome: OcclusionOutcome, name: str) -> str:
    found = outcome.measurand(name)
    if found.value is None:
        return textwrap.shorten(f"not measured: {found.absent}", 52, placeholder=" …")
    value = found.value
    unit = value.unit.replace("uL", "µL")
    doubt = value.expanded_uncertainty
    return f"{rounded(value.value, doubt)} ± {rounded(doubt, doubt)} {unit}"
