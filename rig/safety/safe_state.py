"""The one path to a safe bench: ordered, repeatable, each action bounded by its link's deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from instruments.clock import Clock, Event
from rig.faults import RigFault


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


class SafeStateEntered(RigFault):
    """The bench was made safe: what would move it again is refused."""


class SafeState:
    """Runs all its actions at every entry, in order; one that fails does not keep the next from running.

    One entry at a time, and none while something is energised. Who comes second waits through the clock, not on a
    lock: an action may cost station time, which only passes while everyone else waits. From the first entry on nothing
    is energised any more.
    """

    def __init__(self, actions: Sequence[SafeAction], *, clock: Clock) -> None:
        self._actions = tuple(actions)
        self._clock = clock
        self._lock = threading.Lock()
        self._turn: Event | None = None
        self._turn_of: int | None = None
        self._first_reason: str | None = None

    def enter(self, reason: str) -> SafeStateReport:
        """Make the bench safe and say what was done."""
        with self._lock:
            if self._first_reason is None:
                self._first_reason = reason
        with self._taking_turns():
            report = SafeStateReport(reason)
            for action in self._actions:
                try:
                    action.act()
                except Exception as error:  # whatever a driver raises, the next action runs
                    report.failed.append((action.name, str(error) or type(error).__name__))
                else:
                    report.done.append(action.name)
            return report

    @contextmanager
    def energising(self) -> Iterator[None]:
        """Start a pump or energise a valve within the block; `SafeStateEntered`, before it, once made safe.

        An entry meanwhile waits for the end of the block, which is one command: bounded by its link's deadline.
        """
        with self._taking_turns(only_before_entry=True):
            yield

    @contextmanager
    def _taking_turns(self, *, only_before_entry: bool = False) -> Iterator[None]:
        self._take_turn(only_before_entry=only_before_entry)
        try:
            yield
        finally:
            with self._lock:
                finished, self._turn, self._turn_of = self._turn, None, None
            if finished is not None:
                finished.set()

    def _take_turn(self, *, only_before_entry: bool) -> None:
        me = threading.get_ident()
        while True:
            with self._lock:
                if only_before_entry and self._first_reason is not None:
                    raise SafeStateEntered(
                        f"the bench was made safe ({self._first_reason}): nothing is started any more"
                    )
                # A signal may have kept this very thread from ending its last turn: it must not wait for itself.
                if self._turn is None or self._turn_of == me:
                    self._turn = self._turn or self._clock.event()
                    self._turn_of = me
                    return
                turn = self._turn
            self._clock.wait(turn)
