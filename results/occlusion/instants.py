"""When things happened: an instant between two bounds, and the edges of sampled voltages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.uncertainty.budget import BudgetLine
from results.uncertainty.lines import rectangular


@dataclass(frozen=True, slots=True)
class Instant:
    """Something happened between `after_s` and `by_s` (s, on the time base of the record), anywhere equally likely."""

    after_s: float
    by_s: float

    def __post_init__(self) -> None:
        if not self.after_s <= self.by_s:
            raise ValueError(f"an instant after {self.after_s!r} s cannot have come by {self.by_s!r} s")

    @property
    def at_s(self) -> float:
        """The middle (s)."""
        return (self.after_s + self.by_s) / 2.0

    @property
    def half_width_s(self) -> float:
        """How far from the middle it may have been (s)."""
        return (self.by_s - self.after_s) / 2.0

    def line(self, name: str, *, unit_per_s: float) -> BudgetLine:
        """Return the budget line of a result that changes by `unit_per_s` of its unit with each second."""
        return rectangular(name, value=self.at_s, unit="s", half_width=self.half_width_s, sensitivity=unit_per_s)


def level_v(voltage_v: NDArray[np.float64]) -> float:
    """Return the level (V) between low and high of a two-level signal: the middle of its extremes."""
    return (float(np.min(voltage_v)) + float(np.max(voltage_v))) / 2.0


def first_edge(
    time_s: NDArray[np.float64],
    voltage_v: NDArray[np.float64],
    *,
    level_v: float,
    rising: bool,
    after_s: float,
    by_s: float,
) -> Instant | None:
    """Return the first edge of a sampled voltage through a level, between two instants (s); None where there is none.

    `time_s` (increasing) and `voltage_v` have shape (n,); samples that are not finite are passed over. The edge lies
    between the last sample before it and the first one beyond. A signal that is beyond the level already at its first
    sample shows no edge until it has come back.
    """
    inside = (time_s >= after_s) & (time_s <= by_s) & np.isfinite(voltage_v)
    times, volts = time_s[inside], voltage_v[inside]
    beyond = volts > level_v if rising else volts < level_v
    edges = np.flatnonzero(beyond[1:] & ~beyond[:-1])
    if edges.size == 0:
        return None
    return Instant(float(times[edges[0]]), float(times[edges[0] + 1]))
