"""The figure of a run, drawn when the drawing library is installed; a note for the record when it is not."""

from __future__ import annotations

from importlib.util import find_spec

from results.outcome import FlowOutcome
from rig.run_folder import RunFolder

NOT_DRAWN = 'the figure is not drawn: matplotlib is missing, install it with pip install -e ".[figures]"'


def draw_figure(folder: RunFolder, outcome: FlowOutcome) -> list[str]:
    """Draw start-up curve and trumpet into the run's folder; return what to note."""
    if find_spec("matplotlib") is None:
        return [NOT_DRAWN]
    from results.figures import draw_flow_figure

    draw_flow_figure(outcome, folder.figure)
    return []
