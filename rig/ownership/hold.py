"""Holding a name across processes: the system frees it when its holder dies, and a note tells others who that is."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from instruments.clock import utc_now
from results.input_file import read_json
from results.printable import on_one_line
from results.trace.ownership import OwnerLock, has_owner
from rig.ownership.user import user_name

_MOST_NOTE_BYTES = 10_000
_PATIENCE_S = 0.2
"""A look at a lock holds it for microseconds."""


class HeldByAnother(Exception):
    """Another process holds what was asked for; the message names it, its run and since when."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that holds something: who it is, what it runs ("" before a run begins), since when (UTC)."""

    pid: int
    user: str
    host: str
    program: str
    run: str
    since_utc: str

    def __str__(self) -> str:
        run = f", {self.run}" if self.run else ""
        return f"{self.program} (process {self.pid} of {self.user} on {self.host}{run}), since {self.since_utc}"


class Hold:
    """One thing held by this process, from construction until `release` or its death.

    Errors: HeldByAnother when another process, or another part of this one, holds it; OSError when nothing can be kept.
    """

    def __init__(self, path: Path, what: str, *, program: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = OwnerLock(path, _PATIENCE_S, keep_file=True)
        except BlockingIOError as error:
            raise HeldByAnother(f"{what} is held by {owner_of(path)}") from error
        self._note = _note_path(path)
        self._owner = Owner(
            os.getpid(), user_name(), platform.node(), program, "", utc_now().isoformat(timespec="seconds")
        )
        self._write_note()

    def note_run(self, run: str) -> None:
        """Tell others which run it is held for."""
        self._owner = replace(self._owner, run=run)
        self._write_note()

    def release(self) -> None:
        """Give it up; idempotent."""
        with suppress(OSError):
            self._note.unlink(missing_ok=True)
        self._lock.release()

    def _write_note(self) -> None:
        temporary = self._note.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(asdict(self._owner)), encoding="utf-8")
        os.replace(temporary, self._note)


def is_held(path: Path) -> bool:
    """Return True while a process holds what has this path."""
    return has_owner(path)


def owner_of(path: Path) -> str:
    """Return in words who holds, or held last, what has this path."""
    try:
        return on_one_line(str(Owner(**read_json(_note_path(path), most_bytes=_MOST_NOTE_BYTES))))
    except (OSError, ValueError, TypeError):
        return "another process"


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".owner.json")
