"""The uncertainty of what a flow test measures: error A, mean flow, volume, and the extremes of the trumpet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from results.bench import GravimetricBench
from results.cleaning.findings import Finding
from results.decision import MeasuredValue
from results.evaluation import FlowEvaluation
from results.flow.grid import GridSeries
from results.gravimetry.collection import Collection
from results.profiles import MethodProfile
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.cleaning_lines import cleaning_lines
from results.uncertainty.drift import Drift
from results.uncertainty.flow_lines import blank_weights, volume_lines
from results.uncertainty.noise import merged
from results.uncertainty.window_noise import GridNoise, WindowUncertainty, window_uncertainties


def error_budget(
    collection: Collection,
    period: Phase,
    *,
    error_percent: float,
    volume_ul: float,
    evaluation: FlowEvaluation,
    bench: GravimetricBench,
    drift: Drift,
    findings: Sequence[Finding] = (),
) -> Budget:
    """Return the budget of a mean flow error (%) over a period in which `volume_ul` was delivered."""
    per_ul = 100.0 * 3600.0 / period.duration_s / evaluation.set_flow_ul_per_h
    lines = volume_lines(
        collection, period=period, volume_ul=volume_ul, evaluation=evaluation, bench=bench, drift=drift
    )
    lines += cleaning_lines(findings, collection, period, volume_ul=volume_ul)
    return combine(
        value=error_percent,
        unit="%",
        lines=[line.scaled(per_ul) for line in lines],
        coverage_percent=evaluation.coverage_percent,
    )


def rescaled(measured: MeasuredValue, *, value: float, unit: str, factor: float) -> MeasuredValue:
    """Return a measured value in another unit: its uncertainty times a factor."""
    return MeasuredValue(
        value=value,
        unit=unit,
        standard_uncertainty=measured.standard_uncertainty * factor,
        degrees_of_freedom=measured.degrees_of_freedom,
        coverage_factor=measured.coverage_factor,
        expanded_uncertainty=measured.expanded_uncertainty * factor,
    )


def trumpet_uncertainty(
    collection: Collection,
    grid: GridSeries,
    period: Phase,
    *,
    budget: Budget,
    evaluation: FlowEvaluation,
    bench: GravimetricBench,
    drift: Drift,
    profile: MethodProfile,
) -> tuple[WindowUncertainty, ...]:
    """Return the uncertainty of the trumpet's extremes from the bench's noise and the budget of the mean."""
    blanks = collection.evaporation.blanks
    reading_sd_g = (
        math.sqrt(sum(blank.noise.sd_g**2 for blank in blanks) / len(blanks))
        if blanks
        else bench.balance_repeatability_mg * 1e-3
    )
    readability_g = bench.balance_readability_mg * 1e-3 / math.sqrt(12.0)
    walk_g = drift.walk_ug_per_sqrt_h / 60.0 * 1e-6
    noise = GridNoise(
        point_sd_ul=math.hypot(
            math.hypot(reading_sd_g, readability_g) * collection.ul_per_g, bench.capillary_u_ul / math.sqrt(2.0)
        ),
        walk_ul_per_sqrt_s=walk_g * collection.ul_per_g,
        flicker_ul=drift.flicker_ug * 1e-6 * collection.ul_per_g,
        common_u_percent=math.hypot(
            *(line.contribution for line in budget.lines if line.shared),
            _drift_through_blanks_percent(collection, period, walk_g=walk_g, evaluation=evaluation),
        ),
    )
    return window_uncertainties(
        grid,
        set_flow_ul_per_h=evaluation.set_flow_ul_per_h,
        sample_counts=profile.window_samples,
        noise=noise,
        coverage_percent=evaluation.coverage_percent,
    )


def _drift_through_blanks_percent(
    collection: Collection, period: Phase, *, walk_g: float, evaluation: FlowEvaluation
) -> float:
    blanks = blank_weights(collection, period)
    if not blanks:
        return 0.0
    volume_ul = merged(blanks).random_walk_response_sqrt_s() * walk_g
    return volume_ul * 100.0 * 3600.0 / period.duration_s / evaluation.set_flow_ul_per_h
