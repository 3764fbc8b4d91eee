"""Requests that wait for their place in the order of the bench's time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from instruments.simulated.physics.bench import Bench

_Result = TypeVar("_Result")


class _Job(Generic[_Result]):
    """Something to be done at an instant, and its result."""

    def __init__(self, at_s: float, action: Callable[[float], _Result]) -> None:
        self.at_s = at_s
        self._action = action
        self.done = False
        self.result: _Result

    def run(self, t_s: float) -> None:
        self.result = self._action(t_s)
        self.done = True


class Jobs:
    """What other threads want done; the bench's agent does it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._waiting: deque[_Job[Any]] = deque()

    def perform(self, now_s: float, action: Callable[[float], _Result]) -> _Result:
        """Have something done at its place in the order of the bench's time; return what it returns."""
        job = _Job(now_s, action)
        self._waiting.append(job)
        while not job.done:
            # Another thread's job may stand before this one, a little later by the clock.
            self._bench.pump_mechanics(max([now_s, *(waiting.at_s for waiting in tuple(self._waiting))]))
        return job.result

    def due_s(self) -> float | None:
        """Return when the first job is due."""
        return self._waiting[0].at_s if self._waiting else None

    def run_first(self, t_s: float) -> None:
        """Do the first job."""
        self._waiting.popleft().run(t_s)
