from __future__ import annotations

import numpy as np
import pytest

from results.cleaning.level_changes import changes_of
from results.cleaning.readings import CleanReadings
from results.series import Phase

_TIME_S = np.arange(20_000.0)
_PERIOD = Phase(0.0, 20_000.0)


def _readings(stroke_g: float, *, change_g: float = 0.0, seed: int = 1, sign: float = 1.0) -> CleanReadings:
    noise_g = 1e-5 * np.random.default_rng(seed).standard_normal(_TIME_S.size)
    mass_g = sign * np.floor((_TIME_S + 150.0) / 400.0) * stroke_g + noise_g
    mass_g[9_950:] += change_g
    return CleanReadings(_TIME_S, np.rint(mass_g * 1e5) / 1e5, _TIME_S.size, ())


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("stroke_g", [0.5e-3, 1e-3, 2e-3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_strokes_are_no_changes_of_level(seed: int, stroke_g: float, sign: float) -> None:
    found = changes_of(_readings(stroke_g, seed=seed, sign=sign), _PERIOD, sign=sign, pumping=True, readability_g=1e-5)
    assert found.changes == ()
    assert found.quantum_g == pytest.approx(stroke_g, rel=0.1)


@pytest.mark.parametrize("change_g", [-5e-4, -0.05, 2e-3, 0.05])
def test_a_change_is_found_where_it_is_with_its_size(change_g: float) -> None:
    (change,) = changes_of(
        _readings(1e-3, change_g=change_g), _PERIOD, sign=1.0, pumping=True, readability_g=1e-5
    ).changes
    assert change.stays
    assert change.abrupt
    assert change.first <= 9_950 <= change.last + 1
    assert change.size_g == pytest.approx(change_g, abs=1e-4)


@pytest.mark.parametrize("change_g", [-6e-5, 6e-5])
def test_with_the_pump_stopped_a_few_digits_show(change_g: float) -> None:
    (change,) = changes_of(
        _readings(0.0, change_g=change_g), _PERIOD, sign=1.0, pumping=False, readability_g=1e-5
    ).changes
    assert change.stays
    assert change.size_g == pytest.approx(change_g, abs=1e-5)


@pytest.mark.parametrize("until_s", [3_000.0, 9_000.0, 15_000.0])
def test_a_stall_is_no_change_of_level(until_s: float) -> None:
    smooth = CleanReadings(_TIME_S, 1e-4 * np.minimum(_TIME_S, until_s), _TIME_S.size, ())
    assert changes_of(smooth, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5).changes == ()


def test_a_steady_fall_seen_through_missing_readings_is_not_abrupt() -> None:
    """Liquid flows back between strokes; what lies about each stroke was left out as spikes."""
    level_g = 1e-3 * np.floor(_TIME_S / 400.0) - 16e-6 * _TIME_S
    level_g += 1e-5 * np.random.default_rng(1).standard_normal(_TIME_S.size)
    kept = np.abs((_TIME_S + 200.0) % 400.0 - 200.0) > 50.0
    readings = CleanReadings(_TIME_S[kept], level_g[kept], _TIME_S.size, ())
    found = changes_of(readings, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5)
    assert not [change for change in found.changes if change.abrupt]


def test_a_step_beside_missing_readings_is_abrupt() -> None:
    whole = _readings(1e-3, change_g=-5e-3)
    kept = (_TIME_S < 9_952.0) | (_TIME_S > 9_982.0)
    readings = CleanReadings(_TIME_S[kept], whole.mass_g[kept], _TIME_S.size, ())
    (change,) = changes_of(readings, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5).changes
    assert change.abrupt
    assert change.size_g == pytest.approx(-5e-3, abs=2e-4)


@pytest.mark.parametrize("place", [9_660, 9_700, 9_800, 9_950])
def test_a_fall_within_the_pull_shows_when_it_came_at_once_and_stayed_whenever_the_next_stroke_comes(
    place: int,
) -> None:
    readings = _readings(1e-3)
    readings.mass_g[place:] -= 3e-4
    (change,) = changes_of(
        readings, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5, stroke_g=1e-3, pull_g=4e-4
    ).changes
    assert change.abrupt
    assert change.stays
    assert change.size_g == pytest.approx(-3e-4, abs=1e-4)


def test_a_fall_within_the_pull_that_takes_its_time_is_the_pull() -> None:
    readings = _readings(1e-3)
    readings.mass_g[:] -= 3e-4 * np.clip((_TIME_S - 9_700.0) / 60.0, 0.0, 1.0)
    found = changes_of(readings, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5, stroke_g=1e-3, pull_g=4e-4)
    assert found.changes == ()


def test_a_door_that_opens_during_what_was_left_out_is_one_disturbance_that_returns() -> None:
    """The level while it stood open was left out as spikes; only its recovery is seen."""
    recovery_g = 2e-3 * np.exp(-np.maximum(_TIME_S - 9_860.0, 0.0) / 30.0) * (_TIME_S >= 9_860.0)
    readings = _readings(1e-3)
    kept = (_TIME_S < 9_790.0) | (_TIME_S > 9_865.0)
    seen = CleanReadings(_TIME_S[kept], (readings.mass_g + recovery_g)[kept], _TIME_S.size, ())
    (change,) = changes_of(seen, _PERIOD, sign=1.0, pumping=True, readability_g=1e-5).changes
    assert not change.stays
    assert seen.time_s[change.first] < 9_790.0
    assert seen.time_s[change.last] > 9_960.0


def test_two_changes_with_no_level_of_their_own_between_them_are_one() -> None:
    """A door stands open between readings left out as spikes; a few survive in the middle of it."""
    rng = np.random.default_rng(1)
    level_g = 1e-5 * rng.standard_normal(_TIME_S.size)
    open_ = (_TIME_S >= 9_000.0) & (_TIME_S < 9_300.0)
    level_g += 20e-3 * np.where(open_, 1.0, np.exp(-np.maximum(_TIME_S - 9_300.0, 0.0) / 40.0) * (_TIME_S >= 9_300.0))
    kept = ~((_TIME_S >= 9_003.0) & (_TIME_S < 9_300.0)) | ((_TIME_S >= 9_174.0) & (_TIME_S < 9_180.0))
    readings = CleanReadings(_TIME_S[kept], np.rint(level_g * 1e5)[kept] / 1e5, _TIME_S.size, ())
    found = changes_of(readings, _PERIOD, sign=1.0, pumping=False, readability_g=1e-5)
    assert not [change for change in found.changes if change.stays]
    assert any(
        readings.time_s[change.first] <= 9_000.0 and readings.time_s[change.last] > 9_500.0 for change in found.changes
    )
