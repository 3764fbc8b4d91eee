"""What passes a wire: counted, so that a test can see that a transport was really used, and kept where one asks."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passed:
    """Bytes that passed a wire in one piece, at bench time `t_s`; `said` by the device, else heard by it."""

    t_s: float
    said: bool
    data: bytes


class Traffic:
    """Bytes that came in and went out at the device's end of a wire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._sent = 0
        self._kept: list[Passed] | None = None

    @property
    def received(self) -> int:
        """Bytes from clients so far."""
        return self._received

    @property
    def sent(self) -> int:
        """Bytes to clients so far."""
        return self._sent

    @property
    def kept(self) -> tuple[Passed, ...]:
        """What has passed since `keep`, in order."""
        with self._lock:
            return tuple(self._kept or ())

    @property
    def pieces(self) -> int:
        """How many pieces have been kept."""
        return len(self._kept or ())

    def keep(self) -> None:
        """Keep the bytes themselves from now on, too."""
        with self._lock:
            self._kept = self._kept or []

    def note(self, t_s: float, data: bytes, *, said: bool) -> None:
        """Count bytes, said by the device or heard by it."""
        with self._lock:
            if said:
                self._sent += len(data)
            else:
                self._received += len(data)
            if self._kept is not None and data:
                self._kept.append(Passed(t_s, said, data))
