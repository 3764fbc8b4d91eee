"""The budget lines of vessel, tube and air."""

from __future__ import annotations

import math

from results.bench import GravimetricBench
from results.gravimetry.air import (
    ASSUMED_HUMIDITY_U_PERCENT,
    ASSUMED_PRESSURE_U_HPA,
    ASSUMED_TEMPERATURE_U_C,
)
from results.gravimetry.collection import Collection, stored_g_per_k
from results.physics.air import air_density_kg_per_m3
from results.uncertainty.budget import BudgetLine
from results.uncertainty.lines import normal
from results.uncertainty.noise import ReadingWeights, merged


def vessel_lines(
    collection: Collection,
    weights: ReadingWeights,
    blanks: list[ReadingWeights],
    *,
    volume_ul: float,
    bench: GravimetricBench,
) -> list[BudgetLine]:
    """Return the lines of a volume (uL): immersion, capillarity, air buoyancy, thermal storage.

    `weights` are those of all readings, `blanks` those of the readings in the blanks, uL per g.
    """
    return [
        *_immersion(collection, volume_ul=volume_ul, bench=bench),
        normal("capillary pull on the tube", unit="uL", u=bench.capillary_u_ul, sensitivity=1.0),
        *_air(collection, weights, volume_ul=volume_ul, bench=bench),
        *_storage(collection, weights, blanks, bench=bench),
    ]


def _immersion(collection: Collection, *, volume_ul: float, bench: GravimetricBench) -> list[BudgetLine]:
    kappa = collection.liquid.immersion_factor
    slope_ul = -2.0 * volume_ul * kappa / (1.0 - kappa)
    tube_mm, vessel_mm = bench.tube_outer_diameter_mm, bench.vessel_inner_diameter_mm
    return [
        normal(
            "immersion, tube outer diameter",
            value=tube_mm,
            unit="mm",
            u=bench.tube_outer_diameter_u_mm,
            sensitivity=slope_ul / tube_mm if tube_mm else 0.0,
            shared=True,
        ),
        normal(
            "immersion, vessel inner diameter",
            value=vessel_mm,
            unit="mm",
            u=bench.vessel_inner_diameter_u_mm,
            sensitivity=-slope_ul / vessel_mm,
            shared=True,
        ),
    ]


def _air(
    collection: Collection, weights: ReadingWeights, *, volume_ul: float, bench: GravimetricBench
) -> list[BudgetLine]:
    air, liquid = collection.air, collection.liquid
    excess = air.density_at(weights.time_s) - liquid.air_density_kg_per_m3
    lift = weights.applied_to(excess * 1e-3)
    if air.measured:
        u_c, u_percent, u_hpa = bench.air_temperature_u_c, bench.air_humidity_u_percent, bench.air_pressure_u_hpa
    else:
        u_c, u_percent, u_hpa = ASSUMED_TEMPERATURE_U_C, ASSUMED_HUMIDITY_U_PERCENT, ASSUMED_PRESSURE_U_HPA
    relative = 1.0 / liquid.vessel_density_kg_per_m3 - 1.0 / bench.weight_density_kg_per_m3
    density_u = _density_u(liquid.vessel_temperature_c, u_c=u_c, u_percent=u_percent, u_hpa=u_hpa)
    lines = [
        normal(
            "air density in the buoyancy of the liquid collected",
            value=liquid.air_density_kg_per_m3,
            unit="kg/m3",
            u=density_u,
            sensitivity=volume_ul * relative,
            shared=True,
        ),
        normal(
            "air displaced by what stands on the pan",
            value=bench.displaced_volume_ml,
            unit="mL",
            u=bench.displaced_volume_u_ml,
            sensitivity=lift,
        ),
    ]
    if not air.recorded:
        lines.append(
            normal(
                "air buoyancy of what stands on the pan, weather unknown",
                unit="kg/m3",
                u=density_u,
                sensitivity=_lone_volume_ml(collection, bench) * 1e-3 * math.sqrt(2.0) * collection.ul_per_g,
            )
        )
    return lines


def _lone_volume_ml(collection: Collection, bench: GravimetricBench) -> float:
    """Return the volume whose lift no reference vessel takes off again: like vessels feel the weather alike."""
    reference = collection.evaporation.reference
    like_ml = 0.0 if reference is None else reference.vessel.loss_ratio * reference.vessel.displaced_volume_ml
    return abs(bench.displaced_volume_ml - like_ml)


def _density_u(celsius: float, *, u_c: float, u_percent: float, u_hpa: float) -> float:
    """Return the standard uncertainty of the air density (kg/m3) from those of the sensor, near 50 %RH, 1013.25 hPa."""

    def density(d_c: float, d_percent: float, d_hpa: float) -> float:
        return float(
            air_density_kg_per_m3(
                temperature_c=celsius + d_c, humidity_percent=50.0 + d_percent, pressure_hpa=1013.25 + d_hpa
            )
        )

    base = density(0.0, 0.0, 0.0)
    return math.hypot(
        *(density(*shift) - base for shift in ((u_c, 0.0, 0.0), (0.0, u_percent, 0.0), (0.0, 0.0, u_hpa)))
    )


def _storage(
    collection: Collection, weights: ReadingWeights, blanks: list[ReadingWeights], *, bench: GravimetricBench
) -> list[BudgetLine]:
    """Thermal storage: trapped volumes, and how well the change of their temperature is known.

    While the pump runs only the tube beyond the tip counts; in the blanks the catheter's liquid moves as well.
    """
    per_ul = stored_g_per_k(collection.liquid, bench, 1.0)
    air = collection.air
    tube = per_ul * weights.applied_to(air.liquid_temperature_at(weights.time_s))
    catheter = 0.0
    if blanks:
        joined = merged(blanks)
        catheter = per_ul * joined.applied_to(air.liquid_temperature_at(joined.time_s))
    both_ul = bench.outlet_tube_volume_ul + bench.catheter_volume_ul
    unknown = math.hypot(
        bench.outlet_tube_volume_ul * collection.ul_per_g, *(both_ul * _per_kelvin(one) for one in blanks)
    )
    return [
        normal(
            "thermal storage, volume between tip and vessel",
            value=bench.outlet_tube_volume_ul,
            unit="uL",
            u=bench.outlet_tube_volume_u_ul,
            sensitivity=-tube,
        ),
        normal(
            "thermal storage in the blanks, volume between pump and tip",
            value=bench.catheter_volume_ul,
            unit="uL",
            u=bench.catheter_volume_u_ul,
            sensitivity=-catheter,
        ),
        normal(
            "thermal storage, temperature change of the liquid over each phase",
            unit="K",
            u=bench.tube_temperature_u_k,
            sensitivity=-per_ul * unknown,
        ),
    ]


def _per_kelvin(blank: ReadingWeights) -> float:
    """Return the response (uL per g) to readings that rise by 1 g in a straight line over a blank."""
    time_s = blank.time_s
    return abs(blank.applied_to((time_s - time_s[0]) / (time_s[-1] - time_s[0])))
