"""The budget lines of the balance."""

from __future__ import annotations

import math

from results.bench import GravimetricBench
from results.gravimetry.collection import Collection
from results.uncertainty.budget import BudgetLine, Distribution
from results.uncertainty.drift import Drift
from results.uncertainty.lines import normal, rectangular
from results.uncertainty.noise import ReadingWeights

_TWO_ENDS = math.sqrt(2.0)


def balance_lines(
    collection: Collection,
    weights: ReadingWeights,
    *,
    volume_ul: float,
    bench: GravimetricBench,
    drift: Drift,
) -> list[BudgetLine]:
    """Return the balance's lines of a volume (uL): noise, readability, sensitivity, temperature, drift."""
    air = collection.air
    warmth = weights.applied_to(air.at(weights.time_s, air.balance_temperature_c))
    return [
        _noise_line(collection, bench),
        rectangular(
            "balance readability at the ends of the period",
            unit="mg",
            half_width=bench.balance_readability_mg / 2.0,
            sensitivity=_TWO_ENDS * collection.ul_per_g * 1e-3,
        ),
        normal(
            "balance sensitivity",
            unit="ppm",
            u=bench.balance_sensitivity_u_ppm,
            sensitivity=volume_ul * 1e-6,
            shared=True,
        ),
        normal(
            "balance zero, temperature coefficient",
            unit="ug/K",
            u=bench.balance_zero_u_ug_per_k,
            sensitivity=warmth * 1e-6,
        ),
        normal(
            "balance sensitivity to the load on the pan, temperature coefficient",
            unit="ppm/K",
            u=bench.balance_sensitivity_u_ppm_per_k,
            sensitivity=warmth * bench.gross_load_g * 1e-6,
        ),
        BudgetLine(
            name="balance zero drift over the period and in the blanks" + ("" if drift.stated else ", from the blanks"),
            value=0.0,
            unit="ug/sqrt(h)",
            standard_uncertainty=drift.walk_ug_per_sqrt_h,
            distribution=Distribution.RANDOM_WALK,
            sensitivity=weights.random_walk_response_sqrt_s() / 60.0 * 1e-6,
            degrees_of_freedom=drift.degrees_of_freedom,
            kind="B" if drift.stated else "A",
        ),
        BudgetLine(
            name="balance 1/f noise over the period and in the blanks",
            value=0.0,
            unit="ug per octave",
            standard_uncertainty=drift.flicker_ug,
            distribution=Distribution.FLICKER,
            sensitivity=weights.flicker_response() * 1e-6,
        ),
    ]


def _noise_line(collection: Collection, bench: GravimetricBench) -> BudgetLine:
    """Noise of the readings at both ends: as the blanks show it, else as stated."""
    noises = [blank.noise for blank in collection.evaporation.blanks]
    dof = sum(noise.degrees_of_freedom for noise in noises)
    sd_g = math.sqrt(sum(n.sd_g**2 * n.degrees_of_freedom for n in noises) / dof) if noises else 0.0
    return normal(
        "balance noise at the ends of the period",
        unit="mg",
        u=sd_g * 1e3 if noises else bench.balance_repeatability_mg,
        sensitivity=_TWO_ENDS * collection.ul_per_g * 1e-3,
        dof=dof if noises else math.inf,
    )
