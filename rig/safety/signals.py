"""Signals that end a run: the first one interrupts the protocol, those that follow cannot interrupt its safe end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Interrupted(KeyboardInterrupt):
    """A signal asked the run to end."""

    def __init__(self, signal_number: int) -> None:
        self.signal_name = signal.Signals(signal_number).name
        super().__init__(f"ended by {self.signal_name}")


class SignalGate:
    """Turns ending signals into `Interrupted`, except while the gate is shut: then it notes them."""

    def __init__(self) -> None:
        self._shut = 0
        self.noted: list[str] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the ending signals within the block (main thread only)."""
        before = {number: signal.signal(number, self._handle) for number in ENDING_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let no signal interrupt the block: the bench is being made safe, or its files closed."""
        self._shut += 1
        try:
            yield
        finally:
            self._shut -= 1

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let no signal interrupt the block; one that came meanwhile interrupts at its end."""
        before = len(self.noted)
        with self.shut():
            yield
        if len(self.noted) > before and not self._shut:
            raise Interrupted(signal.Signals[self.noted[before]])

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._shut:
            self.noted.append(signal.Signals(number).name)
            return
        raise Interrupted(number)
