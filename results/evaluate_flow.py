"""Evaluation of a flow test: from readings, air and a plan to error A with its uncertainty, trumpet and decision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings, clean_readings
from results.decision import MeasuredValue, combined_verdict, decide
from results.evaluation import FlowEvaluation
from results.flow.error import flow_error_percent, line_fit, mean_flow_ul_per_h
from results.flow.grid import GridSeries, on_grid
from results.flow.trumpet import trumpet
from results.gravimetry.air import air_record
from results.gravimetry.collection import Collection, collect
from results.outcome import FLOW_OUTCOME_SCHEMA, BlankOutcome, FlowOutcome, FlowVariant
from results.profiles import LoadedProfile, load_profile
from results.series import FlowSeries
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.drift import drift_of
from results.uncertainty.flow_lines import volume_lines

ERROR_A = "mean flow error A"
CORRECTED = "fully corrected: evaporation, air buoyancy, immersion, density at the reference temperature"


def evaluate_flow(
    series: FlowSeries, evaluation: FlowEvaluation, *, bench: GravimetricBench, profile: LoadedProfile | None = None
) -> FlowOutcome:
    """Return the outcome of a flow test from its readings.

    `profile` defaults to the packaged one the evaluation names. The measurand is the volume that leaves the catheter
    tip between the two instants of the analysis phase, stated at the reference temperature.
    Raises `EvaluationRefused` or `GridError` (both `ValueError`) where no honest number can be computed.
    """
    method = profile or load_profile(evaluation.profile)
    readings = clean_readings(series, readability_g=bench.balance_readability_mg * 1e-3)
    phases = series.phases
    air = air_record(
        series.ambient,
        begin_s=min(phases.begin_s, float(readings.time_s[0])),
        end_s=max(phases.end_s, float(readings.time_s[-1])),
        bench=bench,
    )
    collection = collect(readings, air=air, phases=phases, evaluation=evaluation, bench=bench)
    grid = _analysis_grid(readings, collection.volume_ul, phases_of=series, method=method)
    corrected = _variant(CORRECTED, grid, evaluation=evaluation, method=method)
    written = _as_written(readings, collection, series=series, evaluation=evaluation, method=method)
    volume_ul = float(grid.volume_ul[-1] - grid.volume_ul[0])
    error_a = _error_budget(corrected, collection, volume_ul, series=series, evaluation=evaluation, bench=bench)
    measured = error_a.measured
    decisions = tuple(
        decide(_measurand(criterion.measurand, measured), criterion, evaluation.decision_rule)
        for criterion in evaluation.criteria
    )
    analysis = phases.analysis
    lost_g = float(np.diff(collection.evaporation.lost_g(np.array([analysis.begin_s, analysis.end_s])))[0])
    return FlowOutcome(
        schema=FLOW_OUTCOME_SCHEMA,
        run_id=series.run_id,
        simulated=series.simulated,
        profile_id=method.profile.id,
        profile_version=method.profile.version,
        profile_sha256=method.sha256,
        wording=method.profile.wording,
        sample_interval_s=method.profile.sample_interval_s,
        set_flow_ul_per_h=evaluation.set_flow_ul_per_h,
        measurand=(
            "volume leaving the catheter tip between the begin and the end of the analysis phase, "
            f"at {evaluation.volume_reference_temperature_c:g} Celsius"
        ),
        volume_reference_temperature_c=evaluation.volume_reference_temperature_c,
        analysis_begin_s=analysis.begin_s,
        analysis_end_s=analysis.end_s,
        delivered_volume_ul=volume_ul,
        error_a=error_a,
        corrected=corrected,
        as_written=written,
        evaporation_model=collection.evaporation.model,
        evaporation_mean_ug_per_min=lost_g / analysis.duration_s * 60e6,
        blanks=tuple(
            BlankOutcome(
                begin_s=blank.phase.begin_s,
                end_s=blank.phase.end_s,
                loss_ug_per_min=blank.loss_g_per_s * 60e6,
                noise_sd_mg=blank.noise.sd_g * 1e3,
                disturbed_readings=blank.disturbed,
            )
            for blank in collection.evaporation.blanks
        ),
        recorded_readings=readings.recorded,
        used_readings=readings.time_s.size,
        largest_gap_s=grid.largest_gap_s,
        exclusions=readings.exclusions,
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=(),
    )


def _analysis_grid(
    readings: CleanReadings, volume_ul: NDArray[np.float64], *, phases_of: FlowSeries, method: LoadedProfile
) -> GridSeries:
    analysis = phases_of.phases.analysis
    return on_grid(
        readings.time_s,
        volume_ul,
        begin_s=analysis.begin_s,
        end_s=analysis.end_s,
        sample_interval_s=method.profile.sample_interval_s,
    )


def _variant(label: str, grid: GridSeries, *, evaluation: FlowEvaluation, method: LoadedProfile) -> FlowVariant:
    rate = evaluation.set_flow_ul_per_h
    duration_s = grid.intervals * grid.sample_interval_s
    flow = mean_flow_ul_per_h(volume_ul=float(grid.volume_ul[-1] - grid.volume_ul[0]), duration_s=duration_s)
    slope = line_fit(grid.time_s, grid.volume_ul).slope * 3600.0
    return FlowVariant(
        label=label,
        mean_flow_ul_per_h=flow,
        error_a_percent=flow_error_percent(flow_ul_per_h=flow, set_flow_ul_per_h=rate),
        regression_flow_ul_per_h=slope,
        regression_error_percent=flow_error_percent(flow_ul_per_h=slope, set_flow_ul_per_h=rate),
        trumpet=trumpet(grid, set_flow_ul_per_h=rate, sample_counts=method.profile.window_samples),
    )


def _as_written(
    readings: CleanReadings,
    collection: Collection,
    *,
    series: FlowSeries,
    evaluation: FlowEvaluation,
    method: LoadedProfile,
) -> FlowVariant:
    """Compute by the formula of IEC 60601-2-24 as it stands: W / d, with W the readings plus what evaporated."""
    density = method.profile.density_g_per_ml
    mass_g = collection.sign * (readings.mass_g + collection.evaporation.lost_g(readings.time_s))
    grid = _analysis_grid(readings, mass_g * (1000.0 / density), phases_of=series, method=method)
    label = f"as the standard's formula is written: evaporation-corrected mass, d = {density:g} g/mL, no buoyancy"
    return _variant(label, grid, evaluation=evaluation, method=method)


def _error_budget(
    corrected: FlowVariant,
    collection: Collection,
    volume_ul: float,
    *,
    series: FlowSeries,
    evaluation: FlowEvaluation,
    bench: GravimetricBench,
) -> Budget:
    period = series.phases.analysis
    percent_per_ul = 100.0 * 3600.0 / period.duration_s / evaluation.set_flow_ul_per_h
    drift = drift_of(bench, collection.evaporation.blanks)
    lines = volume_lines(
        collection, period=period, volume_ul=volume_ul, evaluation=evaluation, bench=bench, drift=drift
    )
    scaled = [
        BudgetLine(
            name=line.name,
            value=line.value,
            unit=line.unit,
            standard_uncertainty=line.standard_uncertainty,
            distribution=line.distribution,
            sensitivity=line.sensitivity * percent_per_ul,
            degrees_of_freedom=line.degrees_of_freedom,
            kind=line.kind,
        )
        for line in lines
    ]
    return combine(
        value=corrected.error_a_percent, unit="%", lines=scaled, coverage_percent=evaluation.coverage_percent
    )


def _measurand(name: str, error_a: MeasuredValue) -> MeasuredValue:
    if name != ERROR_A:
        raise ValueError(f"there is no measurand {name!r} in a flow evaluation; there is {ERROR_A!r}")
    return error_a
