"""The power relay of a bench: who switches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from instruments.interfaces import ValveLines
from rig.valves import PUMP_POWER


class PowerRelay(Protocol):
    """Energised: the pump has power. A power cut is safe by wiring."""

    def switch(self, energised: bool) -> None:
        """Switch it and confirm it; raises an `InstrumentError` when it could not be."""

    def note_stopped(self) -> None:
        """Hear that the pump has confirmed its stop: without power it cannot say so again."""


@dataclass(frozen=True, slots=True)
class RelayLine:
    """A relay in this process's own hand: that of a twin in this process."""

    lines: ValveLines

    def switch(self, energised: bool) -> None:
        """Switch it."""
        self.lines.write(PUMP_POWER, energised)

    def note_stopped(self) -> None:
        """It is this process that asks the pump."""
