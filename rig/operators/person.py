"""The operator of a real bench: a person at the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from instruments.clock import host_monotonic_s, utc_now
from rig.faults import NotRun
from rig.operators.step import Confirmation, OperatorStep
from rig.terminal.keyboard import Keyboard

_LOOK_S = 0.2


class PersonAtTerminal:
    """Asks for each step: it is done when somebody has typed their name."""

    def __init__(self, *, question: TextIO, keyboard: Keyboard | None, patience_s: float) -> None:
        """Ask on `question` and read from `keyboard` (None: nobody is there), waiting `patience_s` of host time."""
        self._question = question
        self._keyboard = keyboard
        self._patience_s = patience_s

    def perform(self, step: OperatorStep, check: Callable[[], None]) -> Confirmation:
        """Ask for a step and wait for the name of who did it; whoever is asked is told when the run ends meanwhile."""
        if self._keyboard is not None:
            self._keyboard.forget()
        self._say(f"\nOPERATOR, {step.name}: {step.instruction}\nWhen it is done, type your name: ")
        try:
            name = self._name(check)
        except BaseException:
            self._say(f"\nThe run has ended. Leave {step.name!r} undone.\n")
            raise
        if not name:
            raise NotRun([f"operator step {step.name!r} was not confirmed: {step.instruction}"])
        return Confirmation(name, utc_now().isoformat())

    def _name(self, check: Callable[[], None]) -> str:
        until_s = host_monotonic_s() + self._patience_s
        while self._keyboard is not None and host_monotonic_s() < until_s:
            check()
            line = self._keyboard.line(within_s=_LOOK_S)
            if line is not None:
                return line
        return ""

    def _say(self, text: str) -> None:
        self._question.write(text)
        self._question.flush()
