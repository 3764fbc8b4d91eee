"""The figure of a bolus test: each bolus with its uncertainty, the set volume and the mean."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from results.bolus_outcome import BolusOutcome
from results.figure_text import rounded, typeset
from results.figures import BLUE, GREEN, GREY, RED, STYLE, mark_simulated
from results.provenance import Provenance

_TITLE_LENGTH = 52
"""What fits beside the mark of a simulated run."""


def draw_bolus_figure(outcome: BolusOutcome, path: Path, provenance: Provenance | None = None) -> None:
    """Draw the boluses of an outcome into a file; its ending (.png, .svg, .pdf) is the format.

    The same outcome gives the same picture. `provenance` names pump, plan and trace of a run of our own.
    """
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {})
    with rc_context(STYLE):
        bolus_figure(outcome, provenance).savefig(path, dpi=150, metadata=date)


def bolus_figure(outcome: BolusOutcome, provenance: Provenance | None = None) -> Figure:
    """Return the figure: volume of each bolus against its number, with expanded uncertainties."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.0, 5.6))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.09, 0.15, 0.88, 0.59))
        numbers = np.array([bolus.number for bolus in outcome.boluses])
        volumes = np.array([bolus.volume.value for bolus in outcome.boluses])
        doubts = np.array([bolus.volume.expanded_uncertainty for bolus in outcome.boluses])
        axes.errorbar(
            numbers, volumes, yerr=doubts, color=BLUE, marker="o", markersize=4.5, linestyle="none", label="bolus ± U"
        )
        for left_out in outcome.excluded:
            axes.axvline(left_out.number, color=RED, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.axhline(outcome.set_volume_ul, color=GREY, linestyle=(0, (5, 3)), linewidth=1.0, label="set")
        axes.axhline(outcome.corrected.mean_volume_ul, color=GREEN, linewidth=1.3, label="mean")
        axes.set_xlabel("Bolus")
        axes.set_ylabel(f"Volume (µL at {outcome.volume_reference_temperature_c:g} °C)")
        axes.legend(frameon=False, ncols=3, loc="upper right", bbox_to_anchor=(1.0, 1.1))
        title = textwrap.shorten(outcome.title, _TITLE_LENGTH, placeholder=" …")
        figure.text(0.09, 0.94, title, fontsize=11.5, fontweight="bold", va="center")
        for row, text in enumerate(_lines(outcome)):
            figure.text(0.09, 0.89 - 0.04 * row, text, fontsize=9, va="center")
        if provenance is not None:
            lines = "\n".join(textwrap.wrap(provenance.line, 140))
            figure.text(0.09, 0.015, lines, fontsize=7.5, color=GREY, va="bottom")
        if outcome.simulated:
            mark_simulated(figure)
        return figure


def _lines(outcome: BolusOutcome) -> tuple[str, ...]:
    mean, statistics = outcome.mean_error.measured, outcome.corrected
    verdict = f"verdict {outcome.verdict.value}" if outcome.decisions else "no criterion stated"
    cv = "" if statistics.cv_percent is None else f", CV {statistics.cv_percent:.3g} %"
    return (
        f"Mean error {rounded(mean.value, mean.expanded_uncertainty, sign=True)} % ± "
        f"{rounded(mean.expanded_uncertainty, mean.expanded_uncertainty)} % (U, k = {mean.coverage_factor:.2f}), "
        f"n = {statistics.count}{cv}; fully corrected",
        f"{typeset(f'{outcome.as_written.mean_error_percent:+.2f}')} %  {outcome.as_written.label}",
        f"Extremes {typeset(f'{statistics.lowest_error_percent:+.2f}')} % and "
        f"{typeset(f'{statistics.highest_error_percent:+.2f}')} %; {len(outcome.excluded)} boluses left out; {verdict}",
    )
