"""What a sample of pumps says about all pumps of a type: a tolerance interval, or a run of successes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from results.statistics.tolerance import one_sided_factor, success_run_units, two_sided_factor


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One sampling unit: a pump with its set, by serial and lot or number, and the one value it gave.

    A value per unit: windows, boluses and repeats of one pump are no more units, however many they are.
    """

    pump: str
    set_id: str
    value: float


@dataclass(frozen=True, slots=True)
class ToleranceInterval:
    """With `confidence`, at least `proportion` of all units lie between `low` and `high`; None is unbounded.

    `factor` is k of mean -/+ k s, for `units` normally distributed values.
    """

    units: int
    mean: float
    sd: float
    factor: float
    low: float | None
    high: float | None
    proportion: float
    confidence: float

    def within(self, *, low: float | None, high: float | None) -> bool:
        """Return whether the interval lies within limits; a limit on an unbounded side is not met."""
        above = low is None or (self.low is not None and low <= self.low)
        below = high is None or (self.high is not None and self.high <= high)
        return above and below


def tolerance_interval(
    results: Sequence[UnitResult], *, proportion: float, confidence: float, sides: str = "both"
) -> ToleranceInterval:
    """Return the tolerance interval of normally distributed values; `sides` is "both", "low" or "high".

    ISO 16269-6:2014; exact factors. Raises `ValueError` for fewer than two units, a unit given twice, or a value that
    is not finite.
    """
    _check_units(results)
    if sides not in ("both", "low", "high"):
        raise ValueError(f"sides is {sides!r}; wanted 'both', 'low' or 'high'")
    units, values = len(results), [one.value for one in results]
    if not all(map(math.isfinite, values)):
        raise ValueError("a value is not a finite number: leave the unit out only for a reason that is on record")
    factor_of = two_sided_factor if sides == "both" else one_sided_factor
    factor = factor_of(units=units, proportion=proportion, confidence=confidence)
    mean = math.fsum(values) / units
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (units - 1))
    return ToleranceInterval(
        units=units,
        mean=mean,
        sd=sd,
        factor=factor,
        low=None if sides == "high" else mean - factor * sd,
        high=None if sides == "low" else mean + factor * sd,
        proportion=proportion,
        confidence=confidence,
    )


def success_run(results: Sequence[UnitResult], *, reliability: float, confidence: float, successes: int) -> bool:
    """Return whether a run without a failure shows a reliability: enough units, and all of them successes.

    Raises `ValueError` for a unit given twice, or more successes than units.
    """
    _check_units(results)
    if not 0 <= successes <= len(results):
        raise ValueError(f"{successes} successes of {len(results)} units")
    enough = success_run_units(reliability=reliability, confidence=confidence)
    return successes == len(results) and len(results) >= enough


def _check_units(results: Sequence[UnitResult]) -> None:
    twice = [unit for unit, times in Counter((one.pump, one.set_id) for one in results).items() if times > 1]
    if twice:
        pump, set_id = twice[0]
        raise ValueError(
            f"pump {pump!r} with set {set_id!r} is given more than once; it is one unit: give one value for it"
        )
    if len(results) < 2:
        raise ValueError(f"a statement about all pumps needs at least two units, not {len(results)}")
