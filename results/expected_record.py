"""The record a planned flow test is expected to make, and the budget an evaluation would give it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from results.bench import GravimetricBench
from results.cleaning.readings import CleanReadings
from results.evaluation import FlowEvaluation
from results.flow_uncertainty import error_budget, trumpet_uncertainty
from results.flow_variants import corrected_grid
from results.gravimetry.air import AirRecord, air_record
from results.gravimetry.collection import collect
from results.gravimetry.level import level_record
from results.profiles import load_profile
from results.series import AmbientSeries, FlowPhases, Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.drift import drift_of
from results.uncertainty.evaporation_lines import UG_PER_MIN, spread_of_late_share
from results.uncertainty.lines import normal

EXPECTED_CHANGE_PERCENT = 10.0
"""By how much of itself evaporation is taken to differ between the blanks (standard uncertainty)."""
_ROOM_C, _ROOM_PERCENT, _ROOM_HPA = 20.0, 50.0, 1013.25
_G_PER_UL = 0.998e-3
_MOST_READINGS = 100_000
_SEED = 20_240_102


@dataclass(frozen=True, slots=True)
class PlannedFlowTest:
    """A flow test as planned: phases one after the other, a blank before and after, pump stopped in both."""

    evaluation: FlowEvaluation
    blank_s: float
    stabilisation_s: float
    analysis_s: float
    reading_interval_s: float

    @property
    def phases(self) -> FlowPhases:
        """The phases, from 0 s."""
        start_s = self.blank_s
        begin_s = start_s + self.stabilisation_s
        end_s = begin_s + self.analysis_s
        return FlowPhases(
            analysis=Phase(begin_s, end_s),
            stabilisation=Phase(start_s, begin_s) if self.stabilisation_s > 0.0 else None,
            blank_before=Phase(0.0, start_s),
            blank_after=Phase(end_s, end_s + self.blank_s),
            infusion_start_s=start_s,
        )


def expected_budget(test: PlannedFlowTest, bench: GravimetricBench) -> tuple[Budget, tuple[tuple[float, float], ...]]:
    """Return the budget of error A (%), and window length (s) and noise floor (%) of each window.

    The record has the stated noise and the stated evaporation of a pump at its set flow in a steady room; the budget
    is the evaluation's own, with a line for a change of evaporation that only the blanks will show. Raises
    `EvaluationRefused` where no evaluation could follow: a vessel that would run over, blanks too short.
    """
    evaluation, phases = test.evaluation, test.phases
    profile = load_profile(evaluation.profile).profile
    readings, air = _expected(test, bench)
    collection = collect(readings, air=air, phases=phases, evaluation=evaluation, bench=bench)
    period = phases.analysis
    drift = drift_of(bench, collection.evaporation.blanks)
    grid = corrected_grid(collection, period, profile)
    budget = error_budget(
        collection,
        period,
        error_percent=0.0,
        volume_ul=float(grid.volume_ul[-1] - grid.volume_ul[0]),
        evaluation=evaluation,
        bench=bench,
        drift=drift,
    )
    change = normal(
        "evaporation, a change that only the blanks will show",
        unit="ug/min",
        u=(bench.evaporation_limit_ug_per_min or 0.0) * EXPECTED_CHANGE_PERCENT / 100.0,
        sensitivity=spread_of_late_share(collection, period)
        * collection.ul_per_g
        / UG_PER_MIN
        * (100.0 * 3600.0 / evaluation.set_flow_ul_per_h),
        shared=True,
    )
    budget = combine(value=0.0, unit="%", lines=[*budget.lines, change], coverage_percent=evaluation.coverage_percent)
    windows = trumpet_uncertainty(
        collection, grid, period, budget=budget, evaluation=evaluation, bench=bench, drift=drift, profile=profile
    )
    return budget, tuple((window.window_s, window.noise_floor_percent) for window in windows)


def _expected(test: PlannedFlowTest, bench: GravimetricBench) -> tuple[CleanReadings, AirRecord]:
    phases, flow = test.phases, test.evaluation.set_flow_ul_per_h
    interval_s = max(test.reading_interval_s, phases.end_s / _MOST_READINGS)
    time_s = np.arange(0.0, phases.end_s + interval_s / 2.0, interval_s)
    start_s, end_s = phases.analysis.begin_s - test.stabilisation_s, phases.analysis.end_s
    sign = 1.0 if test.evaluation.direction == "collect" else -1.0
    mass_g = sign * flow * _G_PER_UL / 3600.0 * np.clip(time_s - start_s, 0.0, end_s - start_s)
    air = air_record(
        steady_air(phases.end_s),
        begin_s=0.0,
        end_s=float(time_s[-1]),
        bench=bench,
        level=level_record(_readings(time_s, mass_g), bench, filled_s=0.0),
    )
    mass_g -= (bench.evaporation_limit_ug_per_min or 0.0) / UG_PER_MIN * air.drive_at(time_s)
    generator = np.random.Generator(np.random.Philox(_SEED))
    mass_g += bench.balance_repeatability_mg * 1e-3 * generator.standard_normal(time_s.size)
    return _readings(time_s, mass_g), air


def _readings(time_s: NDArray[np.float64], mass_g: NDArray[np.float64]) -> CleanReadings:
    return CleanReadings(time_s=time_s, mass_g=mass_g, recorded=time_s.size, exclusions=())


def steady_air(end_s: float) -> AmbientSeries:
    """Return the air of a steady room until an instant (s)."""
    time_s = np.linspace(0.0, end_s, max(2, min(10_000, int(end_s / 10.0))))
    return AmbientSeries(
        time_s=time_s,
        temperature_c=np.full(time_s.size, _ROOM_C),
        humidity_percent=np.full(time_s.size, _ROOM_PERCENT),
        pressure_hpa=np.full(time_s.size, _ROOM_HPA),
    )
