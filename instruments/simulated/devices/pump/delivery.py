"""What the pump delivers now, and what it holds back."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.program import ProgramMode
from instruments.readings import PumpState
from instruments.simulated.devices.pump.program import StoredProgram

_STATES = {
    ProgramMode.SINGLE_BOLUS: PumpState.BOLUS,
    ProgramMode.BRIDGE_BOLUS: PumpState.BOLUS,
    ProgramMode.PRIMING_BOLUS: PumpState.PRIMING,
    ProgramMode.MINIMUM_RATE: PumpState.MINIMUM_RATE,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A program that runs, since when (bench time), and which of its segments is on."""

    program: StoredProgram
    run_s: float
    segment: int = 0
    keep_open_ul_per_h: float | None = None
    """Set when the infusion has ended: the flow that keeps the line open."""

    @property
    def state(self) -> PumpState:
        """What the pump says it does meanwhile."""
        if self.keep_open_ul_per_h is not None:
            return PumpState.KEEP_OPEN
        return _STATES.get(self.program.mode, PumpState.INFUSING)


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery stopped by pressure in the line, which may go on by itself."""

    delivery: Delivery
    since_s: float
