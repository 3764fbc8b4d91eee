"""The budget lines of what was found in the readings: repairs, jumps, drops, pauses, clocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from results.cleaning.disturbances import SMALL_FALL
from results.cleaning.findings import END_NOT_WEIGHED, Finding
from results.gravimetry.collection import Collection
from results.series import Phase
from results.uncertainty.budget import BudgetLine
from results.uncertainty.flow_lines import volume_weights
from results.uncertainty.lines import normal, rectangular
from results.uncertainty.noise import ReadingWeights

_EITHER_OR = math.sqrt(0.5)
_JUMPS = ("jump", "slow fall", SMALL_FALL)
_PAUSE, _SURGE = "pause of the delivery", "surge of the delivery"


def cleaning_lines(
    findings: Sequence[Finding], collection: Collection, period: Phase, *, volume_ul: float
) -> list[BudgetLine]:
    """Return the lines (uL) of what the treatment of findings leaves open in the volume delivered in a period.

    A repair leaves its own uncertainty. What is kept although it may be no delivery is out by all of its size or by
    nothing, with equal probability: u is its size over the square root of 2. A clock may have been set by anything up
    to what the record is silent.
    """
    if not findings:
        return []
    weights = volume_weights(collection, period)
    lines = []
    repaired = math.hypot(
        *(_response(weights, found) * found.u_mg for found in findings if found.treatment == "repaired")
    )
    if repaired > 0.0:
        lines.append(normal("steps of the reading, as taken back", unit="uL", u=repaired * 1e-3, sensitivity=1.0))
    jumps = sum(abs(_response(weights, found) * found.size_mg) for found in findings if found.rule in _JUMPS)
    if jumps > 0.0:
        lines.append(normal("jumps that may be no delivery", unit="uL", u=jumps * 1e-3 * _EITHER_OR, sensitivity=1.0))
    unexplained = sum(abs(found.size_mg) * _share(found, period) for found in _unexplained(findings))
    if unexplained > 0.0:
        lines.append(
            normal(
                "pauses and surges that may be no delivery",
                unit="uL",
                u=unexplained * 1e-3 * collection.ul_per_g * _EITHER_OR,
                sensitivity=1.0,
            )
        )
    drops = max((found.u_mg for found in findings if found.rule == "drops"), default=0.0)
    if drops > 0.0:
        lines.append(normal("drops hanging at the ends", unit="uL", u=drops * 1e-3, sensitivity=collection.ul_per_g))
    ends = math.hypot(*(found.u_mg for found in findings if found.rule == END_NOT_WEIGHED))
    if ends > 0.0:
        lines.append(normal("ends not weighed", unit="uL", u=ends * 1e-3, sensitivity=collection.ul_per_g))
    clock_s = math.hypot(*(found.drift_s for found in findings if _share(found, period) > 0.0))
    if clock_s > 0.0:
        lines.append(
            rectangular(
                "clock set while silent, or set back",
                unit="s",
                half_width=clock_s,
                sensitivity=volume_ul / period.duration_s,
            )
        )
    return lines


def _unexplained(findings: Sequence[Finding]) -> list[Finding]:
    """Return the pauses and surges, but no surge that is a jump, which has a line of its own."""
    jumps = [found for found in findings if found.rule in _JUMPS]
    return [
        found
        for found in findings
        if found.rule == _PAUSE or (found.rule == _SURGE and not any(_touch(found, jump) for jump in jumps))
    ]


def _touch(one: Finding, other: Finding) -> bool:
    return one.begin_s <= other.end_s and other.begin_s <= one.end_s


def _response(weights: ReadingWeights, found: Finding) -> float:
    """Return the change of the volume (uL per g) for a change of the reading as lasting as the finding's."""
    lasts = weights.time_s >= found.end_s
    if not found.lasting:
        lasts = (weights.time_s >= found.begin_s) & ~lasts
    return weights.applied_to(lasts.astype(np.float64))


def _share(found: Finding, period: Phase) -> float:
    """Return 1 when a finding touches a period, else 0."""
    return float(found.begin_s < period.end_s and found.end_s > period.begin_s)
