"""What a transport does for a link: open, write, read one unit; its library's exceptions become two."""

from __future__ import annotations

import sys
from typing import Protocol


def _terminal_errors() -> tuple[type[Exception], ...]:
    if sys.platform == "win32":
        return (OSError,)
    import termios

    return (OSError, termios.error)


TERMINAL_ERRORS = _terminal_errors()
"""What terminal and socket calls raise; pyserial's SerialException and the connection errors are OSErrors."""


class TransportTimeout(Exception):
    """No whole unit before the deadline; `partial` is what came of one, where the library lets one know."""

    def __init__(self, partial: bytes = b"") -> None:
        super().__init__(partial)
        self.partial = partial


class TransportLost(Exception):
    """The transport cannot be opened, or is gone."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class Transport(Protocol):
    """A byte stream cut into units that end with a terminator. Used by one thread at a time."""

    @property
    def address(self) -> str:
        """Where it leads, in the words of the station file."""

    def elsewhere(self) -> tuple[str, ...]:
        """Return the other addresses at which the same device may be found now, the likeliest first; possibly none."""

    def move(self, address: str) -> None:
        """Lead to another address from the next `open` on; only while closed."""

    @property
    def bytes_sent(self) -> int:
        """Bytes written since it was made; never reset."""

    @property
    def bytes_received(self) -> int:
        """Bytes read and not discarded since it was made; never reset."""

    def open(self) -> None:
        """Open it, or raise `TransportLost`."""

    def close(self) -> None:
        """Close it; idempotent."""

    def discard_input(self) -> bytes:
        """Drop all that has arrived and was not read, and return it; at once when nothing has."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def read_unit(self, until_s: float) -> bytes:
        """Return the bytes up to and with the terminator; `TransportTimeout` at host time `until_s`."""
