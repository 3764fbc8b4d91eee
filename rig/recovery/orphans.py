"""Finding runs whose process has died: begun, without a record, and written by nobody any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from results.trace.ownership import has_owner
from rig.run_folder import RunFolder, is_run_name


def orphans_in(runs: Path) -> Iterator[RunFolder]:
    """Yield the orphaned runs of a folder, oldest first."""
    if not runs.is_dir():
        return
    for path in sorted(runs.iterdir()):
        folder = RunFolder(path)
        if is_run_name(path.name) and is_orphan(folder):
            yield folder


def is_orphan(folder: RunFolder, *, owned: bool = False) -> bool:
    """Return True when a run was begun there, has no record, and no living process writes it.

    `owned` says that the caller itself holds the run.
    """
    begun = folder.events.exists() or folder.journal.exists()
    if not begun or folder.record.exists():
        return False
    # The record last: it may have been written while the locks were looked at.
    alive = (not owned and has_owner(folder.life)) or has_owner(folder.journal)
    return not alive and not folder.record.exists()
