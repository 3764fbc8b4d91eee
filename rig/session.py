"""What one `pytest protocols` session shares between its cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rig.record import CaseRecord
from rig.run_folder import RunFolder
from rig.safety.signals import SignalGate
from rig.station_file import StationFile


@dataclass(slots=True)
class RigSession:
    """The station, how to run it, and the records of those that have ended."""

    station: StationFile
    virtual: bool
    seed: int
    runs: Path
    terminal: TextIO
    keyboard: TextIO | None = None
    """Where an operator answers; None where nobody can."""
    broken: str = ""
    """Why nothing may run any more: a bench that could not be made safe. Somebody has to look."""
    gate: SignalGate = field(default_factory=SignalGate)
    concluded: list[tuple[CaseRecord, RunFolder | None]] = field(default_factory=list)
