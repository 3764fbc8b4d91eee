"""A few kills of the matrix, at wall-clock time: one the rig ends itself, and those that only the watchdog can end.

The seeds are the first of their cells in the matrix.
"""

from __future__ import annotations

from pathlib import Path

from tests.proof.kill.lanes import all_kills, run_lanes

CELLS = {
    ("SIGKILL of the rig", "connect"),
    ("SIGKILL of the rig", "before stop"),
    ("SIGSTOP: the rig hangs", "occluded"),
    ("exception in the writer", "prime"),
}


def test_a_run_that_is_killed_leaves_a_stopped_pump_and_loses_nothing(tmp_path: Path) -> None:
    kills = [kill for kill in all_kills(1) if (kill.cause.name, kill.phase) in CELLS]
    assert len(kills) == len(CELLS)
    judged = run_lanes(tmp_path, kills, lambda line: None, lanes=("external",))
    assert [(one.seed, one.came_too_late, one.faults) for one in judged] == [(kill.seed, False, ()) for kill in kills]
    # Two of them struck while the pump ran, so its stop was seen.
    assert sum(one.stopping_s is not None for one in judged) >= 2
