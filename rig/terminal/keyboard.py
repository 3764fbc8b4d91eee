"""Lines that a person types, waited for with a deadline."""

from __future__ import annotations

import os
import queue
import sys
import threading

_CHUNK_BYTES = 1024


class Keyboard:
    """Reads lines from a file descriptor in a thread of its own: not every system can wait for one with a deadline.

    It reads the descriptor itself. A stream that another thread reads cannot be closed before the next line comes.
    """

    def __init__(self, descriptor: int) -> None:
        """Own `descriptor`; nothing is read before the first `forget`."""
        self._descriptor = descriptor
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="keyboard", daemon=True)
        self._is_over = False

    def forget(self) -> None:
        """Drop what was typed before a question was asked."""
        if self._reader.ident is None:
            self._reader.start()
        while not self._lines.empty():
            self._is_over = self._lines.get() is None or self._is_over

    def line(self, *, within_s: float) -> str | None:
        """Return the next line without its end and outer blanks; None when none came in time (host time).

        An empty line where there is nothing more to come.
        """
        if self._is_over:
            return ""
        try:
            line = self._lines.get(timeout=within_s)
        except queue.Empty:
            return None
        self._is_over = line is None
        return "" if line is None else line

    def close(self) -> None:
        """Let go of the descriptor; idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _read(self) -> None:
        begun = b""
        try:
            while chunk := os.read(self._descriptor, _CHUNK_BYTES):
                *whole, begun = (begun + chunk).split(b"\n")
                for line in whole:
                    self._lines.put(line.decode("utf-8", errors="replace").strip())
        except OSError:
            pass  # closed, or the terminal is gone
        self._lines.put(None)


def open_keyboard() -> Keyboard | None:
    """Return the keyboard of the terminal, past pytest's capture; None where no person sits at it."""
    source = sys.__stdin__
    if source is None or source.closed or not source.isatty():
        return None
    return Keyboard(os.dup(source.fileno()))
