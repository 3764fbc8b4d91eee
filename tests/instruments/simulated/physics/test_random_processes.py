from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.simulated.physics.disturbances import Disturbances
from instruments.simulated.physics.draws import CHUNK, NormalTrack
from instruments.simulated.physics.drift import ZeroDrift
from instruments.simulated.physics.lags import running_maximum
from instruments.simulated.physics.meniscus import Meniscus
from instruments.simulated.physics.room import RoomAir

SEEDS = range(1, 401)


@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, 5 * CHUNK), count=st.integers(0, 2 * CHUNK))
def test_a_number_belongs_to_its_index(first: int, count: int) -> None:
    everything = NormalTrack(1, "balance", "white noise").numbers(0, 7 * CHUNK + 1)
    asked = NormalTrack(1, "balance", "white noise")
    np.testing.assert_array_equal(asked.numbers(first, count), everything[first : first + count])
    np.testing.assert_array_equal(asked.numbers(0, 10), everything[:10])


def test_processes_devices_and_seeds_are_independent() -> None:
    keys = [(1, "balance", "a"), (1, "balance", "b"), (1, "pump", "a"), (2, "balance", "a")]
    tracks = np.array([NormalTrack(*key).numbers(0, 20_000) for key in keys])
    correlation = np.corrcoef(tracks)[np.triu_indices(len(keys), 1)]
    assert np.abs(correlation).max() < 5.0 / math.sqrt(20_000)
    np.testing.assert_allclose(tracks.std(axis=1), 1.0, rtol=5.0 / math.sqrt(40_000))


@pytest.mark.parametrize("capillary_ul", [0.1, 0.2, 0.5])
def test_the_contact_line_wanders_with_the_level_by_the_stated_amount(quiet: Any, capillary_ul: float) -> None:
    truth = quiet({"meniscus.capillary_ul": capillary_ul}).meniscus
    levels_ul = np.array([0.0, 216.0, 441.0])
    held = np.array([Meniscus(truth, seed).volume_ul(levels_ul) for seed in SEEDS])
    spread = (held[:, 1:] - held[:, :-1]).std(axis=0)
    np.testing.assert_allclose(spread, capillary_ul, rtol=4.0 / math.sqrt(2 * len(SEEDS)))
    assert abs((held[:, 2] - held[:, 1]).mean()) < 4.0 * capillary_ul / math.sqrt(len(SEEDS))


def test_the_contact_line_creeps_and_does_not_jump(quiet: Any) -> None:
    truth = quiet({"meniscus.capillary_ul": 0.2}).meniscus
    meniscus = Meniscus(truth, 1)
    fine = meniscus.volume_ul(np.arange(0.0, 100.0, 0.001))
    assert np.abs(np.diff(fine)).max() < 0.002
    assert np.ptp(fine) > 0.2
    assert np.ptp(meniscus.volume_ul(np.full(10, 12.345))) == 0.0


def test_the_zero_walks_by_the_stated_amount(quiet: Any) -> None:
    truth = quiet({"balance.zero_drift_ug_per_sqrt_h": 10.0}).balance
    hours = np.array([ZeroDrift(truth, seed).block(0, 360 * 4 + 1)[[0, 360, 1440]] for seed in SEEDS])
    tolerance = 4.0 / math.sqrt(2 * len(SEEDS))
    assert (hours[:, 1] - hours[:, 0]).std() == pytest.approx(10.0, rel=tolerance)
    assert (hours[:, 2] - hours[:, 0]).std() == pytest.approx(20.0, rel=tolerance)


def test_flicker_noise_has_the_same_power_in_every_octave(quiet: Any) -> None:
    truth = quiet({"balance.flicker_ug": 2.0}).balance
    series = np.array([ZeroDrift(truth, seed).block(0, 4096) for seed in range(1, 65)])
    power = (np.abs(np.fft.rfft(series - series.mean(axis=1, keepdims=True))) ** 2).mean(axis=0)
    octaves = [power[2**k : 2 ** (k + 1)].sum() for k in range(3, 8)]  # periods of 3 min to 1.4 h
    assert max(octaves) / min(octaves) < 1.5
    assert series[:, ::256].std() == pytest.approx(2.0 * math.sqrt(12), rel=0.15)


def test_drift_does_not_depend_on_blocks(typical: Any) -> None:
    truth = typical().balance
    whole = ZeroDrift(truth, 3).block(0, 1000)
    drift = ZeroDrift(truth, 3)
    parts = np.concatenate([drift.block(0, 1), drift.block(1, 600), drift.block(601, 399)])
    np.testing.assert_array_equal(parts, whole)


def test_the_room_moves_as_stated(typical: Any) -> None:
    truth = typical({"room.pressure_wander_hpa": 3.0, "room.humidity_wander_percent": 3.0}).room
    blocks = [RoomAir(truth, seed).block(0, 8640) for seed in range(1, 61)]
    temperature, humidity, pressure = (np.array(column) for column in zip(*blocks, strict=True))
    assert temperature.mean() == pytest.approx(21.5, abs=0.03)
    expected = math.sqrt(0.1**2 / 2.0 + 0.1**2 / 2.0 + 0.03**2)
    assert temperature.std() == pytest.approx(expected, rel=0.1)
    assert humidity.mean() == pytest.approx(48.0, abs=1.0)
    assert humidity.std() == pytest.approx(3.0, rel=0.2)
    assert pressure[:, ::4320].std() == pytest.approx(3.0, rel=0.35)
    # Weather is smooth: no more than a few pascal in ten seconds.
    assert np.abs(np.diff(pressure, axis=1)).max() < 0.03


def test_warm_air_is_relatively_drier(quiet: Any) -> None:
    truth = quiet({"room.hvac_amplitude_k": 2.0}).room
    temperature, humidity, _ = RoomAir(truth, 1).block(0, 360)
    slope = np.polyfit(temperature, humidity, 1)[0]
    assert slope == pytest.approx(-0.061 * 48.0, rel=0.05)


def test_vibration_comes_as_often_as_stated(quiet: Any) -> None:
    truth = quiet({"balance.vibration_spikes_per_h": 2.0, "balance.vibration_spike_mg": 5.0}).balance
    disturbances = Disturbances(truth, (), 1)
    times_s = np.arange(0.0, 500 * 3600.0, 0.5)
    load = disturbances.load_g(0, times_s)
    assert load is not None
    begins = np.count_nonzero((load[1:] != 0.0) & (load[:-1] == 0.0))
    assert begins == pytest.approx(1000, abs=4 * math.sqrt(1000))
    assert 4e-3 < np.abs(load).max() <= 5e-3


def test_disturbances_do_not_depend_on_blocks(quiet: Any) -> None:
    changes = {"balance.vibration_spikes_per_h": 20.0}
    events = [{"kind": "door_open", "at_s": 3000.0, "duration_s": 700.0, "step_mg": 1.0}]
    truth = quiet(changes, events=events)
    disturbances = Disturbances(truth.balance, truth.event, 1)
    times_s = 0.2 * np.arange(0, 36_000, dtype=np.float64)
    whole = disturbances.load_g(0, times_s)
    assert whole is not None
    for first in range(0, 36_000, 777):
        part = disturbances.load_g(first, times_s[first : first + 777])
        np.testing.assert_array_equal(0.0 if part is None else part, whole[first : first + 777])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.integers(1, 20))
def test_running_maximum(values: list[float], window: int) -> None:
    x = np.array(values)
    if window > x.size:
        return
    expected = [x[i : i + window].max() for i in range(x.size - window + 1)]
    assert running_maximum(x, window).tolist() == expected
