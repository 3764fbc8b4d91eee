"""Volume collected over a run, corrected for everything known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings
from results.evaluation import FlowEvaluation
from results.gravimetry.air import AirRecord
from results.gravimetry.blank import Blank, evaluate_blank
from results.gravimetry.evaporation import Evaporation
from results.gravimetry.liquid import liquid_density_kg_per_m3, liquid_expansion_per_k
from results.physics.buoyancy import air_buoyancy_drift_g, immersion_factor, z_factor_ul_per_mg
from results.series import FlowPhases


@dataclass(frozen=True, slots=True)
class LiquidState:
    """Constants of the conversion: densities (kg/m3) at the vessel, at the reference temperature and of the air."""

    vessel_temperature_c: float
    vessel_density_kg_per_m3: float
    reference_density_kg_per_m3: float
    expansion_per_k: float
    air_density_kg_per_m3: float
    z_ul_per_mg: float
    immersion_factor: float


@dataclass(frozen=True, slots=True)
class Collection:
    """Readings corrected to delivered volume at the reference temperature; arrays have the shape of `time_s`.

    `corrected_g`: readings at reference air density, free of what the outlet tube stored or pushed out.
    `delivered_g`: those plus evaporation, on the reading scale, rising with delivery in either direction.
    `volume_ul`: delivered volume. Their zeros are arbitrary: only differences mean anything.
    """

    time_s: NDArray[np.float64]
    corrected_g: NDArray[np.float64]
    delivered_g: NDArray[np.float64]
    volume_ul: NDArray[np.float64]
    air: AirRecord
    evaporation: Evaporation
    liquid: LiquidState
    sign: float

    def delivered_g_at(self, time_s: float) -> float:
        """Return `delivered_g` at a time (s), linear between readings."""
        return float(np.interp(time_s, self.time_s, self.delivered_g))

    @property
    def ul_per_g(self) -> float:
        """Volume (uL) per gram of `delivered_g`."""
        return 1000.0 * self.liquid.z_ul_per_mg * (1.0 - self.liquid.immersion_factor)


def collect(
    readings: CleanReadings,
    *,
    air: AirRecord,
    phases: FlowPhases,
    evaluation: FlowEvaluation,
    bench: GravimetricBench,
) -> Collection:
    """Return the delivered volume over a run: readings corrected for air, tube storage, evaporation and immersion."""
    sign = 1.0 if evaluation.direction == "collect" else -1.0
    liquid = liquid_state(air, phases=phases, evaluation=evaluation, bench=bench)
    time_s = readings.time_s
    corrected = readings.mass_g + air_buoyancy_drift_g(
        air_density_kg_per_m3=air.density_at(time_s),
        reference_air_density_kg_per_m3=liquid.air_density_kg_per_m3,
        displaced_volume_ml=bench.displaced_volume_ml,
        weight_density_kg_per_m3=bench.weight_density_kg_per_m3,
    )
    corrected -= (
        stored_g_per_k(liquid, bench, bench.outlet_tube_volume_ul)
        * sign
        * (air.liquid_temperature_at(time_s) - liquid.vessel_temperature_c)
    )
    evaporation = Evaporation(
        air=air, blanks=_blanks(time_s, corrected, air=air, phases=phases, liquid=liquid, bench=bench, sign=sign)
    )
    delivered = sign * (corrected + evaporation.lost_g(time_s))
    return Collection(
        time_s=time_s,
        corrected_g=corrected,
        delivered_g=delivered,
        volume_ul=delivered * (1000.0 * liquid.z_ul_per_mg * (1.0 - liquid.immersion_factor)),
        air=air,
        evaporation=evaporation,
        liquid=liquid,
        sign=sign,
    )


def liquid_state(
    air: AirRecord, *, phases: FlowPhases, evaluation: FlowEvaluation, bench: GravimetricBench
) -> LiquidState:
    """Return the mean state of liquid and air over the analysis period."""
    inside = np.linspace(phases.analysis.begin_s, phases.analysis.end_s, 1001)
    temperature_c = float(np.mean(air.liquid_temperature_at(inside)))
    air_density = float(np.mean(air.density_at(inside)))
    vessel_density = liquid_density_kg_per_m3(evaluation.liquid, temperature_c)
    reference_density = liquid_density_kg_per_m3(evaluation.liquid, evaluation.volume_reference_temperature_c)
    return LiquidState(
        vessel_temperature_c=temperature_c,
        vessel_density_kg_per_m3=vessel_density,
        reference_density_kg_per_m3=reference_density,
        expansion_per_k=liquid_expansion_per_k(evaluation.liquid, temperature_c),
        air_density_kg_per_m3=air_density,
        z_ul_per_mg=z_factor_ul_per_mg(
            liquid_density_kg_per_m3=vessel_density,
            air_density_kg_per_m3=air_density,
            weight_density_kg_per_m3=bench.weight_density_kg_per_m3,
            reference_density_kg_per_m3=reference_density,
        ),
        immersion_factor=immersion_factor(
            tube_outer_diameter_mm=bench.tube_outer_diameter_mm,
            vessel_inner_diameter_mm=bench.vessel_inner_diameter_mm,
        ),
    )


def stored_g_per_k(liquid: LiquidState, bench: GravimetricBench, trapped_volume_ul: float) -> float:
    """Return what warming a trapped volume (uL) by 1 K pushes into the vessel (g on the reading scale)."""
    net_expansion_per_k = liquid.expansion_per_k - bench.tube_expansion_per_k
    return trapped_volume_ul * net_expansion_per_k * liquid.vessel_density_kg_per_m3 * 1e-6


def _blanks(
    time_s: NDArray[np.float64],
    corrected_g: NDArray[np.float64],
    *,
    air: AirRecord,
    phases: FlowPhases,
    liquid: LiquidState,
    bench: GravimetricBench,
    sign: float,
) -> tuple[Blank, ...]:
    """Evaluate the blanks; with the pump still, warming of the catheter reaches the vessel as well."""
    blanks = []
    for phase in (phases.blank_before, phases.blank_after):
        if phase is None:
            continue
        inside = slice(*np.searchsorted(time_s, (phase.begin_s, phase.end_s), side="left"))
        times = time_s[inside]
        catheter = stored_g_per_k(liquid, bench, bench.catheter_volume_ul) * sign * air.liquid_temperature_at(times)
        blanks.append(
            evaluate_blank(phase, time_s=times, reading_g=corrected_g[inside] - catheter, drive_s=air.drive_at(times))
        )
    return tuple(blanks)
