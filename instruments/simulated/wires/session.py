"""What a byte-speaking device offers to a wire: one session for each client that is connected."""

from __future__ import annotations

from typing import Protocol


class Session(Protocol):
    """One client's conversation with a device. Called by one thread at a time; never waits."""

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take bytes as they arrived (any split), return everything the device answers at bench time `now_s`."""

    def next_output_s(self) -> float | None:
        """Bench time at which the device speaks unasked, or None when it only answers."""

    def speak(self, now_s: float) -> bytes:
        """Return what the device says unasked up to bench time `now_s`."""


class LineBuffer:
    """Cuts a stream of bytes into lines at LF or CR, as device firmware does: bounded, empty lines dropped."""

    __slots__ = ("_limit", "_pending")

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._pending = b""

    def lines(self, data: bytes) -> list[bytes]:
        """Return the lines completed by `data`; a line longer than the limit comes out cut to the limit plus one."""
        *complete, rest = (self._pending + data).replace(b"\r", b"\n").split(b"\n")
        self._pending = rest[: self._limit + 1]
        return [line[: self._limit + 1] for line in complete if line]

    def clear(self) -> None:
        """Forget an unfinished line."""
        self._pending = b""
