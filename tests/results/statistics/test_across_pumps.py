"""A sample of pumps: the sampling unit is a pump with its set, once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from results.statistics.across_pumps import UnitResult, success_run, tolerance_interval


def units(values: list[float]) -> list[UnitResult]:
    return [UnitResult(pump=f"P{number}", set_id=f"S{number}", value=value) for number, value in enumerate(values)]


def test_two_sided_interval_by_hand() -> None:
    """Ten units, 95/95: k2 = 3.3934, k1 = 2.9110."""
    values = [-1.0, 0.0, 1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5, 0.0]
    sd = math.sqrt(sum(value**2 for value in values) / 9.0)
    both = tolerance_interval(units(values), proportion=0.95, confidence=0.95)
    assert both.factor == pytest.approx(3.3934, abs=5.1e-5)
    assert (both.low, both.high) == pytest.approx((-3.3934 * sd, 3.3934 * sd), rel=2e-5)
    high = tolerance_interval(units(values), proportion=0.95, confidence=0.95, sides="high")
    assert high.low is None
    assert high.high == pytest.approx(2.9110 * sd, rel=2e-5)


def test_limits_are_met_only_on_the_sides_that_are_bounded() -> None:
    values = [0.0, 0.1, -0.1, 0.05, -0.05]
    both = tolerance_interval(units(values), proportion=0.95, confidence=0.95)
    assert both.within(low=-1.0, high=1.0)
    assert not both.within(low=-0.1, high=1.0)
    low = tolerance_interval(units(values), proportion=0.95, confidence=0.95, sides="low")
    assert low.within(low=-1.0, high=None)
    assert not low.within(low=-1.0, high=1.0)


def test_the_stated_share_of_intervals_holds_the_proportion() -> None:
    """95 % of the intervals of 8 pumps hold 90 % of all pumps; the tolerance is four standard deviations."""
    runs = 20_000
    sample = np.random.default_rng(3).standard_normal((runs, 8))
    factor = tolerance_interval(units(sample[0].tolist()), proportion=0.9, confidence=0.95).factor
    reach = factor * sample.std(axis=1, ddof=1)
    inside = ndtr(sample.mean(axis=1) + reach) - ndtr(sample.mean(axis=1) - reach)
    assert float(np.mean(inside >= 0.9)) == pytest.approx(0.95, abs=4.0 * math.sqrt(0.95 * 0.05 / runs))


def test_windows_of_one_pump_are_no_units() -> None:
    same = [UnitResult(pump="P1", set_id="S1", value=value) for value in (1.0, 1.1, 0.9)]
    with pytest.raises(ValueError, match="it is one unit"):
        tolerance_interval(same, proportion=0.9, confidence=0.9)
    with pytest.raises(ValueError, match="it is one unit"):
        success_run(same, reliability=0.9, confidence=0.9, successes=3)
    again = [UnitResult(pump="P1", set_id=f"S{number}", value=1.0 + number) for number in range(3)]
    assert tolerance_interval(again, proportion=0.9, confidence=0.9).units == 3


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_too_few_or_no_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"at least two|not a finite number"):
        tolerance_interval(units(values), proportion=0.9, confidence=0.9)


def test_a_side_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="sides is 'left'"):
        tolerance_interval(units([1.0, 2.0]), proportion=0.9, confidence=0.9, sides="left")


@pytest.mark.parametrize(("count", "successes", "shown"), [(22, 22, True), (21, 21, False), (30, 29, False)])
def test_success_run_of_90_90_takes_22_units_and_no_failure(count: int, successes: int, shown: bool) -> None:
    run = units([0.0] * count)
    assert success_run(run, reliability=0.9, confidence=0.9, successes=successes) is shown
