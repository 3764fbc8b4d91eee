"""What a computer remembers of a station between sessions: whether it is broken, and which run is at it.

Only of stations whose devices live outside the rig's process: a twin in the process is a new bench in every session.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from instruments.clock import utc_now
from results.input_file import read_json
from results.printable import on_one_line
from results.trace.durable import fsync_folder, write_all, write_whole
from rig.ownership.user import user_name

STATE_VARIABLE = "PUMP_BENCH_RIG_STATE"
"""The environment variable that names the folder of all stations' states: one for all users of a computer."""

MOST_STATE_BYTES = 1_000_000
"""No file of a station's state, and no owner's note, is larger."""

_PROGRAM = "pump-bench-rig"


def state_root() -> Path:
    """Return the folder of all states: that of the environment variable, else the user's own."""
    told = os.environ.get(STATE_VARIABLE)
    return Path(told) if told else platformdirs.user_state_path(_PROGRAM, appauthor=False)


def state_folder(station_file: Path) -> Path:
    """Return the folder of one station's state, whatever the name its file was given by."""
    resolved = station_file.resolve()
    key = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    word = re.sub(r"[^A-Za-z0-9]+", "_", resolved.parent.name)
    return state_root() / "stations" / f"{word}-{key}"


@dataclass(frozen=True, slots=True)
class StationFault:
    """Why a station is broken: the reason, the run that left it so ("" if none had begun), and since when (UTC)."""

    reason: str
    run: str
    since_utc: str

    def __str__(self) -> str:
        run = f" by run {self.run}" if self.run else ""
        return f"{self.reason} (left{run}, since {self.since_utc})"


@dataclass(frozen=True, slots=True)
class CurrentRun:
    """The run that is at a station: its folder, and since when (UTC). `problem`: why its note cannot be read, or ""."""

    folder: Path
    since_utc: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StationState:
    """The state of one station, in files that survive a kill and a power cut.

    A file that cannot be read counts against the station: it is broken until somebody has looked. Errors: OSError where
    nothing can be kept.
    """

    folder: Path

    @property
    def broken_file(self) -> Path:
        """There while the station is broken."""
        return self.folder / "broken.json"

    @property
    def current_run_file(self) -> Path:
        """There from before a run's first command until its safe end was recorded."""
        return self.folder / "current-run.json"

    @property
    def history_file(self) -> Path:
        """Every latching and clearing, a line each; never shortened."""
        return self.folder / "faults.jsonl"

    @property
    def fault(self) -> StationFault | None:
        """Why the station is broken; None when it is not."""
        try:
            said = _read(self.broken_file)
            if said is None:
                return None
            return StationFault(*(on_one_line(_text(said, key)) for key in ("reason", "run", "since_utc")))
        except (ValueError, OSError) as error:
            return StationFault(f"{self.broken_file} cannot be read ({_problem(error)})", "", "an unknown time")

    def latch(self, reason: str, *, run: str = "") -> None:
        """Call the station broken until somebody clears it; the first reason stays."""
        found = StationFault(reason, run, utc_now().isoformat())
        if self.fault is None:
            _write(self.broken_file, asdict(found))
        self._put_on_record("latched", **asdict(found))

    def clear(self, reason: str, *, who: str = "") -> StationFault | None:
        """Call the station sound again, on record, and return what it was broken by; None when it was not broken."""
        fault = self.fault
        if fault is not None:
            self._put_on_record("cleared", who=who or user_name(), reason=reason, fault=asdict(fault))
            _remove(self.broken_file)
        return fault

    @property
    def current_run(self) -> CurrentRun | None:
        """The run that is at the station, or was when its rig died; None after a recorded end."""
        try:
            said = _read(self.current_run_file)
            if said is None:
                return None
            return CurrentRun(Path(_text(said, "folder")), on_one_line(_text(said, "since_utc")))
        except (ValueError, OSError) as error:
            problem = f"{self.current_run_file} cannot be read ({_problem(error)})"
            return CurrentRun(self.folder / "unknown", "an unknown time", problem)

    def begin_run(self, folder: Path) -> None:
        """Remember which run is at the station; on disk when this returns: call it before the pump is told anything."""
        _write(self.current_run_file, {"folder": str(folder.absolute()), "since_utc": utc_now().isoformat()})

    def end_run(self) -> None:
        """Forget the run: it ended safe, and is on record. Idempotent."""
        _remove(self.current_run_file)

    def _put_on_record(self, action: str, **what: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"utc": utc_now().isoformat(), "action": action, **what}) + "\n"
        descriptor = os.open(self.history_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            write_all(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fsync_folder(self.folder)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        said = read_json(path, most_bytes=MOST_STATE_BYTES)
    except FileNotFoundError:
        return None
    if not isinstance(said, dict):
        raise ValueError("it holds no table")
    return said


def _text(said: dict[str, Any], key: str) -> str:
    text = said.get(key)
    if not isinstance(text, str):
        raise ValueError(f"its {key} is no text")
    return text


def _problem(error: Exception) -> str:
    return str(getattr(error, "problem", error))


def _remove(path: Path) -> None:
    """Take a file away; a folder in its place is moved aside. Idempotent."""
    if path.is_dir() and not path.is_symlink():
        os.replace(path, path.with_name(f"{path.name}.{utc_now():%Y%m%dT%H%M%S%f}"))
    elif os.path.lexists(path):
        path.unlink()
    else:
        return
    fsync_folder(path.parent)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content).encode())
