"""Whoever acts on the bench at an instant of its own, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from instruments.simulated.physics.states import Agent
from instruments.simulated.truth.events import Operation, ReZero

_Event = TypeVar("_Event", ReZero, Operation)


class Agents:
    """All agents of a bench. Of two due at one instant, the one added first acts first."""

    def __init__(self) -> None:
        self._agents: list[Agent] = []
        self._acting = False

    def add(self, agent: Agent) -> None:
        """Add an agent."""
        self._agents.append(agent)

    def run_until(self, t_s: float) -> None:
        """Let all agents act that are due at or before `t_s`. What an agent does sets no other agent off meanwhile."""
        if self._acting or not self._agents:
            return
        self._acting = True
        try:
            while (due := self._earliest()) is not None and due[0] <= t_s:
                due[1].act(due[0])
        finally:
            self._acting = False

    def _earliest(self) -> tuple[float, Agent] | None:
        earliest: tuple[float, Agent] | None = None
        for agent in self._agents:
            due_s = agent.next_due_s()
            if due_s is not None and (earliest is None or due_s < earliest[0]):
                earliest = (due_s, agent)
        return earliest


class ScheduleAgent(Generic[_Event]):
    """Does what is scheduled, each at its time."""

    def __init__(self, events: Sequence[_Event], do: Callable[[float, _Event], None]) -> None:
        self._waiting: list[_Event] = sorted(events, key=lambda event: event.at_s)[::-1]
        self._do: Callable[[float, _Event], None] = do

    def next_due_s(self) -> float | None:
        """Return the time of the next event."""
        return self._waiting[-1].at_s if self._waiting else None

    def act(self, t_s: float) -> None:
        """Do what is due."""
        self._do(t_s, self._waiting.pop())
