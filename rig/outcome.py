"""What the rig needs of an outcome, whatever was measured."""

from __future__ import annotations

from typing import Any, Protocol

from results.decision import Decision, Verdict


class Outcome(Protocol):
    """The outcome of an evaluation."""

    @property
    def schema(self) -> str:
        """Name and version of its record."""

    @property
    def run_id(self) -> str:
        """The run it came from."""

    @property
    def title(self) -> str:
        """What was tested."""

    @property
    def simulated(self) -> bool:
        """True when no pump was measured."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decision on each criterion."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the case."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""

    def as_record(self) -> dict[str, Any]:
        """Return the outcome as JSON types."""
