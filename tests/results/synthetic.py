"""A synthetic bench in a few lines of arithmetic: readings of a pump whose true delivery is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from results.bench import GravimetricBench
from results.decision import Criterion, DecisionRule
from results.evaluation import FlowEvaluation, Liquid
from results.measurands import ERROR_A
from results.physics.air import air_density_kg_per_m3
from results.physics.vapour import evaporation_drive_pa
from results.physics.water import water_density_kg_per_m3
from results.series import AmbientSeries, FlowPhases, FlowSeries, Phase

HOUR = 3600.0
WARM_UP_S = 600.0
TORN_FILM = 12.0
"""How much more evaporates once the film is torn."""
BENCH = GravimetricBench(
    vessel_inner_diameter_mm=20.0,
    vessel_inner_diameter_u_mm=0.05,
    tube_outer_diameter_mm=0.8,
    tube_outer_diameter_u_mm=0.08,
    displaced_volume_ml=28.0,
    displaced_volume_u_ml=0.5,
    gross_load_g=60.0,
    outlet_tube_volume_ul=60.0,
    outlet_tube_volume_u_ul=3.0,
    catheter_volume_ul=250.0,
    catheter_volume_u_ul=10.0,
    tube_temperature_u_k=0.05,
    capillary_u_ul=0.2,
    balance_readability_mg=0.01,
    balance_repeatability_mg=0.015,
    balance_sensitivity_u_ppm=100.0,
    balance_sensitivity_u_ppm_per_k=1.0,
    balance_zero_drift_ug_per_sqrt_h=10.0,
    balance_zero_u_ug_per_k=3.0,
    balance_lag_s=3600.0,
    liquid_lag_s=1800.0,
    liquid_temperature_u_c=0.2,
    air_temperature_u_c=0.1,
    air_humidity_u_percent=1.0,
    air_pressure_u_hpa=0.1,
    timing_u_s=0.1,
)


def evaluation_of(
    *, flow_ul_per_h: float = 9.0, profile: str = "ambulatory-continuous", reference_c: float = 20.0
) -> FlowEvaluation:
    """The plan of a maintenance case, by default."""
    return FlowEvaluation(
        profile=profile,
        set_flow_ul_per_h=flow_ul_per_h,
        pump_temperature_c=22.0,
        volume_reference_temperature_c=reference_c,
        dose_concentration_temperature_c=20.0,
        liquid=Liquid(kind="water"),
        criteria=(Criterion(id="A", measurand=ERROR_A, unit="%", low=-14.5, high=14.5, source="label"),),
        decision_rule=DecisionRule(kind="guarded"),
    )


@dataclass(frozen=True)
class Truth:
    """What the synthetic bench really is. `draws` multiplies every quantity the bench states with an uncertainty."""

    flow_ul_per_h: float = 9.0
    error_percent: float = 0.0
    evaporation_ug_per_min: float = 1.5
    evaporation_growth_percent: float = 5.0
    noise_ug: float = 15.0
    draws: float = 1.0
    weather: float = 1.0
    stroke_ul: float = 0.0
    torn_s: float | None = None
    stalls_s: tuple[tuple[float, float], ...] = ()
    blank_s: float = 2.0 * HOUR
    stabilisation_s: float = 24.0 * HOUR
    analysis_s: float = 25.0 * HOUR
    step_s: float = 10.0
    extra_drift_ug_per_min: float = 0.0
    bench: GravimetricBench = field(default=BENCH)


@dataclass(frozen=True)
class Simulated:
    """A series, and the true error (%) of its analysis period for the volume at 20 Celsius."""

    series: FlowSeries
    error_percent: float


def simulate(truth: Truth, seed: int) -> Simulated:
    """Return the readings of one run."""
    generator = np.random.default_rng(seed)
    bench = truth.bench
    begin_s = WARM_UP_S + truth.blank_s
    analysis_s = begin_s + truth.stabilisation_s
    end_s = analysis_s + truth.analysis_s
    time_s = np.arange(0.0, end_s + truth.blank_s + 60.0, truth.step_s)
    count = time_s.size

    def drawn(value: float, u: float) -> float:
        return value + truth.draws * u * float(generator.standard_normal())

    air_c, percent, hpa = _room(generator, time_s, truth.weather)
    liquid_c = _lag(air_c, truth.step_s, bench.liquid_lag_s)
    air = air_density_kg_per_m3(temperature_c=air_c, humidity_percent=percent, pressure_hpa=hpa)
    pumped_ul = _pumped_ul(truth, time_s, begin_s, end_s)
    swelling = 2.15e-4 * (liquid_c - liquid_c[0])
    tip_ul = pumped_ul + drawn(bench.catheter_volume_ul, bench.catheter_volume_u_ul) * swelling
    into_vessel_ul = tip_ul + drawn(bench.outlet_tube_volume_ul, bench.outlet_tube_volume_u_ul) * swelling
    drive = evaporation_drive_pa(
        liquid_temperature_c=liquid_c, air_temperature_c=air_c, humidity_percent=percent, pressure_hpa=hpa
    )
    growth = 1.0 + truth.evaporation_growth_percent / 100.0 * pumped_ul / max(float(pumped_ul[-1]), 1e-9)
    if bench.headspace_mm is not None:
        area_mm2 = np.pi / 4.0 * (bench.vessel_inner_diameter_mm**2 - bench.tube_outer_diameter_mm**2)
        growth = growth * bench.headspace_mm / (bench.headspace_mm - pumped_ul / area_mm2)
    if truth.torn_s is not None:
        growth = np.where(time_s < truth.torn_s, growth, growth * TORN_FILM)
    rate_ug_per_s = truth.evaporation_ug_per_min / 60.0 * growth * drive / 1200.0
    lost_g = np.cumsum(rate_ug_per_s) * truth.step_s * 1e-6
    density = float(water_density_kg_per_m3(20.0))
    water_g = into_vessel_ul * density * 1e-6 - lost_g
    tube_mm = drawn(bench.tube_outer_diameter_mm, bench.tube_outer_diameter_u_mm)
    vessel_mm = drawn(bench.vessel_inner_diameter_mm, bench.vessel_inner_diameter_u_mm)
    kappa = (tube_mm / vessel_mm) ** 2
    displaced_ml = drawn(bench.displaced_volume_ml, bench.displaced_volume_u_ml)
    force_g = water_g * (1.0 - air / density) / (1.0 - kappa) - displaced_ml * 1e-3 * air + 60.0
    reading_g = force_g / (1.0 - 1.2 / 8000.0) * (1.0 + 1e-6 * drawn(0.0, bench.balance_sensitivity_u_ppm))
    balance_c = _lag(air_c, truth.step_s, bench.balance_lag_s) - air_c[0]
    reading_g += 1e-6 * balance_c * drawn(0.0, bench.balance_zero_u_ug_per_k)
    reading_g += 1e-6 * balance_c * bench.gross_load_g * drawn(0.0, bench.balance_sensitivity_u_ppm_per_k)
    walk_ug = (bench.balance_zero_drift_ug_per_sqrt_h or 0.0) * np.sqrt(truth.step_s / HOUR) * truth.draws
    reading_g += 1e-6 * np.cumsum(walk_ug * generator.standard_normal(count))
    reading_g += 1e-6 * truth.extra_drift_ug_per_min / 60.0 * time_s
    reading_g += 1e-3 * density / 1e3 * truth.draws * _meniscus_ul(generator, pumped_ul, bench.capillary_u_ul)
    reading_g += 1e-6 * truth.noise_ug * generator.standard_normal(count)
    resolution_g = bench.balance_readability_mg * 1e-3
    ends = np.interp((analysis_s, end_s), time_s, tip_ul)
    true_flow = float(ends[1] - ends[0]) / truth.analysis_s * HOUR
    series = FlowSeries(
        time_s=time_s,
        mass_g=np.round(reading_g / resolution_g) * resolution_g,
        status=np.ones(count, dtype=np.uint8),
        phases=FlowPhases(
            analysis=Phase(analysis_s, end_s),
            stabilisation=Phase(begin_s, analysis_s) if truth.stabilisation_s else None,
            blank_before=Phase(WARM_UP_S, begin_s),
            blank_after=Phase(end_s, end_s + truth.blank_s),
            infusion_start_s=begin_s,
        ),
        ambient=AmbientSeries(time_s=time_s, temperature_c=air_c, humidity_percent=percent, pressure_hpa=hpa),
        run_id=f"synthetic-{seed}",
        simulated=True,
    )
    return Simulated(series=series, error_percent=100.0 * (true_flow / truth.flow_ul_per_h - 1.0))


def without_air(series: FlowSeries) -> FlowSeries:
    """Return a series whose ambient record is lost."""
    return replace(series, ambient=None)


def _room(
    generator: np.random.Generator, time_s: NDArray[np.float64], weather: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    phases = generator.uniform(0.0, 2.0 * np.pi, 4)
    day = 2.0 * np.pi / 86_400.0
    air_c = 20.0 + weather * (
        0.2 * np.sin(2.0 * np.pi / 1500.0 * time_s + phases[0]) + 0.3 * np.sin(day * time_s + phases[1])
    )
    percent = 50.0 + weather * 4.0 * np.sin(day / 1.7 * time_s + phases[2])
    hpa = 1013.25 + weather * 6.0 * np.sin(day / 2.3 * time_s + phases[3])
    return air_c, percent, hpa


def _lag(values: NDArray[np.float64], step_s: float, lag_s: float) -> NDArray[np.float64]:
    keep = float(np.exp(-step_s / lag_s))
    start = float(np.mean(values[: int(lag_s / step_s)]))
    lagging, _ = lfilter([1.0 - keep], [1.0, -keep], values, zi=np.array([keep * start]))
    return np.asarray(lagging)


def _pumped_ul(truth: Truth, time_s: NDArray[np.float64], begin_s: float, end_s: float) -> NDArray[np.float64]:
    running_s = np.clip(time_s, begin_s, end_s) - begin_s
    for stall_begin_s, stall_end_s in truth.stalls_s:
        running_s = running_s - np.clip(time_s - stall_begin_s, 0.0, stall_end_s - stall_begin_s)
    pumped = truth.flow_ul_per_h / HOUR * (1.0 + truth.error_percent / 100.0) * running_s
    return np.floor(pumped / truth.stroke_ul) * truth.stroke_ul if truth.stroke_ul else pumped


def _meniscus_ul(generator: np.random.Generator, pumped_ul: NDArray[np.float64], sd_ul: float) -> NDArray[np.float64]:
    """Return a stationary process of the delivered volume: forgotten after 5 uL, `sd_ul` between distant levels."""
    keep = float(np.exp(-0.05))
    knots_ul = np.arange(0.0, float(pumped_ul.max()) + 1.0, 0.25)
    kicks = generator.standard_normal(knots_ul.size) * np.sqrt(1.0 - keep**2)
    pull, _ = lfilter([1.0], [1.0, -keep], kicks, zi=np.array([keep * float(generator.standard_normal())]))
    return np.asarray(np.interp(pumped_ul, knots_ul, sd_ul / np.sqrt(2.0) * pull))
