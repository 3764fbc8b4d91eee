"""The one path to a safe bench: idempotent, ordered, each action bounded by its link's deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from instruments.errors import InstrumentError


@dataclass(frozen=True, slots=True)
class SafeAction:
    """One step towards safety. `act` raises when it could not be done."""

    name: str
    act: Callable[[], None]


@dataclass(slots=True)
class SafeStateReport:
    """What was done, in order, and the first thing that failed."""

    reason: str
    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_safe(self) -> bool:
        """True when every action succeeded."""
        return not self.failed


class SafeState:
    """Runs its actions once per entry, in order; an action that fails does not keep the next from running."""

    def __init__(self, actions: Sequence[SafeAction]) -> None:
        self._actions = tuple(actions)
        self._lock = threading.Lock()
        self.report: SafeStateReport | None = None

    def enter(self, reason: str) -> SafeStateReport:
        """Make the bench safe and say what was done; called again, repeats only what has not succeeded."""
        with self._lock:
            if self.report is None:
                self.report = SafeStateReport(reason)
            report = self.report
            report.failed.clear()
            for action in self._actions:
                if action.name in report.done:
                    continue
                try:
                    action.act()
                except (InstrumentError, OSError) as error:
                    report.failed.append((action.name, str(error)))
                else:
                    report.done.append(action.name)
            return report

    def leave(self) -> None:
        """Forget the last entry: the pump is about to be started again."""
        with self._lock:
            self.report = None
