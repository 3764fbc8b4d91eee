"""Station time that passes by itself: monotonic host time since the clock was made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from instruments.clock.interface import Event, Task


class _WallTask:
    def __init__(self, clock: WallClock, name: str, target: Callable[[], None]) -> None:
        self._clock = clock
        self._target = target
        self.name = name
        self.error: BaseException | None = None
        self.finished: Event = clock.event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._target()
        except BaseException as error:  # kept for the one who joins
            self.error = error
        finally:
            self.finished.set()

    def join(self, until: float | None = None) -> bool:
        return self._clock.wait(self.finished, until)


class WallClock:
    """The clock of real instruments."""

    is_virtual = False

    def __init__(self) -> None:
        self._origin_s = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._origin_s

    def sleep_until(self, t: float) -> None:
        while (remaining_s := t - self.now()) > 0:
            time.sleep(remaining_s)

    def wait(self, event: Event, until: float | None = None) -> bool:
        if not isinstance(event, threading.Event):
            raise TypeError("wait on events made by this clock: clock.event()")
        if until is None:
            return event.wait()
        return event.wait(max(0.0, until - self.now()))

    def charge(self, duration_s: float) -> None:
        """Do nothing: the host time has already passed here."""

    def event(self) -> Event:
        return threading.Event()

    def spawn(self, name: str, target: Callable[[], None]) -> Task:
        return _WallTask(self, name, target)

    @contextmanager
    def participate(self, name: str) -> Iterator[None]:
        yield

    def hold(self) -> None:
        """Do nothing: time cannot be held here."""

    def release(self) -> None:
        """Do nothing: time cannot be held here."""
