"""What a session does first: close the runs that a crash left, and look whether their bench was made safe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from results.printable import on_one_line
from rig.ownership.state import StationState
from rig.recovery.close import close_orphan
from rig.recovery.orphans import is_orphan, orphans_in
from rig.recovery.witnesses import witnesses_of
from rig.run_folder import RunFolder


def close_orphans(runs: Path) -> Iterator[str]:
    """Close the orphaned runs of a folder and yield a line about each; one that cannot be closed stops nothing."""
    for folder in orphans_in(runs):
        yield from _closed(folder)


def settle_last_run(state: StationState) -> Iterator[str]:
    """Close the run that was at a station when its rig died, and latch the station unless its bench was made safe.

    Called by who holds the station, so that the run cannot be a living one.
    """
    last = state.current_run
    if last is None:
        return
    folder = RunFolder(last.folder)
    if is_orphan(folder):
        yield from _closed(folder)
    if witnesses_of(folder).is_safe:
        state.end_run()
        return
    died = last.problem or "its rig died"
    reason = f"{died}, and nobody confirmed that the pump was stopped"
    state.latch(reason, run=str(folder.path))
    state.end_run()
    yield f"the station is broken: {on_one_line(folder.run_id)}: {reason}"


def _closed(folder: RunFolder) -> Iterator[str]:
    try:
        recovered = close_orphan(folder)
    except Exception as error:  # whatever is damaged in an old run, it keeps no session from running
        yield f"{folder.path}: an orphaned run that cannot be closed: {type(error).__name__}: {error}"
        return
    if recovered is not None:
        yield f"{folder.path}: closed as {recovered.record.verdict.value}: {recovered.record.reason}"
        yield from (f"    {note}" for note in recovered.record.notes)
