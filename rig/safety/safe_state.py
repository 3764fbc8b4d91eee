"""The one path to a safe bench: ordered, repeatable, each action bounded in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from instruments.clock import Clock, Event, host_monotonic_s
from rig.faults import RigFault
from rig.safety.bounded import run_bounded

USUAL_BOUND_S = 10.0
_COMMAND_BOUND_S = 10.0
"""How long an entry waits for a command under way whose driver may hang, s."""


@dataclass(frozen=True, slots=True)
class SafeAction:
    """One step towards safety, harmless when repeated. `act` raises when it could not be done.

    After `bound_s` of host time it counts as failed and the next one runs.
    """

    name: str
    act: Callable[[], None]
    bound_s: float = USUAL_BOUND_S


ActionListener = Callable[[str, str, float], None]
"""Told of each action when it is over: its name, its error or "", how long it took, s of host time."""


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

    @property
    def failures(self) -> str:
        """What failed, in words."""
        return "; ".join(f"{name}: {text}" for name, text in self.failed)


class SafeStateEntered(RigFault):
    """The bench was made safe: what would move it again is refused."""


class SafeState:
    """Runs all its actions at every entry, in order; one that fails does not keep the next from running.

    One entry at a time, and none while something is energised. Who comes second waits through the clock, not on a
    lock: an action may cost station time, which only passes while everyone else waits. From the first entry on nothing
    is energised any more. Where time jumps an action is bounded by its link's deadlines alone, and runs in the thread
    that entered: a twin in this process does not hang.
    """

    def __init__(self, actions: Sequence[SafeAction], *, clock: Clock, on_action: ActionListener | None = None) -> None:
        self._actions = tuple(actions)
        self._on_action = on_action
        self._clock = clock
        self._lock = threading.Lock()
        self._turn: Event | None = None
        self._turn_of: int | None = None
        self._turn_bound_s = 0.0
        self._entry_bound_s = sum(action.bound_s for action in self._actions)
        self._first_reason: str | None = None
        self.first_report: SafeStateReport | None = None
        """Of the entry that was over first: what failed then may have worked later."""

    @property
    def is_entered(self) -> bool:
        """Whether it was entered, by whomever."""
        return self._first_reason is not None

    def enter(self, reason: str) -> SafeStateReport:
        """Make the bench safe and say what was done."""
        with self._lock:
            if self._first_reason is None:
                self._first_reason = reason
        with self._taking_turns():
            report = SafeStateReport(reason)
            for action in self._actions:
                begun_s = host_monotonic_s()
                problem = self._problem_of(action)
                if problem:
                    report.failed.append((action.name, problem))
                else:
                    report.done.append(action.name)
                if self._on_action is not None:
                    self._on_action(action.name, problem, host_monotonic_s() - begun_s)
            if self.first_report is None:
                self.first_report = report
            return report

    def _problem_of(self, action: SafeAction) -> str:
        try:
            if self._clock.is_virtual:
                action.act()
            else:
                run_bounded(action.act, bound_s=action.bound_s, name=action.name)
        except Exception as error:  # whatever a driver raises, the next action runs
            return str(error) or type(error).__name__
        return ""

    @contextmanager
    def energising(self) -> Iterator[None]:
        """Start a pump or energise a valve within the block; `SafeStateEntered`, before it, once made safe.

        An entry meanwhile waits for the end of the block, which is one command: bounded by its link's deadline, and
        where time passes by itself by a bound of its own, should the driver hang.
        """
        with self._taking_turns(only_before_entry=True):
            yield

    @contextmanager
    def _taking_turns(self, *, only_before_entry: bool = False) -> Iterator[None]:
        turn = self._take_turn(only_before_entry=only_before_entry)
        try:
            yield
        finally:
            with self._lock:
                if self._turn is turn:  # else it was taken from this thread, which had hung
                    self._turn, self._turn_of = None, None
            turn.set()

    def _take_turn(self, *, only_before_entry: bool) -> Event:
        me = threading.get_ident()
        given_up: Event | None = None
        while True:
            with self._lock:
                if only_before_entry and self._first_reason is not None:
                    raise SafeStateEntered(
                        f"the bench was made safe ({self._first_reason}): nothing is started any more"
                    )
                # A signal may have kept this very thread from ending its last turn: it must not wait for itself.
                if self._turn is None or self._turn_of == me or self._turn is given_up:
                    if self._turn is None or self._turn is given_up:
                        self._turn = self._clock.event()
                    self._turn_of = me
                    self._turn_bound_s = _COMMAND_BOUND_S if only_before_entry else self._entry_bound_s
                    return self._turn
                turn, bound_s = self._turn, self._turn_bound_s
            until_s = None if self._clock.is_virtual else self._clock.now() + bound_s
            if not self._clock.wait(turn, until_s):
                given_up = turn
