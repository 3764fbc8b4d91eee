"""U covers the truth: a fixed, small Monte Carlo of the budget, every stated quantity drawn as it is stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.bench import GravimetricBench
from results.evaluate_flow import evaluate_flow
from tests.results.synthetic import BENCH, HOUR, Truth, evaluation_of, simulate

RUNS = 100


def errors_and_u(truth: Truth, bench: GravimetricBench) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors of the result and its U (%), for seeds 1 to RUNS."""
    evaluation = evaluation_of(flow_ul_per_h=truth.flow_ul_per_h)
    rows = []
    for seed in range(1, RUNS + 1):
        run = simulate(truth, seed)
        measured = evaluate_flow(run.series, evaluation, bench=bench).error_a.measured
        rows.append((measured.value - run.error_percent, measured.expanded_uncertainty))
    table = np.array(rows)
    return np.abs(table[:, 0]), table[:, 1]


@pytest.mark.parametrize("flow_ul_per_h", [2.0, 9.0, 80.0])
def test_u_covers_the_truth_and_is_not_padded(flow_ul_per_h: float) -> None:
    truth = Truth(flow_ul_per_h=flow_ul_per_h, step_s=20.0)
    errors, expanded = errors_and_u(truth, truth.bench)
    coverage = float(np.mean(errors <= expanded))
    assert 0.91 <= coverage <= 0.99
    assert float(np.median(expanded)) <= 1.3 * float(np.quantile(errors, 0.95))


@pytest.mark.parametrize(
    ("left_out", "flow_ul_per_h"),
    [
        ({"capillary_u_ul": 0.0}, 2.0),
        ({"tube_outer_diameter_u_mm": 0.0}, 80.0),
    ],
    ids=["capillary", "tube diameter"],
)
def test_without_a_line_that_matters_u_no_longer_covers(left_out: dict[str, float], flow_ul_per_h: float) -> None:
    truth = Truth(flow_ul_per_h=flow_ul_per_h, step_s=20.0)
    errors, expanded = errors_and_u(truth, BENCH.model_copy(update=left_out))
    assert float(np.mean(errors <= expanded)) < 0.9


def test_without_a_correction_that_matters_u_no_longer_covers() -> None:
    truth = Truth(flow_ul_per_h=80.0, step_s=20.0)
    afloat = BENCH.model_copy(update={"tube_outer_diameter_mm": 0.0})
    errors, expanded = errors_and_u(truth, afloat)
    assert float(np.mean(errors <= expanded)) < 0.5


def test_a_film_torn_at_any_time_between_the_blanks_is_covered() -> None:
    missed = 0
    for seed in range(1, 61):
        run = simulate(Truth(step_s=20.0, torn_s=(2.0 + 49.0 * seed / 61.0) * HOUR), seed)
        measured = evaluate_flow(run.series, evaluation_of(), bench=BENCH).error_a.measured
        missed += abs(measured.value - run.error_percent) > measured.expanded_uncertainty
    assert missed <= 6


def test_a_drift_that_nobody_stated_is_estimated_well_enough() -> None:
    truth = Truth(step_s=20.0, bench=BENCH.model_copy(update={"balance_zero_drift_ug_per_sqrt_h": 40.0}))
    unstated = truth.bench.model_copy(update={"balance_zero_drift_ug_per_sqrt_h": None})
    errors, expanded = errors_and_u(replace(truth), unstated)
    assert 0.91 <= float(np.mean(errors <= expanded)) <= 0.99
