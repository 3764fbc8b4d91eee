"""Which statements of an outcome speak of the time of a fault, and what each did about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from results.outcome import FlowOutcome
from results.series import Phase

READINGS_S = 5.0
"""The balance's filter answers within seconds, and its readings come every second."""
LEVELS_S = 60.0
"""Changes of level are seen between means over up to a minute."""
STROKE_S = 400.0
"""Delivery is seen stroke by stroke: 1 uL at 9 uL/h."""
_LEVELS = {"disturbance", "step", "re-zero", "load on and off", "jump", "slow fall", "fall within the pull on the tube"}
_DELIVERY = {
    "pause of the delivery",
    "surge of the delivery",
    "interruption of the delivery",
    "delivery was interrupted",
}
_NOTES = ("a drift, not evaporation", "wander more")


@dataclass(frozen=True, slots=True)
class Statement:
    """A rule that fired, from when to when, and what it did."""

    name: str
    did: str
    begin_s: float
    end_s: float

    @property
    def tolerance_s(self) -> float:
        """How far from the fault it may be located: the width of the means, or the stroke, it is seen by."""
        if self.name in _LEVELS:
            return LEVELS_S
        return STROKE_S if self.name in _DELIVERY else READINGS_S

    def is_at(self, when: Phase) -> bool:
        """Return whether it overlaps a stretch, within its tolerance."""
        return self.begin_s <= when.end_s + self.tolerance_s and self.end_s >= when.begin_s - self.tolerance_s


def statements(outcome: FlowOutcome, whole: Phase) -> Iterator[Statement]:
    """Yield every finding, every listed stretch of an exclusion, an interruption, and notes on the whole run."""
    for found in outcome.findings:
        yield Statement(found.rule, found.treatment, found.begin_s, found.end_s)
    for entry in outcome.exclusions:
        for begin_s, end_s in entry.listed_s:
            yield Statement(entry.rule, "excluded", begin_s, end_s)
    flow = outcome.continuity
    if flow.interrupted:
        yield Statement("delivery was interrupted", "reported", flow.gap_begin_s, flow.gap_end_s)
    for words in _NOTES:
        if any(words in note for note in outcome.notes):
            yield Statement(words, "kept, U widened", whole.begin_s, whole.end_s)
