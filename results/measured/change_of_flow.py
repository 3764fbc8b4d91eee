"""When the flow changed: where the straight lines through the volume before and after the change meet."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from results.flow.error import line_fit
from results.measured.weighing import Weighing
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import Budget, BudgetLine, Distribution, combine
from results.uncertainty.evaporation_lines import loss_change_ug_per_min
from results.uncertainty.lines import normal, rectangular
from results.uncertainty.noise import ReadingWeights

_FEWEST = 5
_EITHER_OR = math.sqrt(0.5)
_BENT = 0.2


@dataclass(frozen=True, slots=True)
class ChangeOfFlow:
    """The instant of the change (`budget`: s after a given instant, with its lines) and the flows about it (uL/h)."""

    budget: Budget
    flow_before_ul_per_h: float
    flow_after_ul_per_h: float


def change_of_flow(
    weighing: Weighing, *, before: Phase, after: Phase, since_s: float, expected_ul_per_h: float
) -> ChangeOfFlow | str:
    """Return when the flow changed, in s after `since_s`, or why that cannot be told: it did not change as expected.

    `before` and `after` hold steady flow each, `expected_ul_per_h` is by how much it should change. A drift or an
    evaporation rate common to both lines moves both alike and cancels; strokes are known to half of one, the meniscus
    to its pull. Raises `EvaluationRefused` for too few readings.
    """
    first, second = _Line.through(weighing, before), _Line.through(weighing, after)
    change = second.slope - first.slope
    if not change * math.copysign(1.0, expected_ul_per_h) >= abs(expected_ul_per_h) / 3600.0 / 2.0:
        return (
            f"the flow did not change as programmed: {first.slope * 3600.0:.3g} uL/h before, "
            f"{second.slope * 3600.0:.3g} uL/h after, programmed a change by {expected_ul_per_h:+.3g} uL/h"
        )
    at_s = (first.at_zero - second.at_zero) / change
    times = np.concatenate((first.time_s, second.time_s))
    weights = np.concatenate((first.weights(at_s), -second.weights(at_s)))
    per_ul = ReadingWeights(time_s=times, weight=weights / abs(change))
    lines = _lines(weighing, per_ul, 1.0 / abs(change))
    whole = Phase(before.begin_s, after.end_s)
    lines += _doubts(weighing, per_ul, whole, 1.0 / abs(change))
    kept_s = abs(_without_jumps(weighing, before, after) - at_s)
    if kept_s > 0.0:
        lines.append(
            normal("jumps and pauses that may be no delivery", unit="s", u=kept_s * _EITHER_OR, sensitivity=1.0)
        )
    budget = combine(value=at_s - since_s, unit="s", lines=lines, coverage_percent=weighing.evaluation.coverage_percent)
    return ChangeOfFlow(budget, first.slope * 3600.0, second.slope * 3600.0)


def _without_jumps(weighing: Weighing, before: Phase, after: Phase) -> float:
    """Return when the lines would meet (s) without what may be no delivery: a jump bends a line, not only shifts it."""
    collection = weighing.collection
    volume_ul = collection.volume_ul.copy()
    for found in weighing.readings.findings:
        if found.treatment == "kept, U widened":
            size_ul = collection.sign * found.size_mg * 1e-3 * collection.ul_per_g
            volume_ul -= size_ul * (collection.time_s >= found.end_s)
    without = replace(weighing, collection=replace(collection, volume_ul=volume_ul))
    first, second = _Line.through(without, before), _Line.through(without, after)
    change = second.slope - first.slope
    return (first.at_zero - second.at_zero) / change if change else math.inf


@dataclass(frozen=True, slots=True)
class _Line:
    time_s: NDArray[np.float64]
    slope: float
    at_zero: float

    @classmethod
    def through(cls, weighing: Weighing, period: Phase) -> _Line:
        times = weighing.collection.time_s
        inside = slice(*np.searchsorted(times, (period.begin_s, period.end_s)))
        if inside.stop - inside.start < _FEWEST:
            raise EvaluationRefused(f"fewer than {_FEWEST} readings from {period.begin_s:g} to {period.end_s:g} s")
        fit = line_fit(times[inside], weighing.collection.volume_ul[inside])
        return cls(times[inside], fit.slope, fit.intercept)

    def weights(self, at_s: float) -> NDArray[np.float64]:
        """Return how each reading enters the line's value at an instant; their sum is 1."""
        apart = self.time_s - float(np.mean(self.time_s))
        return 1.0 / self.time_s.size + (at_s - float(np.mean(self.time_s))) * apart / float(np.dot(apart, apart))


def _lines(weighing: Weighing, weights: ReadingWeights, s_per_ul: float) -> list[BudgetLine]:
    """Return the lines of the instant (s); `weights` are those of the volumes, s per uL."""
    bench, drift = weighing.bench, weighing.drift
    ul_per_ug = weighing.collection.ul_per_g * 1e-6
    stroke_ul = weighing.evaluation.stroke_volume_ul or 0.0
    return [
        normal(
            "noise of the readings",
            unit="uL",
            u=weighing.reading_sd_ul,
            sensitivity=float(np.linalg.norm(weights.weight)),
        ),
        BudgetLine(
            name="balance zero drift",
            value=0.0,
            unit="ug/sqrt(h)",
            standard_uncertainty=drift.walk_ug_per_sqrt_h,
            distribution=Distribution.RANDOM_WALK,
            sensitivity=weights.random_walk_response_sqrt_s() / 60.0 * ul_per_ug,
            degrees_of_freedom=drift.degrees_of_freedom,
            kind="B" if drift.stated else "A",
        ),
        BudgetLine(
            name="balance 1/f noise",
            value=0.0,
            unit="ug per octave",
            standard_uncertainty=drift.flicker_ug,
            distribution=Distribution.FLICKER,
            sensitivity=weights.flicker_response() * ul_per_ug,
        ),
        normal("capillary pull on the tube", unit="uL", u=bench.capillary_u_ul, sensitivity=s_per_ul),
        rectangular("volume delivered in strokes", unit="uL", half_width=stroke_ul / 2.0, sensitivity=s_per_ul),
        normal("timing of the readings", unit="s", u=bench.timing_u_s, sensitivity=1.0),
    ]


def _doubts(weighing: Weighing, weights: ReadingWeights, whole: Phase, s_per_ul: float) -> list[BudgetLine]:
    """Return the lines (s) of findings in the readings, and of evaporation that changed nobody knows when.

    A repair shifts all later readings by its own uncertainty. A change of
    evaporation in the middle of a line bends it: the line's end is then out by up to a fifth of what it makes.
    """
    ul_per_mg = weighing.collection.ul_per_g * 1e-3
    repaired_s = 0.0
    for found in weighing.readings.findings:
        response_s = weights.applied_to((weights.time_s >= found.end_s).astype(np.float64)) * ul_per_mg
        if found.treatment == "repaired":
            repaired_s = math.hypot(repaired_s, response_s * found.u_mg)
    _, unexplained = loss_change_ug_per_min(weighing.collection, whole, bench=weighing.bench, drift=weighing.drift)
    bent_ul = _BENT * unexplained * whole.duration_s / 60.0 * weighing.collection.ul_per_g * 1e-6
    lines = [
        normal("steps of the reading, as taken back", unit="s", u=repaired_s, sensitivity=1.0),
        normal("evaporation, when it changed", unit="uL", u=bent_ul, sensitivity=s_per_ul),
    ]
    return [line for line in lines if line.contribution > 0.0]
