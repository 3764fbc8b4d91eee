"""What one `pytest protocols` session shares between its cases."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rig.disk.room import FreeBytes, free_bytes
from rig.ownership.station import StationClaim
from rig.record import CaseRecord
from rig.run_folder import RunFolder
from rig.safety.signals import SignalGate
from rig.stations.file import StationFile
from rig.terminal.keyboard import Keyboard


@dataclass(slots=True)
class RigSession:
    """The station, how to run it, and the records of those that have ended."""

    station: StationFile
    virtual: bool
    seed: int
    runs: Path
    terminal: TextIO
    keyboard: Keyboard | None = None
    """Where an operator answers; None where nobody can."""
    figures: bool = True
    """Whether the figure of a run is drawn at its end."""
    broken: str = ""
    """Why nothing may run any more: a bench that could not be made safe. Somebody has to look."""
    is_latch_owed: bool = False
    """Whether the latch of a broken bench could not be written: its run is left noted as current then."""
    claim: StationClaim | None = None
    """The hold on a shared bench; None before and after the session, and for a twin of the rig's own."""
    free_bytes: FreeBytes = free_bytes
    """The room on the disk of a folder."""
    overtime_percent: float = 50.0
    """By how much of its planned time a case may exceed it, beside half an hour."""
    until_s: float | None = None
    """Host time at which the case that runs then is ended, and no other begins; None: never."""
    gate: SignalGate = field(default_factory=SignalGate)
    concluded: list[tuple[CaseRecord, RunFolder | None]] = field(default_factory=list)

    def leave_broken(self, reason: str, *, run: str = "") -> None:
        """Let nothing run any more: in this session, and on a shared bench in none until somebody has looked."""
        self.broken = reason
        if self.claim is not None:
            self.is_latch_owed = True
            with suppress(OSError):  # the run that stays noted as current latches the station at the next start
                self.claim.state.latch(reason, run=run)
                self.is_latch_owed = False
                self.claim.state.end_run()
