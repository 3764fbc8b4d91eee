from __future__ import annotations

import numpy as np
import pytest

from results.cleaning.frozen import frozen_mask


def _dithered(count: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    noise = np.random.default_rng(seed).standard_normal(count)
    return np.asarray(np.rint(1.2 * noise) * 1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("updates_s", [0.16, 0.32, 1.0])
def test_a_balance_polled_faster_than_it_updates_is_not_frozen(seed: int, updates_s: float) -> None:
    polled_s = np.arange(0.0, 3600.0, 0.05)
    mass_g = _dithered(4 * 3600 * 7, seed)[(polled_s / updates_s).astype(np.intp)]
    assert not frozen_mask(polled_s, mass_g).any()


def test_a_frozen_stretch_is_marked_but_for_its_first_reading() -> None:
    time_s = np.arange(10_000.0)
    mass_g = _dithered(10_000, 1)
    mass_g[4000:4300] = 5.0
    assert np.flatnonzero(frozen_mask(time_s, mass_g)).tolist() == list(range(4001, 4300))


def test_coarse_readings_that_repeat_anyway_prove_nothing() -> None:
    time_s = np.arange(10_000.0)
    mass_g = np.floor(time_s / 400.0) * 1e-3
    mass_g[4000:8000] = mass_g[4000]
    assert not frozen_mask(time_s, mass_g).any()
