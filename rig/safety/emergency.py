"""A thread that hears the ending signals even while the main thread is held up, and makes the bench safe itself."""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from instruments.clock import host_monotonic_s

EndNow = Callable[[str], None]
"""Makes a bench safe at once and for good, unless it is safe; told why. Called in the emergency's thread."""

LETTING_GO_S = 1.0
"""How long after the first signal the protocol may take to let go, s of host time."""


class Emergency:
    """Within the block the interpreter writes the number of each signal into a pipe, from the signal handler in C.

    A Python handler only runs between two instructions of the main thread: not while that is within a library.
    """

    def __init__(self, numbers: Sequence[int], end_now: Callable[[], EndNow | None]) -> None:
        self._numbers = frozenset(numbers)
        self._end_now = end_now
        self._ear, self._mouth = socket.socketpair()
        self._mouth.setblocking(False)
        self._before = -1
        self._thread = threading.Thread(target=self._listen, name="emergency", daemon=True)

    def __enter__(self) -> None:
        self._before = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._before)
        self._mouth.close()
        self._thread.join()
        self._ear.close()

    def _listen(self) -> None:
        last_call_s: float | None = None
        first = ""
        while True:
            timeout_s = None if last_call_s is None else max(0.0, last_call_s - host_monotonic_s())
            heard = bool(select.select([self._ear], [], [], timeout_s)[0])
            numbers = self._ear.recv(64) if heard else b""
            if heard and not numbers:
                return
            came = [signal.Signals(number).name for number in numbers if number in self._numbers]
            if last_call_s is None and came:
                last_call_s = host_monotonic_s() + LETTING_GO_S
                first, *came = came
            if came or not heard:
                self._act(f"{first} and {came[0]}" if came else f"{first}, {LETTING_GO_S:g} s ago")
                last_call_s = None

    def _act(self, why: str) -> None:
        end_now = self._end_now()
        if end_now is not None:
            end_now(why)
