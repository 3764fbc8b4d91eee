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


@dataclass(frozen=True, slots=True)
class BolusSteps:
    """What boluses add to the readings (g) at knots in time (s): ramps as long as each takes."""

    time_s: NDArray[np.float64]
    added_g: NDArray[np.float64]

    def at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what was added up to times (s)."""
        return np.asarray(np.interp(time_s, self.time_s, self.added_g))


def bolus_steps(
    time_s: NDArray[np.float64], mass_g: NDArray[np.float64], boluses_s: Sequence[float], timing: BolusTiming
) -> BolusSteps:
    """Return the rough course of known boluses, by the readings before and after each that are numbers.

    Basal flow and evaporation go on meanwhile and stay in the readings: their rate is the median of what the readings
    before and after the boluses do. For finding what is no bolus; nothing is measured with it.
    """
    usable = np.isfinite(time_s) & np.isfinite(mass_g)

    def inside(window_s: tuple[float, float]) -> NDArray[np.intp]:
        return np.flatnonzero(usable & (time_s >= window_s[0]) & (time_s <= window_s[1]))

    windows = [(inside(timing.before(at_s)), inside(timing.after(at_s))) for at_s in boluses_s]
    rates = [_rate(time_s[rows], mass_g[rows]) for pair in windows for rows in pair if rows.size > 2]
    rate_g_per_s = float(np.median(rates)) if rates else 0.0
    level_g = mass_g - rate_g_per_s * time_s
    knots_s, added_g = [float(boluses_s[0])], [0.0]
    for at_s, (before, after) in zip(boluses_s, windows, strict=True):
        step_g = float(np.median(level_g[after]) - np.median(level_g[before])) if before.size and after.size else 0.0
        knots_s += [at_s, at_s + max(timing.duration_s, 1e-3)]
        added_g += [added_g[-1], added_g[-1] + step_g]
    return BolusSteps(time_s=np.array(knots_s), added_g=np.array(added_g))


def _rate(time_s: NDArray[np.float64], mass_g: NDArray[np.float64]) -> float:
    centred = time_s - np.mean(time_s)
    spread = float(np.dot(centred, centred))
    return float(np.dot(centred, mass_g)) / spread if spread > 0.0 else 0.0
