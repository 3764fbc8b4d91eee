"""What weighing a collected liquid tells besides its volume: evaporation, blanks, air and liquid, for an outcome."""

from __future__ import annotations

import numpy as np

from results.gravimetry.collection import Collection
from results.outcome import AirOutcome, BlankOutcome
from results.series import Phase


def lost_g(collection: Collection, period: Phase) -> float:
    """Return what evaporated in a period (g)."""
    return float(np.diff(collection.evaporation.lost_g(np.array([period.begin_s, period.end_s])))[0])


def blank_outcomes(collection: Collection) -> tuple[BlankOutcome, ...]:
    """Return what each blank showed."""
    return tuple(
        BlankOutcome(
            begin_s=blank.phase.begin_s,
            end_s=blank.phase.end_s,
            loss_ug_per_min=loss_g_per_s * 60e6,
            noise_sd_mg=blank.noise.sd_g * 1e3,
            disturbed_readings=blank.disturbed,
        )
        for blank, loss_g_per_s in zip(
            collection.evaporation.blanks, collection.evaporation.vessel_losses_g_per_s(), strict=True
        )
    )


def air_outcome(collection: Collection, period: Phase) -> AirOutcome:
    """Return the mean air and liquid of a period."""
    air, liquid = collection.air, collection.liquid
    inside = (air.time_s >= period.begin_s) & (air.time_s <= period.end_s)
    return AirOutcome(
        measured=air.measured,
        temperature_c=float(np.mean(air.air_temperature_c[inside])),
        humidity_percent=float(np.mean(air.humidity_percent[inside])),
        pressure_hpa=float(np.mean(air.pressure_hpa[inside])),
        density_kg_per_m3=liquid.air_density_kg_per_m3,
        liquid_temperature_c=liquid.vessel_temperature_c,
        liquid_density_kg_per_m3=liquid.vessel_density_kg_per_m3,
        z_ul_per_mg=liquid.z_ul_per_mg,
        immersion_factor=liquid.immersion_factor,
        largest_gap_s=air.largest_gap_s,
    )
