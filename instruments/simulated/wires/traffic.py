"""Counts what passes a wire, so that a test can see that a transport was really used."""

from __future__ import annotations

import threading


class Traffic:
    """Bytes that came in and went out at the device's end of a wire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._sent = 0

    @property
    def received(self) -> int:
        """Bytes from clients so far."""
        return self._received

    @property
    def sent(self) -> int:
        """Bytes to clients so far."""
        return self._sent

    def add(self, *, received: int = 0, sent: int = 0) -> None:
        """Count bytes."""
        with self._lock:
            self._received += received
            self._sent += sent
