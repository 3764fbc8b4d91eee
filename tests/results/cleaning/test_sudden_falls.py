from __future__ import annotations

import numpy as np
import pytest

from results.cleaning.readings import CleanReadings
from results.cleaning.sudden_falls import sudden_falls
from results.series import Phase

_TIME_S = np.arange(20_000.0)
_STROKE_S = 9_850
"""One of the strokes of 1 mg, which come every 400 s."""


def _readings(*, sign: float = 1.0) -> CleanReadings:
    noise_g = 1e-5 * np.random.default_rng(1).standard_normal(_TIME_S.size)
    mass_g = sign * np.floor((_TIME_S + 150.0) / 400.0) * 1e-3 + noise_g
    return CleanReadings(_TIME_S, np.rint(mass_g * 1e5) / 1e5, _TIME_S.size, ())


def _places(readings: CleanReadings, *, sign: float = 1.0, pull_g: float = 4e-4) -> list[tuple[int, int, float]]:
    found = sudden_falls(readings, Phase(0.0, 20_000.0), sign=sign, readability_g=1e-5, quantum_g=1e-3, pull_g=pull_g)
    return [(change.first, change.last, change.size_g) for change in found]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("from_stroke_s", [-150, -12, -5, 5, 12, 150])
def test_a_fall_within_the_pull_shows_up_to_a_few_seconds_beside_a_stroke(from_stroke_s: int, sign: float) -> None:
    readings, place = _readings(sign=sign), _STROKE_S + from_stroke_s
    readings.mass_g[place:] -= sign * 3e-4
    ((first, last, size_g),) = _places(readings, sign=sign)
    assert first - 1 <= place <= last + 1
    assert size_g == pytest.approx(-sign * 3e-4, abs=3e-5)


def test_strokes_alone_are_no_falls_nor_is_one_beyond_the_pull() -> None:
    readings = _readings()
    assert _places(readings) == []
    readings.mass_g[9_700:] -= 3e-4
    assert _places(readings, pull_g=2e-4) == []
    assert _places(readings, pull_g=0.0) == []


@pytest.mark.parametrize("lasting_s", [4, 12])
@pytest.mark.parametrize("size_g", [3e-4, -3e-4])
def test_bumps_and_dips_are_no_falls_that_stay(size_g: float, lasting_s: int) -> None:
    readings = _readings()
    readings.mass_g[9_700 : 9_700 + lasting_s] += size_g
    assert _places(readings) == []


def test_a_fall_that_takes_its_time_is_the_pull() -> None:
    readings = _readings()
    readings.mass_g[:] -= 3e-4 * np.clip((_TIME_S - 9_700.0) / 60.0, 0.0, 1.0)
    assert _places(readings) == []


def test_readings_that_come_seldom_yield_none() -> None:
    readings = _readings()
    readings.mass_g[9_700:] -= 3e-4
    seldom = CleanReadings(_TIME_S[::10], readings.mass_g[::10], 2_000, ())
    assert _places(seldom) == []
