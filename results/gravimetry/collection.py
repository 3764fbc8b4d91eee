"""Volume collected over a run, corrected for everything known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings
from results.evaluation import VolumeEvaluation
from results.gravimetry.air import AirRecord, air_record
from results.gravimetry.blank import Blank, evaluate_blank
from results.gravimetry.evaporation import Evaporation
from results.gravimetry.level import level_record
from results.gravimetry.liquid import liquid_density_kg_per_m3, liquid_expansion_per_k
from results.gravimetry.reference_vessel import ReferenceLoss, reference_loss
from results.physics.buoyancy import air_buoyancy_drift_g, immersion_factor, z_factor_ul_per_mg
from results.series import FlowPhases, FlowSeries


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

    @property
    def ul_per_g(self) -> float:
        """Volume (uL) at the reference temperature per gram of reading."""
        return 1000.0 * self.z_ul_per_mg * (1.0 - self.immersion_factor)


@dataclass(frozen=True, slots=True)
class Collection:
    """Delivered volume (uL) at the reference temperature, shape of `time_s`, and what it was made with.

    Its zero is arbitrary: only differences mean anything. `sign` is -1 when the supply is on the balance.
    """

    time_s: NDArray[np.float64]
    volume_ul: NDArray[np.float64]
    air: AirRecord
    evaporation: Evaporation
    liquid: LiquidState
    sign: float

    @property
    def ul_per_g(self) -> float:
        """Volume (uL) per gram of reading."""
        return self.liquid.ul_per_g


def collect(
    readings: CleanReadings,
    *,
    air: AirRecord,
    phases: FlowPhases,
    evaluation: VolumeEvaluation,
    bench: GravimetricBench,
    reference: ReferenceLoss | None = None,
) -> Collection:
    """Return the delivered volume over a run: readings corrected for air, tube storage, evaporation and immersion.

    V = Z (dI (1 - kappa) + E), as IPQ and the drug-delivery guide EURAMET cg-27 have it, with Z of ISO 8655-6.
    All that is added to the readings varies slowly, so it is summed on the air's grid first.
    """
    sign = 1.0 if evaluation.direction == "collect" else -1.0
    liquid = liquid_state(air, phases=phases, evaluation=evaluation, bench=bench)
    warming_k = air.liquid_temperature_c - liquid.vessel_temperature_c
    added_g = air_buoyancy_drift_g(
        air_density_kg_per_m3=air.density_kg_per_m3,
        reference_air_density_kg_per_m3=liquid.air_density_kg_per_m3,
        displaced_volume_ml=bench.displaced_volume_ml,
        weight_density_kg_per_m3=bench.weight_density_kg_per_m3,
    )
    added_g -= sign * stored_g_per_k(liquid, bench, bench.outlet_tube_volume_ul) * warming_k
    catheter_g = sign * stored_g_per_k(liquid, bench, bench.catheter_volume_ul) * warming_k
    known_g = added_g - catheter_g if reference is None else added_g - catheter_g + reference.lost_g
    evaporation = Evaporation(air=air, blanks=_blanks(readings, air, known_g, phases), reference=reference)
    lost_g = evaporation.lost_on_grid_g() / (1.0 - liquid.immersion_factor)
    volume = air.at(readings.time_s, added_g + lost_g)
    volume += readings.mass_g
    volume *= sign * liquid.ul_per_g
    return Collection(
        time_s=readings.time_s,
        volume_ul=volume,
        air=air,
        evaporation=evaporation,
        liquid=liquid,
        sign=sign,
    )


def collected_from(
    series: FlowSeries, readings: CleanReadings, *, evaluation: VolumeEvaluation, bench: GravimetricBench
) -> Collection:
    """Return what was collected by clean readings of a record, with the air over them and the reference vessel's loss.

    The level is known from the begin of the record's phases on. Raises `EvaluationRefused` as `air_record`,
    `reference_loss` and `collect` do.
    """
    phases = series.phases
    level = level_record(readings, bench, filled_s=phases.begin_s)
    air = air_record(
        series.ambient,
        begin_s=min(phases.begin_s, float(readings.time_s[0])),
        end_s=max(phases.end_s, float(readings.time_s[-1])),
        bench=bench,
        level=level,
    )
    reference = reference_loss(
        series,
        time_s=air.time_s,
        air_density_kg_per_m3=air.density_kg_per_m3,
        weight_density_kg_per_m3=bench.weight_density_kg_per_m3,
        level=level,
    )
    return collect(readings, air=air, phases=phases, evaluation=evaluation, bench=bench, reference=reference)


def liquid_state(
    air: AirRecord, *, phases: FlowPhases, evaluation: VolumeEvaluation, bench: GravimetricBench
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
    readings: CleanReadings, air: AirRecord, added_g: NDArray[np.float64], phases: FlowPhases
) -> tuple[Blank, ...]:
    """Evaluate the blanks; `added_g`, on the air's grid, is all that is known to have changed the readings."""
    blanks = []
    for phase in (phases.blank_before, phases.blank_after):
        if phase is None:
            continue
        inside = slice(*np.searchsorted(readings.time_s, (phase.begin_s, phase.end_s), side="left"))
        times = readings.time_s[inside]
        corrected_g = readings.mass_g[inside] + air.at(times, added_g)
        blanks.append(evaluate_blank(phase, time_s=times, reading_g=corrected_g, drive_s=air.drive_at(times)))
    return tuple(blanks)
