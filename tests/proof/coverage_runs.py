"""One run of the coverage study: the error of the measured mean flow, its U, and both with something left out."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.physics.water import density_kg_per_m3, expansion_per_k
from results.bench import GravimetricBench
from results.series import FlowPhases
from rig.procedures.flow_accuracy import FlowCase
from tests.proof.array_bench import ArrayRun, run_case, shipped_case
from tests.proof.bench_qualities import GOOD, POOR, QUALITIES, TORN_FILM, UNSTEADY_ROOM, BenchQuality
from tests.proof.coverage_left_out import LEFT_OUT, left_out_of

RATES_UL_PER_H = (2.0, 9.0, 100.0)
STABILISATION_S = 2 * 3600.0
READING_INTERVAL_S = 10.0
SHALLOW_MM, DEEP_MM = 10.0, 20.0
DEEP_ABOVE_UL_PER_H = 50.0
EXTRA_SHARE = 0.3
"""Of the runs of one of the nine cells: what a leaving-out shows, it shows in fewer."""
_DENSITY_U_RELATIVE = 2e-5
_OWN_DRAWS = 7919
_ROOM_C = 21.5


@dataclass(frozen=True, slots=True)
class Cell:
    """One bench at one rate; `extra`: not of the nine, there to show what a line or a correction is for."""

    quality: BenchQuality
    rate_ul_per_h: float
    shallow: bool = False
    extra: bool = False

    @property
    def name(self) -> str:
        """Such as "poor, 2 uL/h"."""
        depth = ", shallow" if self.shallow else ""
        return f"{self.quality.name}{depth}, {self.rate_ul_per_h:g} uL/h"


@dataclass(frozen=True, slots=True)
class Row:
    """Error of the measured mean flow and its U (% of the set flow); both again for its own keys of `LEFT_OUT`."""

    cell: str
    seed: int
    error: float
    expanded: float
    contributions: dict[str, float]
    left_out: dict[str, tuple[float, float]]


def cells() -> tuple[Cell, ...]:
    """Return the nine cells, then the extra ones.

    The highest rate has a deeper vessel, which it would nearly fill otherwise; the shallow cells are nearly filled.
    """
    deep = {rate: DEEP_MM if rate > DEEP_ABOVE_UL_PER_H else SHALLOW_MM for rate in RATES_UL_PER_H}
    nine = (Cell(quality.with_headspace(deep[rate]), rate) for quality in QUALITIES for rate in RATES_UL_PER_H)
    fastest = max(RATES_UL_PER_H)
    good, poor, torn = (
        Cell(quality.with_headspace(SHALLOW_MM), fastest, shallow=True, extra=True)
        for quality in (GOOD, POOR, TORN_FILM)
    )
    return (*nine, good, poor, Cell(UNSTEADY_ROOM.with_headspace(SHALLOW_MM), 9.0, extra=True), torn)


@cache
def case_at(rate_ul_per_h: float) -> FlowCase:
    """Return the maintenance case at another rate, its stabilisation shortened."""
    case = shipped_case("maintenance")
    return replace(
        case,
        flow_ul_per_h=rate_ul_per_h,
        stabilisation_s=STABILISATION_S,
        evaluation=case.evaluation.model_copy(update={"set_flow_ul_per_h": rate_ul_per_h}),
        deviation="shortened for the study",
    )


def jobs_of(runs: int, chosen: Sequence[Cell]) -> list[tuple[str, int]]:
    """Return name of cell and seed of every run; of the extra cells fewer. Each cell has its own block of seeds."""
    known = [cell.name for cell in cells()]
    return [
        (cell.name, known.index(cell.name) * runs + 1 + index)
        for index in range(runs)
        for cell in chosen
        if not cell.extra or index < EXTRA_SHARE * runs
    ]


def study(jobs: Sequence[tuple[str, int]], *, workers: int | None = None) -> Iterator[Row]:
    """Yield the rows of jobs, in their order."""
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(_row_of, jobs, chunksize=10)


def _row_of(job: tuple[str, int]) -> Row:
    name, seed = job
    return row(next(cell for cell in cells() if cell.name == name), seed)


def row(cell: Cell, seed: int) -> Row:
    """Return one run: the twin of a seed, evaluated by an engineer whose statements are off by their uncertainty."""
    run, bench = drawn_run(cell, seed)
    outcome = run.evaluated(bench)
    truth = run.true_error_percent
    measured = outcome.error_a.measured
    return Row(
        cell=cell.name,
        seed=seed,
        error=measured.value - truth,
        expanded=measured.expanded_uncertainty,
        contributions={line.name: line.contribution for line in outcome.error_a.lines},
        left_out={
            change.key: left_out_of(change, run, bench, outcome) for change in LEFT_OUT if change.cell == cell.name
        },
    )


def drawn_run(cell: Cell, seed: int) -> tuple[ArrayRun, GravimetricBench]:
    """Return the run of a seed and what its engineer states.

    The twin draws most of what a budget states. What it holds fixed is drawn here: the stated displaced volume, the
    temperature of the liquid in the tubes, the density of the liquid, the instants of the period, and how far
    evaporation goes by its driving force rather than by plain interpolation between the blanks.
    """
    quality, stated = cell.quality, cell.quality.bench
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, _OWN_DRAWS))))
    displaced, density, early, late, driven = (float(number) for number in generator.standard_normal(5))
    timing_s = stated.timing_u_s / math.sqrt(2.0)
    run = run_case(
        case_at(cell.rate_ul_per_h),
        quality.truth,
        seed,
        reading_interval_s=READING_INTERVAL_S,
        timing_error_s=(early * timing_s, late * timing_s),
    )
    series = run.series
    warming_k = stated.tube_temperature_u_k * generator.standard_normal(3)
    added_g = _stored_g(series.time_s, series.phases, stated, warming_k)
    added_g -= driven * stated.evaporation_model_u_percent / 100.0 * _beyond_interpolation_g(run)
    run = replace(
        run,
        series=replace(series, mass_g=series.mass_g + added_g),
        true_flow_ul_per_h=run.true_flow_ul_per_h * (1.0 + _DENSITY_U_RELATIVE * density),
    )
    displaced_ml = stated.displaced_volume_ml + stated.displaced_volume_u_ml * displaced
    return run, stated.model_copy(update={"displaced_volume_ml": displaced_ml})


def _stored_g(
    time_s: NDArray[np.float64], phases: FlowPhases, bench: GravimetricBench, warming_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what the tubes push into the vessel when their liquid warms unseen, evenly over each phase."""
    g_per_ul_k = float(density_kg_per_m3(_ROOM_C) * expansion_per_k(_ROOM_C)) * 1e-6
    both_ul = bench.outlet_tube_volume_ul + bench.catheter_volume_ul
    stored = np.zeros(time_s.shape)
    blanks = (phases.blank_before, phases.analysis, phases.blank_after)
    for phase, volume_ul, kelvin in zip(
        blanks, (both_ul, bench.outlet_tube_volume_ul, both_ul), warming_k, strict=True
    ):
        if phase is not None:
            stored += volume_ul * g_per_ul_k * kelvin * np.clip((time_s - phase.begin_s) / phase.duration_s, 0.0, 1.0)
    return stored


def _beyond_interpolation_g(run: ArrayRun) -> NDArray[np.float64]:
    """Return what evaporated beyond what the rates of the two blanks say, in between."""
    time_s, phases = run.series.time_s, run.series.phases
    if phases.blank_before is None or phases.blank_after is None:
        raise ValueError("the study needs two blanks")
    blanks = (phases.blank_before, phases.blank_after)
    rates = [
        float(np.diff(np.interp((blank.begin_s, blank.end_s), time_s, run.evaporated_g))[0]) / blank.duration_s
        for blank in blanks
    ]
    plain = np.interp(time_s, [blank.middle_s for blank in blanks], rates)
    steps = np.diff(time_s) * (plain[1:] + plain[:-1]) / 2.0
    return run.evaporated_g - np.concatenate(([0.0], np.cumsum(steps)))
