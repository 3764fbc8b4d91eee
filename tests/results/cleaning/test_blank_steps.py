from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from results.cleaning.blank_steps import LIMIT_SIGMA, without_blank_steps
from results.cleaning.readings import CleanReadings
from results.cleaning.steps import LARGEST_STEP_G
from results.series import Phase

_TIME_S = np.arange(30_000.0)
_BLANKS = (Phase(0.0, 7_200.0), Phase(20_000.0, 27_200.0))
_AT_S = 23_600.0
_READABILITY_G = 1e-5


def _drift_g(seed: int) -> NDArray[np.float64]:
    """White noise of 20 ug, 1/f noise of 2 ug per octave (from 20 s on), a walk of 10 ug/sqrt(h); water that leaves."""
    generator = np.random.default_rng(seed)
    white_g = 2e-5 * generator.standard_normal(_TIME_S.size)
    walk_g = np.cumsum(1e-5 / 60.0 * generator.standard_normal(_TIME_S.size))
    frequency = np.fft.rfftfreq(_TIME_S.size)
    shape = np.where((frequency > 0.0) & (frequency < 1.0 / 20.0), 1.0 / np.sqrt(np.maximum(frequency, 1e-9)), 0.0)
    flicker = np.fft.irfft(np.fft.rfft(generator.standard_normal(_TIME_S.size)) * shape, _TIME_S.size)
    octaves = np.log2(_TIME_S.size / 20.0)
    flicker_g = 2e-6 * np.sqrt(octaves) * flicker / flicker.std()
    return np.asarray(white_g + walk_g + flicker_g - _TIME_S * 1.4e-6 / 60.0)


def _readings(mass_g: NDArray[np.float64]) -> CleanReadings:
    return CleanReadings(_TIME_S, np.rint(mass_g / _READABILITY_G) * _READABILITY_G, _TIME_S.size, ())


def _cleaned(mass_g: NDArray[np.float64]) -> CleanReadings:
    return without_blank_steps(_readings(mass_g), _BLANKS, readability_g=_READABILITY_G)


@pytest.mark.parametrize("step_g", [3e-5, -3e-5, 3e-4])
def test_a_step_of_three_digits_in_a_blank_is_found_where_it_is_and_taken_back(step_g: float) -> None:
    drift_g = _drift_g(1)
    cleaned = _cleaned(drift_g + np.where(_TIME_S >= _AT_S, step_g, 0.0))
    (step,) = cleaned.findings
    assert (step.rule, step.treatment, step.lasting) == ("step", "repaired", True)
    assert step.end_s == pytest.approx(_AT_S, abs=60.0)
    assert step.size_mg * 1e-3 == pytest.approx(step_g, abs=4.0 * step.u_mg * 1e-3)
    assert 1e-3 < step.u_mg < 6e-3
    left_g = cleaned.mass_g - np.interp(cleaned.time_s, _TIME_S, drift_g)
    assert np.mean(left_g[cleaned.time_s > step.end_s]) == pytest.approx(0.0, abs=4.0 * step.u_mg * 1e-3)
    assert np.max(np.abs(left_g[cleaned.time_s < step.begin_s])) < _READABILITY_G
    (beside,) = cleaned.exclusions
    assert beside.count == _TIME_S.size - cleaned.time_s.size == 25


def test_drift_alone_is_seldom_a_step() -> None:
    """One of two hundred blanks by the limit; of forty, at most three but for a chance of a thousandth."""
    found = sum(len(_cleaned(_drift_g(seed)).findings) for seed in range(1, 21))
    assert found <= 3


def test_a_step_too_small_for_the_limit_is_left_and_one_too_large_is_left_for_the_refusal() -> None:
    drift_g = _drift_g(1)
    for step_g in (5e-6, 2.0 * LARGEST_STEP_G):
        assert _cleaned(drift_g + np.where(_TIME_S >= _AT_S, step_g, 0.0)).findings == ()


def test_what_happens_while_the_pump_runs_is_no_step_of_a_blank() -> None:
    drift_g = _drift_g(1)
    assert _cleaned(drift_g + np.where(_TIME_S >= 12_000.0, 1e-3, 0.0)).findings == ()


def test_a_level_that_crosses_one_digit_of_a_quiet_balance_is_no_step() -> None:
    coarse_g = np.rint((_TIME_S * 1e-9 + 1.7e-4) / 1e-4) * 1e-4
    readings = CleanReadings(_TIME_S, coarse_g, _TIME_S.size, ())
    assert without_blank_steps(readings, _BLANKS, readability_g=1e-4).findings == ()
    assert LIMIT_SIGMA * 0.3 > 1.0


@pytest.mark.parametrize("interval_s", [10.0, 60.0])
def test_readings_that_come_seldom_are_searched_as_far_as_they_reach(interval_s: float) -> None:
    every = slice(None, None, int(interval_s))
    step_g = np.where(_TIME_S >= _AT_S, 2e-4, 0.0)
    seldom = CleanReadings(_TIME_S[every], (_drift_g(1) + step_g)[every], _TIME_S[every].size, ())
    found = without_blank_steps(seldom, (*_BLANKS, None), readability_g=_READABILITY_G).findings
    assert [entry.end_s for entry in found] == pytest.approx([_AT_S], abs=2.0 * interval_s)
