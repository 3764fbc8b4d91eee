from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.transducers import transducer_electrical

TIMES_S = np.arange(0.0, 60.0, 0.1)


def _still_channel(quiet: Any, changes: dict[str, Any] | None = None) -> Any:
    base = {"channel.line.noise_kpa": 0.0, "channel.line.mains_pickup_kpa": 0.0}
    return quiet(base | (changes or {})).channel.line


def _values(channel: Any, pressure_kpa: float) -> Any:
    pressure = np.full(TIMES_S.size, pressure_kpa)
    return transducer_electrical(channel, pressure_kpa=pressure, times_s=TIMES_S, noise=np.zeros(TIMES_S.size))


@pytest.mark.parametrize(("kpa", "ma"), [(0.0, 4.0), (100.0, 12.0), (200.0, 20.0), (400.0, 21.5), (-50.0, 3.8)])
def test_current_loop(quiet: Any, kpa: float, ma: float) -> None:
    np.testing.assert_allclose(_values(_still_channel(quiet), kpa), ma)


def test_offset_and_gain_errors(quiet: Any) -> None:
    changes = {"channel.line.offset_kpa.value": 2.0, "channel.line.gain_error_percent.value": 1.0}
    np.testing.assert_allclose(_values(_still_channel(quiet, changes), 100.0), 4.0 + 16.0 * 103.0 / 200.0)


def test_noise_and_pickup(quiet: Any) -> None:
    changes = {"channel.line.noise_kpa": 0.02, "channel.line.mains_pickup_kpa": 1.0, "channel.line.mains_hz": 50.5}
    channel = _still_channel(quiet, changes)
    still = transducer_electrical(channel, pressure_kpa=np.zeros(600), times_s=TIMES_S, noise=np.zeros(600))
    kpa = (still - 4.0) * 200.0 / 16.0
    # Sampled at 10 Hz, 50.5 Hz appears as 0.5 Hz.
    spectrum = np.abs(np.fft.rfft(kpa))
    assert np.fft.rfftfreq(600, 0.1)[int(spectrum.argmax())] == pytest.approx(0.5)
    assert np.ptp(kpa) == pytest.approx(2.0, rel=0.1)
    noisy = transducer_electrical(channel, pressure_kpa=np.zeros(600), times_s=TIMES_S, noise=np.ones(600))
    np.testing.assert_allclose((noisy - still) * 200.0 / 16.0, 0.02, rtol=1e-9)


def test_noise_belongs_to_the_sample_and_not_to_the_call(typical: Any) -> None:
    bench = Bench(typical(), 1)
    whole = bench.electrical("line", TIMES_S, 5000)
    parts = np.concatenate([bench.electrical("line", TIMES_S[i : i + 7], 5000 + i) for i in range(0, 600, 7)])
    np.testing.assert_array_equal(whole, parts)
    assert whole.std() > 0.0
    other = bench.electrical("catheter", TIMES_S, 5000)
    assert abs(np.corrcoef(whole, other)[0, 1]) < 0.3


@pytest.mark.parametrize(
    ("fault", "value"), [("wire_break", 0.0), ("over_range", 21.5), ("under_range", 3.8), ("frozen", None)]
)
def test_sensor_faults(quiet: Any, fault: str, value: float | None) -> None:
    event = {"kind": "sensor_fault", "at_s": 1000.0, "duration_s": 500.0, "channel": "line", "fault": fault}
    bench = Bench(quiet(events=[event]), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 36.0)
    times_s = np.arange(0.0, 2000.0, 0.5)
    seen = bench.electrical("line", times_s, 0)
    during = (times_s >= 1000.0) & (times_s < 1500.0)
    assert np.unique(seen[during]).size == 1
    if value is not None:
        assert seen[during][0] == value
    else:
        true_kpa = bench.pressure_kpa("line", np.array([1000.0]))[0]
        assert seen[during][0] == pytest.approx(4.0 + true_kpa * 16.0 / 200.0, abs=0.002)
    healthy = bench.electrical("catheter", times_s, 0)
    assert np.unique(healthy[during]).size > 100
    assert np.unique(seen[~during]).size > 100


def test_the_bridge_has_its_own_scale(quiet: Any) -> None:
    bench = Bench(quiet({"channel.catheter.noise_kpa": 0.0, "channel.catheter.mains_pickup_kpa": 0.0}), 1)
    bench.set_valve(0.0, "occluder", energised=True)
    bench.set_pump_flow(0.0, 9.0)
    times_s = np.array([3600.0])
    kpa = bench.pressure_kpa("catheter", times_s)
    np.testing.assert_allclose(bench.electrical("catheter", times_s, 0), kpa * 3.0 / 200.0)
    assert kpa[0] > 70.0
