"""What a person does at the bench: a step with its instruction, who confirms it, and what the bench must show after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedState:
    """What a stream must show within a time (s of station time) after a step, between `low` and `high`.

    `change`: the reading less the one before the step, else the reading itself. The quantity is the stream's own: mass
    in g, pressure in kPa, gauge.
    """

    stream: str
    low: float
    high: float
    within_s: float
    change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStep:
    """One manual step. `action` and `values` are what a simulated bench does, `instruction` what a person is told."""

    name: str
    instruction: str
    action: str
    values: Mapping[str, float] = field(default_factory=dict)
    expects: ExpectedState | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who did a step, and when (UTC, ISO 8601)."""

    by: str
    at_utc: str


class Operator(Protocol):
    """Whoever does the manual steps."""

    def perform(self, step: OperatorStep, check: Callable[[], None]) -> Confirmation:
        """Have a step done; `NotRun` where nobody does it.

        `check` raises what has ended the run, and is called again and again while somebody is waited for.
        """
