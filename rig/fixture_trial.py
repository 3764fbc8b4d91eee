"""How the bench's own part of the line is measured before an occlusion: without the pump, by syringe and by valve."""

from __future__ import annotations

from dataclasses import dataclass

from rig.operators.step import OperatorStep


@dataclass(frozen=True, slots=True)
class Injected:
    """One injection into the closed fixture, and the phase it is seen in."""

    phase: str
    step: OperatorStep


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureTest:
    """What is done, in the order of the fields; the pressure rests for `rest_s` before and after each."""

    isolate: OperatorStep
    valve_phases: tuple[str, ...]
    injections: tuple[Injected, ...]
    connect: OperatorStep
    rest_s: float

    @property
    def phase_s(self) -> float:
        """Duration of one actuation or injection, s."""
        return 2.0 * self.rest_s

    @property
    def planned_s(self) -> float:
        """Duration of it all, s: after each the line is opened, and rests as long again."""
        return (len(self.valve_phases) + len(self.injections)) * (self.phase_s + self.rest_s)
