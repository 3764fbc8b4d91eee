"""Stopping criteria: what ends a case early, with the pump stopped safely and FAIL, whatever else would be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.acquisition.stream import Item


@dataclass(frozen=True, slots=True)
class Reached:
    """A stopping criterion that was reached: what of, how much so far, and its limit, in `unit`."""

    criterion: str
    value: float
    limit: float
    unit: str
    words: str

    def __str__(self) -> str:
        return f"{self.criterion}: {self.words} ({self.value:.4g} {self.unit}, limit {self.limit:g} {self.unit})"


class StoppingCriterion(Protocol):
    """Watches the stream of a run, in the thread that publishes; it must be quick."""

    def listen(self, item: Item) -> Reached | None:
        """Take one item; return what was reached, once it is."""
