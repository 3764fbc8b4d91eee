"""The two labelled ways of computing a flow, and the flow at every temperature a plan names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from results.cleaning.readings import CleanReadings
from results.evaluation import FlowEvaluation
from results.flow.error import flow_error_percent, line_fit, mean_flow_ul_per_h
from results.flow.grid import GridSeries, on_grid
from results.flow.marks import NO_MARKS, Marks
from results.flow.trumpet import trumpet
from results.gravimetry.collection import Collection
from results.gravimetry.liquid import liquid_density_kg_per_m3
from results.outcome import FlowAtTemperature, FlowVariant
from results.profiles import MethodProfile
from results.series import Phase

CORRECTED = "fully corrected: evaporation, air buoyancy, immersion, density at the reference temperature"


def corrected_grid(
    collection: Collection, period: Phase, profile: MethodProfile, marks: Marks = NO_MARKS
) -> GridSeries:
    """Return the corrected volume of a period on the sample grid. Raises `GridError` where it cannot be had."""
    return _grid(collection.time_s, collection.volume_ul, period, profile, marks)


def corrected_variant(grid: GridSeries, *, evaluation: FlowEvaluation, profile: MethodProfile) -> FlowVariant:
    """Return the flow with every known correction made."""
    return _variant(CORRECTED, grid, evaluation=evaluation, profile=profile)


def as_written_variant(
    readings: CleanReadings,
    collection: Collection,
    period: Phase,
    *,
    evaluation: FlowEvaluation,
    profile: MethodProfile,
    marks: Marks = NO_MARKS,
) -> FlowVariant:
    """Return the flow by the formula of IEC 60601-2-24 as it stands: W / d, with W the readings plus what evaporated.

    The density d is the profile's constant; buoyancy, immersion and temperature are left out.
    """
    density = profile.density_g_per_ml
    first = int(np.searchsorted(readings.time_s, period.begin_s, side="right"))
    last = int(np.searchsorted(readings.time_s, period.end_s, side="left"))
    inside = slice(max(first - 1, 0), last + 1)
    time_s = readings.time_s[inside]
    mass_g = collection.sign * (readings.mass_g[inside] + collection.evaporation.lost_g(time_s))
    grid = _grid(time_s, mass_g * (1000.0 / density), period, profile, marks)
    losses = "evaporation-corrected mass" if collection.evaporation.measured else "mass not corrected for evaporation"
    label = f"as the standard's formula is written: {losses}, d = {density:g} g/mL, no buoyancy"
    return _variant(label, grid, evaluation=evaluation, profile=profile)


def flows_at_temperatures(
    collection: Collection, flow_ul_per_h: float, evaluation: FlowEvaluation
) -> tuple[FlowAtTemperature, ...]:
    """Return the corrected mean flow for the volume at each temperature the plan names, and as weighed."""
    temperatures = {
        "volume reference": evaluation.volume_reference_temperature_c,
        "pump": evaluation.pump_temperature_c,
        "dose concentration": evaluation.dose_concentration_temperature_c,
        "as weighed": collection.liquid.vessel_temperature_c,
    }
    rows = []
    for role, celsius in temperatures.items():
        density = liquid_density_kg_per_m3(evaluation.liquid, celsius)
        flow = flow_ul_per_h * collection.liquid.reference_density_kg_per_m3 / density
        error = flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=evaluation.set_flow_ul_per_h)
        rows.append(FlowAtTemperature(role, celsius, flow, error))
    return tuple(rows)


def _grid(
    time_s: NDArray[np.float64], volume_ul: NDArray[np.float64], period: Phase, profile: MethodProfile, marks: Marks
) -> GridSeries:
    grid = on_grid(
        time_s,
        volume_ul,
        begin_s=period.begin_s,
        end_s=period.end_s,
        sample_interval_s=profile.sample_interval_s,
    )
    return replace(grid, marks=marks)


def _variant(label: str, grid: GridSeries, *, evaluation: FlowEvaluation, profile: MethodProfile) -> FlowVariant:
    rate = evaluation.set_flow_ul_per_h
    duration_s = grid.intervals * grid.sample_interval_s
    flow = mean_flow_ul_per_h(volume_ul=float(grid.volume_ul[-1] - grid.volume_ul[0]), duration_s=duration_s)
    slope = line_fit(grid.time_s, grid.volume_ul).slope * 3600.0 if grid.intervals > 1 else flow
    return FlowVariant(
        label=label,
        mean_flow_ul_per_h=flow,
        error_a_percent=flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=rate),
        regression_flow_ul_per_h=slope,
        regression_error_percent=flow_error_percent(flow_ul_per_h=slope, set_flow_ul_per_h=rate),
        sample_interval_s=grid.sample_interval_s,
        trumpet=trumpet(grid, set_flow_ul_per_h=rate, sample_counts=profile.window_samples),
    )
