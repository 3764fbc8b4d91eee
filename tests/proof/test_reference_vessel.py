"""A second vessel on the digital twin: in the same room, with the same film, on a balance of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from instruments.simulated.physics.arrays import BalanceSet, simulate_arrays
from results.bench import ReferenceVessel
from results.series import ReferenceSeries
from tests.proof.array_bench import run_case, shipped_bench, shipped_case, twin

SEEDS = range(1, 5)
VESSEL = ReferenceVessel(
    loss_ratio=1.0,
    loss_ratio_u=0.02,
    displaced_volume_ml=28.0,
    displaced_volume_u_ml=0.5,
    balance_readability_mg=0.01,
    balance_repeatability_mg=0.015,
    balance_zero_drift_ug_per_sqrt_h=10.0,
)
THIN_FILM = twin({"vessel.evaporation_ug_per_min": {"value": 20.0, "u": 0.5, "distribution": "rectangular"}})


def test_without_a_blank_a_second_vessel_finds_the_true_flow() -> None:
    """20 ug/min evaporate, 13 % of 9 uL/h: uncorrected hopeless, by the second vessel within U."""
    case = replace(shipped_case("maintenance"), stabilisation_s=7200.0)
    missed = 0
    for seed in SEEDS:
        run = run_case(case, THIN_FILM, seed, reading_interval_s=30.0)
        series = replace(run.series, phases=replace(run.series.phases, blank_before=None, blank_after=None))
        still = simulate_arrays(THIN_FILM, seed, [BalanceSet(0.0, "zero_tracking", False)], series.time_s)
        own = np.random.default_rng(seed)
        ratio = VESSEL.loss_ratio + VESSEL.loss_ratio_u * float(own.standard_normal())
        walk_g = 10e-6 * np.sqrt(30.0 / 3600.0) * np.cumsum(own.standard_normal(series.time_s.size))
        noise_g = 15e-6 * own.standard_normal(series.time_s.size)
        second_g = 57.0 - still.evaporated_g / ratio + walk_g + noise_g
        second = replace(series, reference=ReferenceSeries(series.time_s, np.round(second_g, 5), VESSEL))
        bench = shipped_bench().model_copy(update={"evaporation_limit_ug_per_min": 0.0})
        alone = replace(run, series=series).evaluated(bench).error_a.measured
        assert abs(alone.value - run.true_error_percent) > 10.0
        measured = replace(run, series=second).evaluated(bench).error_a.measured
        assert measured.expanded_uncertainty < 1.0
        missed += not abs(measured.value - run.true_error_percent) <= measured.expanded_uncertainty
    assert missed <= 1
