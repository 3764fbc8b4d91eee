"""The budget lines of a mean flow between two instants."""

from __future__ import annotations

import math

import numpy as np

from results.bench import GravimetricBench
from results.evaluation import FlowEvaluation
from results.gravimetry.air import (
    ASSUMED_HUMIDITY_U_PERCENT,
    ASSUMED_PRESSURE_U_HPA,
    ASSUMED_TEMPERATURE_U_C,
)
from results.gravimetry.collection import Collection, stored_g_per_k
from results.physics.air import air_density_kg_per_m3
from results.series import EvaluationRefused, Phase
from results.uncertainty.budget import BudgetLine, Distribution
from results.uncertainty.functional import ReadingWeights, merged

_ROOT3 = math.sqrt(3.0)


def volume_weights(collection: Collection, period: Phase) -> ReadingWeights:
    """Return how each reading enters the volume (uL per g) delivered in a period: its ends, and the blanks."""
    ends = ReadingWeights(
        time_s=np.array([period.begin_s, period.end_s]),
        weight=np.array([-1.0, 1.0]) * collection.sign * collection.ul_per_g,
    )
    gains_s = collection.evaporation.gains_s(period.begin_s, period.end_s)
    blanks = [
        ReadingWeights(
            time_s=blank.time_s, weight=-gain_s * blank.weights_per_s * collection.sign * collection.ul_per_g
        )
        for blank, gain_s in zip(collection.evaporation.blanks, gains_s, strict=True)
    ]
    return merged([ends, *blanks])


def volume_lines(
    collection: Collection, *, period: Phase, volume_ul: float, evaluation: FlowEvaluation, bench: GravimetricBench
) -> list[BudgetLine]:
    """Return every budget line of the volume (uL) delivered in a period, sensitivities in uL per input unit."""
    weights = volume_weights(collection, period)
    return [
        *_balance_lines(collection, weights, volume_ul=volume_ul, bench=bench),
        *_evaporation_lines(collection, period, bench=bench),
        *_vessel_lines(collection, weights, volume_ul=volume_ul, bench=bench),
        *_liquid_lines(collection, volume_ul=volume_ul, evaluation=evaluation),
        *_storage_lines(collection, weights, bench=bench),
        BudgetLine(
            name="capillary force at the tube",
            value=0.0,
            unit="uL",
            standard_uncertainty=bench.capillary_u_ul,
            distribution=Distribution.NORMAL,
            sensitivity=1.0,
        ),
        BudgetLine(
            name="timing of the period",
            value=period.duration_s,
            unit="s",
            standard_uncertainty=bench.timing_u_s,
            distribution=Distribution.NORMAL,
            sensitivity=volume_ul / period.duration_s,
        ),
    ]


def _balance_lines(
    collection: Collection, weights: ReadingWeights, *, volume_ul: float, bench: GravimetricBench
) -> list[BudgetLine]:
    blanks = collection.evaporation.blanks
    if blanks:
        noise_g = math.sqrt(sum(blank.noise_sd_g**2 for blank in blanks) / len(blanks))
        noise_dof, noise_kind = sum(blank.noise_degrees_of_freedom for blank in blanks), "A"
    else:
        noise_g, noise_dof, noise_kind = bench.balance_repeatability_mg * 1e-3, math.inf, "B"
    drift_ug = bench.balance_zero_drift_ug_per_sqrt_h
    lines = [
        BudgetLine(
            name="balance noise at the ends of the period",
            value=0.0,
            unit="mg",
            standard_uncertainty=noise_g * 1e3,
            distribution=Distribution.NORMAL,
            sensitivity=math.sqrt(2.0) * collection.ul_per_g * 1e-3,
            degrees_of_freedom=noise_dof,
            kind=noise_kind,
        ),
        BudgetLine(
            name="balance readability at the ends of the period",
            value=0.0,
            unit="mg",
            standard_uncertainty=bench.balance_readability_mg / (2.0 * _ROOT3),
            distribution=Distribution.RECTANGULAR,
            sensitivity=math.sqrt(2.0) * collection.ul_per_g * 1e-3,
        ),
        BudgetLine(
            name="balance sensitivity",
            value=0.0,
            unit="ppm",
            standard_uncertainty=bench.balance_sensitivity_u_ppm,
            distribution=Distribution.NORMAL,
            sensitivity=volume_ul * 1e-6,
        ),
        BudgetLine(
            name="balance temperature coefficient",
            value=0.0,
            unit="ug/K",
            standard_uncertainty=bench.balance_temperature_coefficient_u_ug_per_k,
            distribution=Distribution.NORMAL,
            sensitivity=weights.applied_to(collection.air.temperature_at(weights.time_s)) * 1e-6,
        ),
    ]
    if drift_ug is not None:
        lines.append(
            BudgetLine(
                name="balance zero drift, over the period and in the blanks",
                value=0.0,
                unit="ug/sqrt(h)",
                standard_uncertainty=drift_ug,
                distribution=Distribution.RANDOM_WALK,
                sensitivity=weights.random_walk_response_sqrt_s() / 60.0 * 1e-6,
            )
        )
    return lines


def _evaporation_lines(collection: Collection, period: Phase, *, bench: GravimetricBench) -> list[BudgetLine]:
    evaporation = collection.evaporation
    scale = collection.ul_per_g * 1e-6 / 60.0
    gains_s = evaporation.gains_s(period.begin_s, period.end_s)
    lines = [
        BudgetLine(
            name=f"evaporation, noise of the slope of blank {number}",
            value=blank.loss_g_per_s * 60e6,
            unit="ug/min",
            standard_uncertainty=blank.noise_u_g_per_s * 60e6,
            distribution=Distribution.STUDENT_T,
            sensitivity=gain_s * scale,
            degrees_of_freedom=blank.noise_degrees_of_freedom,
            kind="A",
        )
        for number, (blank, gain_s) in enumerate(zip(evaporation.blanks, gains_s, strict=True), start=1)
    ]
    whole_s = sum(gains_s)
    if len(evaporation.blanks) == 2:
        losses = [blank.loss_g_per_s * 60e6 for blank in evaporation.blanks]
        lines.append(
            BudgetLine(
                name="evaporation, change between the blanks",
                value=losses[1] - losses[0],
                unit="ug/min",
                standard_uncertainty=_unexplained_change(collection, losses[1] - losses[0], bench) / (2.0 * _ROOT3),
                distribution=Distribution.RECTANGULAR,
                sensitivity=whole_s * scale,
            )
        )
    elif len(evaporation.blanks) == 1:
        loss = evaporation.blanks[0].loss_g_per_s * 60e6
        lines.append(
            BudgetLine(
                name="evaporation, one blank only: it could have ceased or doubled",
                value=loss,
                unit="ug/min",
                standard_uncertainty=abs(loss) / _ROOT3,
                distribution=Distribution.RECTANGULAR,
                sensitivity=whole_s * scale,
            )
        )
    else:
        lines.append(_unmeasured_evaporation(period, bench, scale))
    return lines


def _unexplained_change(collection: Collection, change: float, bench: GravimetricBench) -> float:
    """Return the change of loss between blanks (ug/min) that their noise and the balance's drift do not explain."""
    variance = sum((blank.noise_u_g_per_s * 60e6) ** 2 for blank in collection.evaporation.blanks)
    drift_ug = bench.balance_zero_drift_ug_per_sqrt_h or 0.0
    for blank in collection.evaporation.blanks:
        slope = ReadingWeights(time_s=blank.time_s, weight=blank.weights_per_s)
        variance += (slope.random_walk_response_sqrt_s() * drift_ug) ** 2
    return math.sqrt(max(change**2 - variance, 0.0))


def _unmeasured_evaporation(period: Phase, bench: GravimetricBench, scale: float) -> BudgetLine:
    limit = bench.evaporation_limit_ug_per_min
    if limit is None:
        raise EvaluationRefused(
            "no blank was recorded and the bench states no evaporation_limit_ug_per_min; record a blank before and "
            "after the test, or state the limit"
        )
    return BudgetLine(
        name="evaporation, not measured: between zero and the stated limit",
        value=0.0,
        unit="ug/min",
        standard_uncertainty=limit / _ROOT3,
        distribution=Distribution.RECTANGULAR,
        sensitivity=period.duration_s * scale,
    )


def _vessel_lines(
    collection: Collection, weights: ReadingWeights, *, volume_ul: float, bench: GravimetricBench
) -> list[BudgetLine]:
    liquid = collection.liquid
    shrink = 2.0 * liquid.immersion_factor / (1.0 - liquid.immersion_factor)
    tube_mm, vessel_mm = bench.tube_outer_diameter_mm, bench.vessel_inner_diameter_mm
    excess = collection.air.density_at(weights.time_s) - liquid.air_density_kg_per_m3
    return [
        BudgetLine(
            name="immersion, tube outer diameter",
            value=tube_mm,
            unit="mm",
            standard_uncertainty=bench.tube_outer_diameter_u_mm,
            distribution=Distribution.NORMAL,
            sensitivity=-volume_ul * shrink / tube_mm if tube_mm else 0.0,
        ),
        BudgetLine(
            name="immersion, vessel inner diameter",
            value=vessel_mm,
            unit="mm",
            standard_uncertainty=bench.vessel_inner_diameter_u_mm,
            distribution=Distribution.NORMAL,
            sensitivity=volume_ul * shrink / vessel_mm,
        ),
        BudgetLine(
            name="air buoyancy of what stands on the pan",
            value=bench.displaced_volume_ml,
            unit="mL",
            standard_uncertainty=bench.displaced_volume_u_ml,
            distribution=Distribution.NORMAL,
            sensitivity=weights.applied_to(excess * 1e-3),
        ),
        _air_line(collection, volume_ul=volume_ul, bench=bench),
    ]


def _air_line(collection: Collection, *, volume_ul: float, bench: GravimetricBench) -> BudgetLine:
    """Air density in the buoyancy of the collected liquid; without a sensor, of everything on the pan."""
    liquid = collection.liquid
    if collection.air.measured:
        u_c, u_percent, u_hpa = bench.air_temperature_u_c, bench.air_humidity_u_percent, bench.air_pressure_u_hpa
    else:
        u_c, u_percent, u_hpa = ASSUMED_TEMPERATURE_U_C, ASSUMED_HUMIDITY_U_PERCENT, ASSUMED_PRESSURE_U_HPA
    centre = {"temperature_c": liquid.vessel_temperature_c, "humidity_percent": 50.0, "pressure_hpa": 1013.25}
    base = float(air_density_kg_per_m3(**centre))
    steps = (("temperature_c", u_c), ("humidity_percent", u_percent), ("pressure_hpa", u_hpa))
    shifts = [float(air_density_kg_per_m3(**(centre | {key: centre[key] + step}))) - base for key, step in steps]
    relative = 1.0 / liquid.vessel_density_kg_per_m3 - 1.0 / bench.weight_density_kg_per_m3
    sensitivity = volume_ul * relative
    if not collection.air.measured:
        sensitivity = math.hypot(sensitivity, bench.displaced_volume_ml * math.sqrt(2.0))
    return BudgetLine(
        name="air density" if collection.air.measured else "air density, assumed",
        value=liquid.air_density_kg_per_m3,
        unit="kg/m3",
        standard_uncertainty=math.hypot(*shifts),
        distribution=Distribution.NORMAL,
        sensitivity=sensitivity,
    )


def _liquid_lines(collection: Collection, *, volume_ul: float, evaluation: FlowEvaluation) -> list[BudgetLine]:
    density = collection.liquid.reference_density_kg_per_m3
    return [
        BudgetLine(
            name="liquid density at the reference temperature",
            value=density,
            unit="kg/m3",
            standard_uncertainty=density * evaluation.liquid.density_u_relative,
            distribution=Distribution.NORMAL,
            sensitivity=-volume_ul / density,
        )
    ]


def _storage_lines(collection: Collection, weights: ReadingWeights, *, bench: GravimetricBench) -> list[BudgetLine]:
    """Thermal storage: how well the trapped volumes and their temperature changes are known."""
    per_ul = stored_g_per_k(collection.liquid, bench, 1.0)
    response = weights.applied_to(collection.air.temperature_at(weights.time_s))
    tube = per_ul * bench.outlet_tube_volume_ul * collection.ul_per_g
    return [
        BudgetLine(
            name="thermal storage, volume between tip and vessel",
            value=bench.outlet_tube_volume_ul,
            unit="uL",
            standard_uncertainty=bench.outlet_tube_volume_u_ul,
            distribution=Distribution.NORMAL,
            sensitivity=-per_ul * response,
        ),
        BudgetLine(
            name="thermal storage, temperature change between tip and vessel",
            value=0.0,
            unit="K",
            standard_uncertainty=bench.tube_temperature_u_k,
            distribution=Distribution.NORMAL,
            sensitivity=-tube,
        ),
    ]
