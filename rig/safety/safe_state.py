"""The one path to a safe bench: ordered, repeatable, each action bounded by its link's deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from instruments.clock import Clock, Event


@dataclass(frozen=True, slots=True)
class SafeAction:
    """One step towards safety, harmless when repeated. `act` raises when it could not be done."""

    name: str
    act: Callable[[], None]


@dataclass(slots=True)
class SafeStateReport:
    """What was done, in order, and what failed."""

    reason: str
    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_safe(self) -> bool:
        """True when every action succeeded."""
        return not self.failed


class SafeState:
    """Runs all its actions at every entry, in order; one that fails does not keep the next from running.

    One entry at a time. Who comes second waits through the clock, not on a lock: an action may cost station time, which
    only passes while everyone else waits.
    """

    def __init__(self, actions: Sequence[SafeAction], *, clock: Clock) -> None:
        self._actions = tuple(actions)
        self._clock = clock
        self._lock = threading.Lock()
        self._entered: Event | None = None

    def enter(self, reason: str) -> SafeStateReport:
        """Make the bench safe and say what was done."""
        finished = self._take_turn()
        try:
            report = SafeStateReport(reason)
            for action in self._actions:
                try:
                    action.act()
                except Exception as error:  # whatever a driver raises, the next action runs
                    report.failed.append((action.name, str(error) or type(error).__name__))
                else:
                    report.done.append(action.name)
            return report
        finally:
            with self._lock:
                self._entered = None
            finished.set()

    def _take_turn(self) -> Event:
        while True:
            with self._lock:
                entered = self._entered
                if entered is None:
                    self._entered = self._clock.event()
                    return self._entered
            self._clock.wait(entered)
