"""Settled readings before and after each bolus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from results.refusal import EvaluationRefused

FEWEST_READINGS = 3
"""Fewest readings a settled mean is taken of."""


@dataclass(frozen=True, slots=True)
class BolusTiming:
    """How a bolus is weighed: it takes `duration_s`; readings are means over `reading_s`, `settle_s` after its end."""

    duration_s: float
    settle_s: float
    reading_s: float

    def before(self, at_s: float) -> tuple[float, float]:
        """Return begin and end (s) of the readings before a bolus that starts at an instant (s)."""
        return at_s - self.reading_s, at_s

    def after(self, at_s: float) -> tuple[float, float]:
        """Return begin and end (s) of the readings after it."""
        begin_s = at_s + self.duration_s + self.settle_s
        return begin_s, begin_s + self.reading_s


@dataclass(frozen=True, slots=True)
class SettledMean:
    """The mean of settled readings: of their times (s), of each column given, how many, what the first column spans."""

    time_s: float
    values: tuple[float, ...]
    readings: int
    span: float


def refuse_overlap(boluses_s: Sequence[float], timing: BolusTiming) -> None:
    """Raise `EvaluationRefused` unless the boluses rise in time and each is weighed before the next starts."""
    if not boluses_s:
        raise EvaluationRefused("no bolus is stated; give the instant at which each starts")
    for number, (first_s, next_s) in enumerate(pairwise(boluses_s), start=1):
        if not timing.after(first_s)[1] <= next_s:
            raise EvaluationRefused(
                f"bolus {number + 1} starts at {next_s:g} s, before bolus {number} is weighed: that takes until "
                f"{timing.after(first_s)[1]:g} s with the stated duration, settling and reading times"
            )


def settled_mean(
    time_s: NDArray[np.float64], columns: Sequence[NDArray[np.float64]], window_s: tuple[float, float]
) -> SettledMean | None:
    """Return the mean of columns (shape of `time_s`, increasing) over begin <= t <= end, None without enough readings.

    The first column must stand still when the balance has settled: its span shows whether it has.
    """
    first = int(np.searchsorted(time_s, window_s[0], side="left"))
    last = int(np.searchsorted(time_s, window_s[1], side="right"))
    if last - first < FEWEST_READINGS:
        return None
    inside = slice(first, last)
    return SettledMean(
        time_s=float(np.mean(time_s[inside])),
        values=tuple(float(np.mean(column[inside])) for column in columns),
        readings=last - first,
        span=float(np.ptp(columns[0][inside])),
    )
