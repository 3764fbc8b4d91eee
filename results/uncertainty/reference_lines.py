"""The budget lines of a reference vessel: its ratio, its balance, the air it displaces."""

from __future__ import annotations

import math

import numpy as np

from results.bench import GravimetricBench
from results.gravimetry.collection import Collection
from results.series import Phase
from results.uncertainty.budget import BudgetLine, Distribution
from results.uncertainty.lines import normal, rectangular
from results.uncertainty.noise import ReadingWeights

_SIGNIFICANT = 2.0


def reference_lines(
    collection: Collection, period: Phase, weights: ReadingWeights, *, bench: GravimetricBench
) -> list[BudgetLine]:
    """Return the lines of a volume (uL) by which a reference vessel enters; none without one.

    Its loss is added to every reading, so what it does to the volume follows from the readings' `weights` (uL per g):
    blanks, which show what it leaves, take off again what a wrong ratio did.
    """
    reference = collection.evaporation.reference
    if reference is None:
        return []
    vessel, air = reference.vessel, collection.air
    response_ul = weights.applied_to(reference.lost_at(weights.time_s))
    walk = vessel.loss_ratio * weights.random_walk_response_sqrt_s() / 60.0 * 1e-6
    warmth = weights.applied_to(air.at(weights.time_s, air.balance_temperature_c))
    lift = weights.applied_to((air.density_at(weights.time_s) - collection.liquid.air_density_kg_per_m3) * 1e-3)
    return [
        normal(
            "evaporation, ratio of the vessels' losses",
            value=vessel.loss_ratio,
            unit="1",
            u=vessel.loss_ratio_u,
            sensitivity=response_ul / vessel.loss_ratio,
            shared=True,
        ),
        normal(
            "evaporation, headspace over the rising level, by the reference vessel",
            value=bench.headspace_mm or 0.0,
            unit="mm",
            u=bench.headspace_u_mm,
            sensitivity=weights.applied_to(np.interp(weights.time_s, reference.time_s, reference.lost_per_mm_g)),
            shared=True,
        ),
        normal(
            "balance of the reference vessel, noise and readability",
            unit="mg",
            u=math.hypot(vessel.balance_repeatability_mg, vessel.balance_readability_mg / math.sqrt(12.0)),
            sensitivity=math.sqrt(2.0) * vessel.loss_ratio * collection.ul_per_g * 1e-3,
        ),
        BudgetLine(
            name="balance of the reference vessel, zero drift",
            value=0.0,
            unit="ug/sqrt(h)",
            standard_uncertainty=vessel.balance_zero_drift_ug_per_sqrt_h,
            distribution=Distribution.RANDOM_WALK,
            sensitivity=walk,
            shared=True,
        ),
        normal(
            "balance of the reference vessel, temperature coefficient of zero",
            unit="ug/K",
            u=vessel.balance_zero_u_ug_per_k,
            sensitivity=vessel.loss_ratio * warmth * 1e-6,
        ),
        normal(
            "air displaced by the reference vessel",
            value=vessel.displaced_volume_ml,
            unit="mL",
            u=vessel.displaced_volume_u_ml,
            sensitivity=-vessel.loss_ratio * lift,
        ),
        rectangular(
            "reference vessel gains: unexplained drift",
            value=reference_gain_ug(collection, period),
            unit="ug",
            half_width=reference_gain_ug(collection, period),
            sensitivity=vessel.loss_ratio * collection.ul_per_g * 1e-6,
            shared=True,
        ),
    ]


def reference_gain_ug(collection: Collection, period: Phase) -> float:
    """Return what the reference vessel gained (ug) in a period, beyond what its balance's noise explains, else 0."""
    reference = collection.evaporation.reference
    if reference is None:
        return 0.0
    vessel = reference.vessel
    begin_g, end_g = reference.lost_at(np.array([period.begin_s, period.end_s])).tolist()
    gained_ug = (begin_g - end_g) / vessel.loss_ratio * 1e6
    walk_ug = vessel.balance_zero_drift_ug_per_sqrt_h * math.sqrt(period.duration_s / 3600.0)
    noise_ug = math.hypot(walk_ug, math.sqrt(2.0) * 1e3 * vessel.balance_repeatability_mg)
    return gained_ug if gained_ug > _SIGNIFICANT * noise_ug else 0.0
