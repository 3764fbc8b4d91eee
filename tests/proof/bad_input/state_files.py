"""What is kept of a station between sessions, and what a watchdog leaves in a run: good ones, and what is made of them.

A bench is well only where it is said to be: each refusal is a station that is broken or held.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results.trace.ownership import OwnerLock
from rig.ownership.hold import Hold
from rig.ownership.state import StationState
from rig.recovery.at_start import settle_last_run
from rig.recovery.witnesses import witnesses_of
from rig.run_folder import RunFolder
from rig.station import StationError

STATION = "bench-1"
RUN = "R20260301T080000Z-bench_1-flow_accuracy-one-0"


def _state(folder: Path) -> StationState:
    """Return an empty state that anybody may write."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    return StationState(folder)


def broken(folder: Path) -> Path:
    """Place the latch of a station that is broken."""
    state = _state(folder)
    state.latch("the pump did not stop", run=RUN)
    return state.broken_file


def current_run(folder: Path) -> Path:
    """Place the note of a run that died and left no word that its bench is safe."""
    state = _state(folder)
    state.begin_run(folder / "runs" / RUN)
    return state.current_run_file


def begin_session(path: Path) -> Any:
    """Take a station as a session does, once it has settled what the last one left; StationError while it is broken."""
    state = StationState(path.parent)
    told = list(settle_last_run(state))
    if state.fault is not None:
        raise StationError(STATION, [str(state.fault), *told])
    return "the station may run"


def begin_session_after_death(path: Path) -> Any:
    """Take a station that was sound when its last run began."""
    StationState(path.parent).broken_file.unlink(missing_ok=True)
    return begin_session(path)


def owner_note(folder: Path) -> Path:
    """Place the note of who holds a station."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    hold = Hold(folder / "rig", "a station", program="rig")
    note = (folder / "rig.owner.json").read_bytes()
    hold.release()
    (folder / "rig.lock").chmod(0o666)
    (folder / "rig.owner.json").write_bytes(note)
    return folder / "rig.owner.json"


def take_what_is_held(path: Path) -> Any:
    """Ask for what another holds; HeldByAnother says by whom, as far as its note tells."""
    held = path.with_name("rig")
    holder = OwnerLock(held, keep_file=True)
    try:
        Hold(held, f"station {STATION!r}", program="rig").release()
    finally:
        holder.release()
    return "the station was had"


def watchdog_log(*, safe: bool) -> Callable[[Path], Path]:
    """Return what places the log of a watchdog that took the bench from its rig, and made it safe or could not."""

    def place(folder: Path) -> Path:
        error = "" if safe else "no answer within 2 s"
        beat = {"beat": 40, "published": {"mass": 12}, "durable": {"mass": 10}}
        failed = [] if safe else [["pump stop", error]]
        lines: list[dict[str, object]] = [
            {"kind": "guarding", "pid": 4711, "rig_pid": 4700, "timeout_s": 3.0, "relay": False},
            {"kind": "rig_lost", "reason": "no heartbeat for 3.000 s", "last_beat": beat, "silent_s": 3.0},
            {"kind": "fenced", "rig_pid": 4700, "dead": True},
            {"kind": "action", "name": "pump stop", "error": error, "took_s": 0.01},
            {"kind": "action", "name": "outlet to waste", "error": "", "took_s": 0.01},
            {"kind": "safe" if safe else "not_safe", "done": ["outlet to waste"], "failed": failed},
        ]
        run = RunFolder(folder / "runs" / RUN)
        run.path.mkdir(parents=True, exist_ok=True)
        _state(folder)
        text = "".join(json.dumps({"utc": "2026-03-01T08:00:00+00:00", "host_s": 1.0, **line}) + "\n" for line in lines)
        run.watchdog.write_text(text, encoding="utf-8")
        return run.watchdog

    return place


def begin_session_after_watchdog(path: Path) -> Any:
    """Take the station at which a run died, whose watchdog's log this is; what the log lost is told in the record."""
    folder = path.parents[2]
    state = StationState(folder)
    state.begin_run(path.parent)
    meaning = begin_session_after_death(state.current_run_file)
    torn = witnesses_of(RunFolder(path.parent)).torn
    return ("lost", f"{len(torn)} lines that tell nothing, with their numbers") if torn else meaning
