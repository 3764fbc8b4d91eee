"""What a person does at the bench: a step with its instruction, who confirms it, and what the bench must show after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from instruments.clock import utc_now
from rig.faults import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedState:
    """What a stream must show within a time (s of station time) after a step, between `low` and `high`.

    `change`: the reading less the one before the step, else the reading itself. The quantity is the stream's own: mass
    in g, pressure in kPa, gauge.
    """

    stream: str
    low: float
    high: float
    within_s: float
    change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStep:
    """One manual step. `action` and `values` are what a simulated bench does, `instruction` what a person is told."""

    name: str
    instruction: str
    action: str
    values: Mapping[str, float] = field(default_factory=dict)
    expects: ExpectedState | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who did a step, and when (UTC, ISO 8601)."""

    by: str
    at_utc: str


class Operator(Protocol):
    """Whoever does the manual steps."""

    def perform(self, step: OperatorStep) -> Confirmation:
        """Have a step done; `NotRun` where nobody does it."""


class ScriptedOperator:
    """Does the steps on the digital twin."""

    def __init__(self, operate: Callable[[str, Mapping[str, float]], None]) -> None:
        self._operate = operate

    def perform(self, step: OperatorStep) -> Confirmation:
        """Do a step now."""
        try:
            self._operate(step.action, step.values)
        except ValueError as error:
            raise NotRun([f"operator step {step.name!r}: {error}"]) from error
        return Confirmation("scripted, on the digital twin", utc_now().isoformat())


class TerminalOperator:
    """Asks a person at the terminal: the step is done when they have typed their name."""

    def __init__(self, *, question: TextIO, answer: TextIO | None, patience_s: float) -> None:
        """Ask on `question` and read from `answer` (None: nobody is there), waiting `patience_s` of host time."""
        self._question = question
        self._answer = answer
        self._patience_s = patience_s

    def perform(self, step: OperatorStep) -> Confirmation:
        """Ask for a step and wait for the name of who did it."""
        self._question.write(f"\nOPERATOR, {step.name}: {step.instruction}\nWhen it is done, type your name: ")
        self._question.flush()
        name = self._read_line()
        if not name:
            raise NotRun([f"operator step {step.name!r} was not confirmed: {step.instruction}"])
        return Confirmation(name, utc_now().isoformat())

    def _read_line(self) -> str:
        if self._answer is None:
            return ""
        # A thread, because not every system can wait for a line with a deadline.
        answer = self._answer
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.append(answer.readline()), name="operator", daemon=True)
        reader.start()
        reader.join(self._patience_s)
        return lines[0].strip() if lines else ""
