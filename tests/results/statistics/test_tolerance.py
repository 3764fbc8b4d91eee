"""Tolerance factors and success-run sizes against published and independently computed tables."""

from __future__ import annotations

import math

import pytest

from results.statistics.tolerance import one_sided_factor, success_run_units, two_sided_factor

# units, proportion, confidence, k1, k2 exact, k2 by Howe's approximation
FACTORS = [
    (10, 0.90, 0.90, 2.0657, 2.5459, 2.5350),
    (10, 0.90, 0.95, 2.3546, 2.8563, 2.8382),
    (10, 0.95, 0.95, 2.9110, 3.3934, 3.3819),
    (10, 0.99, 0.95, 3.9811, 4.4369, 4.4446),
    (15, 0.90, 0.95, 2.0684, 2.4922, 2.4797),
    (20, 0.95, 0.95, 2.3960, 2.7603, 2.7523),
    (22, 0.90, 0.90, 1.7366, 2.1235, 2.1181),
    (30, 0.90, 0.95, 1.7773, 2.1451, 2.1397),
    (30, 0.95, 0.95, 2.2198, 2.5549, 2.5496),
    (30, 0.99, 0.95, 3.0639, 3.3546, 3.3508),
    (60, 0.95, 0.95, 2.0222, 2.3351, 2.3329),
    (3, 0.95, 0.95, 7.6559, 9.7888, 9.9928),
    (5, 0.95, 0.95, 4.2027, 5.0769, 5.0935),
]


@pytest.mark.parametrize("row", FACTORS)
def test_factors_of_the_table(row: tuple[int, float, float, float, float, float]) -> None:
    units, proportion, confidence, one_sided, two_sided, howe = row
    assert one_sided_factor(units=units, proportion=proportion, confidence=confidence) == pytest.approx(
        one_sided, abs=5.1e-5
    )
    exact = two_sided_factor(units=units, proportion=proportion, confidence=confidence)
    assert exact == pytest.approx(two_sided, abs=5.1e-5)
    assert exact != pytest.approx(howe, abs=5.1e-5)


def test_many_pumps_need_little_more_than_the_quantile() -> None:
    assert two_sided_factor(units=100_000, proportion=0.95, confidence=0.95) == pytest.approx(1.96, abs=0.01)


@pytest.mark.parametrize(
    ("reliability", "confidence", "units"),
    [(0.90, 0.90, 22), (0.90, 0.95, 29), (0.95, 0.90, 45), (0.95, 0.95, 59), (0.99, 0.90, 230), (0.99, 0.95, 299)],
)
def test_success_runs(reliability: float, confidence: float, units: int) -> None:
    assert success_run_units(reliability=reliability, confidence=confidence) == units


def test_a_success_run_that_divides_exactly_needs_no_unit_more() -> None:
    assert success_run_units(reliability=0.5, confidence=0.75) == 2


@pytest.mark.parametrize(
    ("units", "proportion", "confidence"),
    [(1, 0.95, 0.95), (10, 1.0, 0.95), (10, 0.95, 0.0), (10, math.nan, 0.95), (10, 0.95, math.nan)],
)
def test_nonsense_is_refused(units: int, proportion: float, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"must lie|at least two"):
        two_sided_factor(units=units, proportion=proportion, confidence=confidence)
    with pytest.raises(ValueError, match=r"must lie|at least two"):
        one_sided_factor(units=units, proportion=proportion, confidence=confidence)
