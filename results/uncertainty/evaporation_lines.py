"""The budget lines of evaporation."""

from __future__ import annotations

import math

from results.bench import GravimetricBench
from results.gravimetry.collection import Collection
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import BudgetLine
from results.uncertainty.drift import Drift
from results.uncertainty.headspace import headspace_effect
from results.uncertainty.lines import ROOT3, normal, rectangular
from results.uncertainty.noise import ReadingWeights

UG_PER_MIN = 60e6
"""One g/s in ug/min."""
SIGNIFICANT = 2.0
"""Beyond this many standard uncertainties a negative loss is drift and a change between blanks is real, not noise."""


def evaporation_lines(
    collection: Collection, period: Phase, *, bench: GravimetricBench, drift: Drift
) -> list[BudgetLine]:
    """Return the lines of what evaporated in a period. Raises `EvaluationRefused` when nothing is known of it."""
    evaporation = collection.evaporation
    blanks = evaporation.blanks
    ul_per_ug_per_min = collection.ul_per_g / UG_PER_MIN
    gains_s = evaporation.gains_s(period.begin_s, period.end_s)
    if not evaporation.measured:
        return [_unmeasured(period, bench, ul_per_ug_per_min)]
    if not blanks:
        return []
    lines = [
        normal(
            f"evaporation, noise of the slope of blank {number}",
            value=blank.loss_g_per_s * UG_PER_MIN,
            unit="ug/min",
            u=blank.noise_u_g_per_s * UG_PER_MIN,
            sensitivity=gain_s * ul_per_ug_per_min,
            dof=blank.noise.degrees_of_freedom,
            shared=True,
        )
        for number, (blank, gain_s) in enumerate(zip(blanks, gains_s, strict=True), start=1)
    ]
    whole = sum(gains_s) * ul_per_ug_per_min
    headspace = headspace_effect(collection, period, bench)
    losses = [blank.loss_g_per_s * UG_PER_MIN for blank in blanks]
    if len(blanks) > 1:
        change, unexplained = loss_change_ug_per_min(collection, period, bench=bench, drift=drift)
        lines.append(
            rectangular(
                "evaporation, when the change between the blanks came",
                value=change,
                unit="ug/min",
                half_width=ROOT3 * unexplained * spread_of_late_share(collection, period),
                sensitivity=whole,
                shared=True,
            )
        )
    else:
        lines.append(
            rectangular(
                "evaporation, one blank only: it could have ceased or doubled",
                value=losses[0],
                unit="ug/min",
                half_width=abs(losses[0]),
                sensitivity=whole,
                shared=True,
            )
        )
    lines += [
        _driving_force(collection, period, bench),
        normal(
            "evaporation, headspace over the rising level",
            value=bench.headspace_mm or 0.0,
            unit="mm",
            u=bench.headspace_u_mm,
            sensitivity=headspace.lost_g_per_mm * collection.ul_per_g,
            shared=True,
        ),
        rectangular(
            "evaporation, negative in the blanks: unexplained drift",
            value=min(negative_loss_ug_per_min(collection, drift), 0.0),
            unit="ug/min",
            half_width=abs(negative_loss_ug_per_min(collection, drift)),
            sensitivity=whole,
            shared=True,
        ),
    ]
    return lines


def loss_change_ug_per_min(
    collection: Collection, period: Phase, *, bench: GravimetricBench, drift: Drift
) -> tuple[float, float]:
    """Return by how much the losses of two blanks differ, and how much of it neither noise nor headspace explains.

    The second is never negative, and 0 within two standard uncertainties or without two blanks.
    """
    losses = [blank.loss_g_per_s * UG_PER_MIN for blank in collection.evaporation.blanks]
    if len(losses) < 2:
        return 0.0, 0.0
    change = losses[1] - losses[0]
    headspace = headspace_effect(collection, period, bench)
    by_headspace = headspace.change_g_per_s_mm * UG_PER_MIN * bench.headspace_u_mm
    explained = sum(_loss_variances(collection, drift)) + by_headspace**2
    significant = abs(change) > SIGNIFICANT * math.sqrt(explained)
    return change, math.sqrt(change**2 - explained) if significant else 0.0


def negative_loss_ug_per_min(collection: Collection, drift: Drift) -> float:
    """Return the mean loss of the blanks when it is negative beyond its uncertainty, else 0: vessels do not gain."""
    blanks = collection.evaporation.blanks
    if not blanks:
        return 0.0
    mean = sum(collection.evaporation.vessel_losses_g_per_s()) / len(blanks) * UG_PER_MIN
    u = math.sqrt(sum(_loss_variances(collection, drift))) / len(blanks)
    return mean if mean < -SIGNIFICANT * u else 0.0


def spread_of_late_share(collection: Collection, period: Phase) -> float:
    """Return the standard deviation of the share of a period that follows a change at any time between the blanks.

    A sudden change is as likely at any instant between the blanks' middles; linear interpolation is its mean.
    """
    first_s, second_s = (blank.phase.middle_s for blank in collection.evaporation.blanks)
    length_s = second_s - first_s
    before = min(max((period.begin_s - first_s) / length_s, 0.0), 1.0)
    within = min(period.duration_s / length_s, 1.0 - before)
    return math.sqrt(max(before + within / 3.0 - (before + within / 2.0) ** 2, 0.0))


def _loss_variances(collection: Collection, drift: Drift) -> list[float]:
    """Return the variance of each blank's loss, (ug/min)^2, from noise and the balance's drift."""
    variances = []
    for blank in collection.evaporation.blanks:
        slope = ReadingWeights(time_s=blank.time_s, weight=blank.weights_per_s)
        walk = slope.random_walk_response_sqrt_s() * drift.walk_ug_per_sqrt_h
        flicker = slope.flicker_response() * drift.flicker_ug * 60.0
        variances.append((blank.noise_u_g_per_s * UG_PER_MIN) ** 2 + walk**2 + flicker**2)
    return variances


def _driving_force(collection: Collection, period: Phase, bench: GravimetricBench) -> BudgetLine:
    """What the driving force adds to plain interpolation is known to a stated share of itself."""
    evaporation = collection.evaporation
    losses = [blank.loss_g_per_s for blank in evaporation.blanks]
    driven = sum(map(float.__mul__, losses, evaporation.gains_s(period.begin_s, period.end_s)))
    steady = sum(map(float.__mul__, losses, evaporation.steady_gains_s(period.begin_s, period.end_s)))
    return normal(
        "evaporation, driving force between the blanks",
        value=(driven - steady) * 1e6,
        unit="ug",
        u=abs(driven - steady) * 1e6 * bench.evaporation_model_u_percent / 100.0,
        sensitivity=collection.ul_per_g * 1e-6,
        shared=True,
    )


def _unmeasured(period: Phase, bench: GravimetricBench, ul_per_ug_per_min: float) -> BudgetLine:
    limit = bench.evaporation_limit_ug_per_min
    if limit is None:
        raise EvaluationRefused(
            "no blank was recorded and the bench states no evaporation_limit_ug_per_min; record a blank before and "
            "after the test, or state the limit"
        )
    return rectangular(
        "evaporation, not measured: between zero and the stated limit",
        unit="ug/min",
        half_width=limit,
        sensitivity=period.duration_s * ul_per_ug_per_min,
        shared=True,
    )
