"""The figure of a run, drawn when the drawing library is installed; a note for the record when it is not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from results.bolus_outcome import BolusOutcome
from results.measured.outcome import Outcome
from results.occlusion.outcome import OcclusionOutcome
from results.outcome import FlowOutcome
from results.provenance import Provenance, provenance_of
from results.trace.reader import read_trace
from rig.run_folder import RunFolder

NOT_DRAWN = 'the figure is not drawn: matplotlib is missing, install it with pip install -e ".[figures]"'


def draw_figure(folder: RunFolder, outcome: Outcome) -> list[str]:
    """Draw an outcome into the run's folder, where there is a figure of its kind; return what to note.

    Never raises: a verdict does not hang on its figure.
    """
    if find_spec("matplotlib") is None:
        return [NOT_DRAWN]
    try:
        draw(outcome, folder.figure, provenance_of(read_trace(folder.trace)))
    except Exception as error:
        return [f"the figure is not drawn: {type(error).__name__}: {error}"]
    return []


def draw(outcome: Outcome, path: Path, provenance: Provenance | None = None) -> bool:
    """Draw an outcome into a file; False where there is no figure of its kind. `provenance`: that of a run of our own.

    Needs matplotlib (ImportError says how to install it).
    """
    if isinstance(outcome, FlowOutcome):
        from results.figures import draw_flow_figure

        draw_flow_figure(outcome, path, provenance)
        return True
    if isinstance(outcome, BolusOutcome):
        from results.bolus_figure import draw_bolus_figure

        draw_bolus_figure(outcome, path, provenance)
        return True
    if isinstance(outcome, OcclusionOutcome):
        from results.occlusion_figure import draw_occlusion_figure

        draw_occlusion_figure(outcome, path, provenance)
        return True
    return False
