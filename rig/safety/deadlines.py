"""A case that outlives its plan, or a session its time, ends safe: looked for with every sample that arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable

from instruments.clock import Clock, host_monotonic_s
from results.trace.schema import TraceEvent
from rig.acquisition.stream import Item
from rig.trip import Trip

GRACE_S = 1800.0
"""Beyond the share of the planned time: what a short case may need for a person's steps, s of station time."""


class Deadlines:
    """Trips once, as a limit of the rig: the case is ABORTED.

    `planned_s` and `overtime_percent` bound the case in station time, from now; `session_until_s` is host time.
    """

    def __init__(
        self,
        *,
        planned_s: float,
        overtime_percent: float,
        session_until_s: float | None,
        clock: Clock,
        on_trip: Callable[[Trip], None],
    ) -> None:
        self._clock = clock
        self._allowed_s = planned_s * (1.0 + overtime_percent / 100.0) + GRACE_S
        self._case_until_s = clock.now() + self._allowed_s
        self._planned_s = planned_s
        self._session_until_s = session_until_s
        self._on_trip = on_trip
        self._lock = threading.Lock()
        self._tripped = False

    def watch(self, item: Item) -> None:
        """Look at the time with every sample, in the thread that publishes; an event is published under a lock."""
        if isinstance(item, TraceEvent):
            return
        reason = self._reason()
        if not reason:
            return
        with self._lock:
            if self._tripped:
                return
            self._tripped = True
        self._on_trip(Trip(reason, is_limit=True))

    def _reason(self) -> str:
        if self._clock.now() >= self._case_until_s:
            return f"deadline: planned are {self._planned_s:g} s, and {self._allowed_s:g} s have passed"
        if self._session_until_s is not None and host_monotonic_s() >= self._session_until_s:
            return "deadline of the session (--session-deadline)"
        return ""
