"""What a clock promises, and the two readings of host time the rig allows.

Station time serves sampling and physics. Host time serves transport deadlines, durability, heartbeats and display.
They are never mixed: everything that waits for station time does so through a `Clock`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol


class Event(Protocol):
    """A flag that threads wait for through the clock that made it."""

    def set(self) -> None:
        """Raise the flag; every waiter becomes runnable at the present instant, and stays so if it is lowered again.

        Not for signal handlers: the interrupted thread may be within the clock.
        """

    def clear(self) -> None:
        """Lower the flag."""

    def is_set(self) -> bool:
        """Return True while the flag is raised."""


class Task(Protocol):
    """A thread started by a clock."""

    @property
    def name(self) -> str:
        """The name the task was started under."""

    @property
    def error(self) -> BaseException | None:
        """The exception that ended the task, or None."""

    @property
    def finished(self) -> Event:
        """Set when the thread has ended, however it ended."""

    def join(self, until: float | None = None) -> bool:
        """Wait through the clock for the end; False when `until` (station time, s) came first."""


class Clock(Protocol):
    """Station time in seconds, and the only means of waiting for it."""

    @property
    def is_virtual(self) -> bool:
        """True when time jumps instead of passing; for the record, never for a decision in a driver."""

    def now(self) -> float:
        """Station time, s; starts near 0 when the clock is made and never goes back."""

    def sleep_until(self, t: float) -> None:
        """Return at station time `t` (s), at once if it has passed."""

    def wait(self, event: Event, until: float | None = None) -> bool:
        """Return True when `event` is set, False when station time reaches `until` (s) first."""

    def charge(self, duration_s: float) -> None:
        """Account for host time spent on a transport deadline: a silent instrument costs station time too."""

    def event(self) -> Event:
        """Make an event of this clock."""

    def spawn(self, name: str, target: Callable[[], None], *, in_background: bool = False) -> Task:
        """Start a thread that may wait on this clock; it is registered before it starts.

        One in the background takes its turn when time comes by, and never makes time pass by waiting for it.
        """

    def participate(self, name: str) -> AbstractContextManager[None]:
        """Let the calling thread wait on this clock within the `with` block."""

    def hold(self) -> None:
        """Keep time from moving until `release`: something posted is not yet consumed."""

    def release(self) -> None:
        """Undo one `hold`; may be called from any thread."""


def host_monotonic_s() -> float:
    """Host time for deadlines and display, s; steps of the wall clock do not move it."""
    return time.monotonic()


def host_sleep(duration_s: float) -> None:
    """Pass host time, s. Only for loops that have no clock: process supervision, the stand-alone twin."""
    time.sleep(duration_s)


def host_asleep_s() -> float:
    """Return how long the host has been suspended since it was started, s; 0 where it does not tell."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic())


def utc_now() -> datetime:
    """Wall-clock time of day in UTC; an anchor for the record, never a duration."""
    return datetime.now(UTC)
