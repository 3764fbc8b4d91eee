"""Station time that passes by itself: monotonic host time since the clock was made."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from instruments.clock.interface import Event, Task

_LONGEST_WAIT_S = 0.5  # some hosts let Ctrl-C in only between waits


class _WallEvent:
    def __init__(self, clock: WallClock) -> None:
        self.clock = clock
        self._changed = threading.Condition()
        self._flag = False
        self._raised = 0

    def set(self) -> None:
        with self._changed:
            self._flag = True
            self._raised += 1
            self._changed.notify_all()

    def clear(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def wait(self, until: float) -> bool:
        """Return True when set, also when cleared again before this thread ran; False at `until` (station time, s)."""
        with self._changed:
            raised_before = self._raised
            while not self._flag and self._raised == raised_before:
                remaining_s = until - self.clock.now()
                if remaining_s <= 0:
                    return False
                self._changed.wait(min(remaining_s, _LONGEST_WAIT_S))
            return True


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
    """The clock of real instruments.

    It goes on while the host is suspended, as the pump and the balance do: what was missed then shows as missed.
    Steps of the wall clock do not move it.
    """

    is_virtual = False

    def __init__(self) -> None:
        self._origin_s = _elapsing_s()

    def now(self) -> float:
        return _elapsing_s() - self._origin_s

    def sleep_until(self, t: float) -> None:
        _refuse_nan(t)
        while (remaining_s := t - self.now()) > 0:
            time.sleep(min(remaining_s, _LONGEST_WAIT_S))

    def wait(self, event: Event, until: float | None = None) -> bool:
        if not isinstance(event, _WallEvent) or event.clock is not self:
            raise TypeError("wait on events made by this clock: clock.event()")
        if until is None:
            return event.wait(math.inf)
        _refuse_nan(until)
        return event.wait(until)

    def charge(self, duration_s: float) -> None:
        """Do nothing: the host time has already passed here."""

    def event(self) -> Event:
        return _WallEvent(self)

    def spawn(self, name: str, target: Callable[[], None], *, in_background: bool = False) -> Task:
        return _WallTask(self, name, target)

    @contextmanager
    def participate(self, name: str) -> Iterator[None]:
        yield

    def hold(self) -> None:
        """Do nothing: time cannot be held here."""

    def release(self) -> None:
        """Do nothing: time cannot be held here."""


def _elapsing_s() -> float:
    # Elsewhere the monotonic clock is all there is: on Windows it counts a suspended host, on macOS it does not.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _refuse_nan(t: float) -> None:
    if math.isnan(t):
        raise ValueError("a wake-up time that is not a number would never come")
