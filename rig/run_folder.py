"""The folder of one run: its name, and where each of its files is."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from instruments.clock import utc_now
from results.trace.durable import fsync_folder

WATCHDOG_LOG = "watchdog.jsonl"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder per case of a session; everything about the run is in it."""

    path: Path

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def life(self) -> Path:
        """What the process that makes the run holds (`results.trace.ownership`) until the record is written."""
        return self.path / "run"

    @property
    def events(self) -> Path:
        """Events, line by line, each on disk before the hardware moves."""
        return self.path / "events.jsonl"

    @property
    def journal(self) -> Path:
        """The crash-proof record while the run goes on."""
        return self.path / "journal.sqlite"

    @property
    def trace(self) -> Path:
        """The sealed trace made from the journal."""
        return self.path / "trace.h5"

    @property
    def record(self) -> Path:
        """The outcome."""
        return self.path / "record.json"

    @property
    def ballast(self) -> Path:
        """Room for the end of the run, while it goes on; worthless afterwards."""
        return self.path / "ballast"

    @property
    def figure(self) -> Path:
        """Start-up curve and trumpet."""
        return self.path / "flow.png"

    @property
    def watchdog(self) -> Path:
        """What the watchdog did; shared benches only."""
        return self.path / WATCHDOG_LOG

    @property
    def truth(self) -> Path:
        """What the digital twin really did; nothing reads it but tests."""
        return self.path / "truth.h5"


def name_time(time: datetime) -> str:
    """Return what the name of a run begun at a time (UTC) begins with; such words sort by time."""
    return f"R{time:%Y%m%dT%H%M%SZ}"


def name_word(text: str) -> str:
    """Return a name as one of the words between the hyphens of a folder's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text)


def is_run_name(name: str) -> bool:
    """Return True for a name that `new_run_folder` gives."""
    return re.fullmatch(r"R\d{8}T\d{6}Z-.+-[0-9a-f]{8}", name) is not None


def new_run_folder(parent: Path, *, station: str, plan: str, case: str) -> RunFolder:
    """Make the folder of a new run: R<UTC time>-<station>-<plan>-<case>-<8 hex>."""
    words = "-".join(name_word(word) for word in (station, plan, case))
    run_id = f"{name_time(utc_now())}-{words}-{secrets.token_hex(4)}"
    path = parent / run_id
    path.mkdir(parents=True)
    # What is synced within a folder is lost with its name; the folder of the runs may be new as well.
    fsync_folder(parent)
    fsync_folder(parent.parent)
    return RunFolder(path)
