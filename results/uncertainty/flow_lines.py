"""The budget lines of the volume delivered between two instants."""

from __future__ import annotations

import math

import numpy as np

from results.bench import GravimetricBench
from results.evaluation import VolumeEvaluation
from results.gravimetry.collection import Collection
from results.series import Phase
from results.uncertainty.balance_lines import balance_lines
from results.uncertainty.budget import BudgetLine
from results.uncertainty.drift import Drift
from results.uncertainty.evaporation_lines import evaporation_lines
from results.uncertainty.lines import normal
from results.uncertainty.noise import ReadingWeights, merged
from results.uncertainty.reference_lines import reference_lines
from results.uncertainty.vessel_lines import vessel_lines


def volume_weights(collection: Collection, period: Phase) -> ReadingWeights:
    """Return how each reading enters the volume (uL per g) delivered in a period: its ends, and the blanks."""
    scale = collection.sign * collection.ul_per_g
    ends = ReadingWeights(time_s=np.array([period.begin_s, period.end_s]), weight=np.array([-scale, scale]))
    return merged([ends, *blank_weights(collection, period)])


def blank_weights(collection: Collection, period: Phase) -> list[ReadingWeights]:
    """Return how each reading of each blank enters the volume (uL per g) delivered in a period."""
    scale = collection.sign * collection.ul_per_g
    gains_s = collection.evaporation.gains_s(period.begin_s, period.end_s)
    return [
        ReadingWeights(time_s=blank.time_s, weight=-gain_s * scale * blank.weights_per_s)
        for blank, gain_s in zip(collection.evaporation.blanks, gains_s, strict=True)
    ]


def volume_lines(
    collection: Collection,
    *,
    period: Phase,
    volume_ul: float,
    evaluation: VolumeEvaluation,
    bench: GravimetricBench,
    drift: Drift,
) -> list[BudgetLine]:
    """Return every budget line of the volume (uL) delivered in a period, sensitivities in uL per input unit."""
    weights = volume_weights(collection, period)
    blanks = blank_weights(collection, period)
    density = collection.liquid.reference_density_kg_per_m3
    lines = [
        *balance_lines(collection, weights, volume_ul=volume_ul, bench=bench, drift=drift),
        *evaporation_lines(collection, period, bench=bench, drift=drift),
        *reference_lines(collection, period, weights, bench=bench),
        *vessel_lines(collection, weights, blanks, volume_ul=volume_ul, bench=bench),
        normal(
            "liquid density at the reference temperature",
            value=density,
            unit="kg/m3",
            u=density * evaluation.liquid.density_u_relative,
            sensitivity=-volume_ul / density,
            shared=True,
        ),
        normal(
            "temperature of the liquid weighed, in its buoyancy",
            value=collection.liquid.vessel_temperature_c,
            unit="Celsius",
            u=bench.liquid_temperature_u_c,
            sensitivity=_per_kelvin_ul(collection, volume_ul),
            shared=True,
        ),
        normal(
            "timing of the period",
            value=period.duration_s,
            unit="s",
            u=bench.timing_u_s,
            sensitivity=volume_ul / period.duration_s,
        ),
    ]
    if evaluation.stroke_volume_ul is not None:
        lines.append(_stroke_timing_line(period, evaluation.stroke_volume_ul, volume_ul=volume_ul, bench=bench))
        if bench.balance_response_s > 0.0:
            lines.append(_response_line(period, evaluation.stroke_volume_ul, volume_ul=volume_ul, bench=bench))
    return lines


def _per_kelvin_ul(collection: Collection, volume_ul: float) -> float:
    """Return how the volume at the reference temperature changes with the weighed liquid's temperature (uL per K)."""
    liquid = collection.liquid
    lift = liquid.air_density_kg_per_m3 / (liquid.vessel_density_kg_per_m3 - liquid.air_density_kg_per_m3)
    return volume_ul * lift * liquid.expansion_per_k


def _stroke_timing_line(period: Phase, stroke_ul: float, *, volume_ul: float, bench: GravimetricBench) -> BudgetLine:
    """A stroke between an instant and when it is taken to be is in the volume whole, or not at all.

    Beyond what an even flow would bring, each end's variance is V^2 f (1 - f), f the fraction of a stroke due in the
    doubt: m - pi m^2 / 2, m the mean number of strokes due, up to its value of 1/6 for long doubts.
    """
    due = abs(volume_ul) / period.duration_s * bench.timing_u_s / math.sqrt(math.pi) / stroke_ul
    share = due - math.pi * due**2 / 2.0 if due < 1.0 / math.pi else 1.0 / 6.0
    return normal(
        "timing of the period, strokes at its ends", unit="uL", u=stroke_ul * math.sqrt(2.0 * share), sensitivity=1.0
    )


def _response_line(period: Phase, stroke_ul: float, *, volume_ul: float, bench: GravimetricBench) -> BudgetLine:
    """A stroke just before an instant is not all in the reading of that instant.

    With the last stroke anywhere in its cycle, what is missing has the variance V_stroke Q tau / 2 - (Q tau)^2.
    """
    flow_ul_per_s = abs(volume_ul) / period.duration_s
    lag_ul = flow_ul_per_s * bench.balance_response_s
    variance = max(stroke_ul * lag_ul / 2.0 - lag_ul**2, 0.0)
    return normal(
        "strokes not yet weighed at the ends of the period", unit="uL", u=math.sqrt(2.0 * variance), sensitivity=1.0
    )
