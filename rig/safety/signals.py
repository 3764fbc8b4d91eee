"""Signals that end a run: the first one interrupts the protocol, those that follow cannot interrupt its safe end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from rig.safety.emergency import Emergency, EndNow

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Interrupted(KeyboardInterrupt):
    """A signal asked the run to end."""

    def __init__(self, signal_number: int) -> None:
        self.signal_name = signal.Signals(signal_number).name
        super().__init__(f"ended by {self.signal_name}")


class SignalGate:
    """Turns ending signals into `Interrupted`, except while the gate is shut: then it notes them.

    A protocol that does not let go is not waited for: the second signal, or a few seconds after the first, makes the
    bench safe in another thread, whatever the main thread does.
    """

    def __init__(self) -> None:
        self._shut = 0
        self._end_now: EndNow | None = None
        self._raised: signal.Signals | None = None
        self.noted: list[str] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the ending signals within the block (main thread only)."""
        with Emergency(ENDING_SIGNALS, lambda: self._end_now):
            before = {number: signal.signal(number, self._handle) for number in ENDING_SIGNALS}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def guard(self, end_now: EndNow | None) -> None:
        """Name what makes the bench safe that runs now, where time passes by itself; None: there is no such bench."""
        self._end_now = end_now

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
        """Let no signal interrupt the block; one that came meanwhile interrupts at its end, however it ends."""
        before = len(self.noted)
        try:
            with self.shut():
                yield
        finally:
            if len(self.noted) > before and not self._shut:
                self._raise(signal.Signals[self.noted[before]])

    def heed(self) -> None:
        """Raise `Interrupted` again for a signal that did already: a finaliser or a library may have lost it."""
        if self._raised is not None and not self._shut:
            raise Interrupted(self._raised)

    @property
    def asked_to_end(self) -> str:
        """The signal that asked the session to end; "" where none did."""
        return self._raised.name if self._raised is not None else next(iter(self.noted), "")

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._shut:
            self.noted.append(signal.Signals(number).name)
            return
        self._raise(signal.Signals(number))

    def _raise(self, number: signal.Signals) -> NoReturn:
        self._raised = self._raised or number
        raise Interrupted(number)
