"""A prediction that is too small fills disks, one that is far too large refuses runs that would fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from results.trace.journal import JournalWriter
from results.trace.schema import (
    MASS,
    MASS_COLUMNS,
    PRESSURE_COLUMNS,
    PUMP,
    PUMP_COLUMNS,
    Block,
    StreamSpec,
)
from results.trace.seal import seal
from rig.disk.size import END_BYTES, end_bytes, predicted_bytes, sample_bytes, size_words, trace_bytes

HEADER = {"run_id": "R1", "start_utc": "2026-01-01T00:00:00Z", "simulated": True}
SPECS = (
    StreamSpec(MASS, MASS_COLUMNS, 1.0),
    StreamSpec("pressure_line", PRESSURE_COLUMNS, 0.01, hardware_timed=True),
    StreamSpec(PUMP, PUMP_COLUMNS, 1.0),
)
DURATION_S = 3000


def noisy_run(folder: Path) -> tuple[int, int]:
    """Write a run committed each second of noise that no compression can save; return bytes of journal and trace."""
    random = np.random.default_rng(1)
    with JournalWriter(folder / "journal.sqlite", header=HEADER, streams=SPECS) as writer:
        for second in range(DURATION_S):
            at_ns = np.array([second * 10**9 + random.integers(10**6)], dtype=np.int64)
            status = np.zeros(1, np.uint8)
            mass = {"mass_g": random.random(1), "reply": np.array([random.bytes(31) + b"."], dtype="S32")}
            writer.append(Block(MASS, at_ns, status, mass))
            flows: dict[str, NDArray[np.generic]] = {}
            flows |= {name: random.random(1) for name in ("set_flow_ul_per_h", "delivered_ul", "reservoir_ul")}
            flows |= {"state": np.array([1], np.uint8), "alarms": np.array([3], np.uint16)}
            writer.append(Block(PUMP, at_ns, status, flows))
            times = second * 10**9 + np.arange(100, dtype=np.int64) * 10**7
            writer.append(Block("pressure_line", times, np.zeros(100, np.uint8), {"pressure_kpa": random.random(100)}))
            writer.commit()
    seal(folder / "journal.sqlite", folder / "trace.h5")
    return (folder / "journal.sqlite").stat().st_size, (folder / "trace.h5").stat().st_size


def test_a_run_takes_no_more_than_predicted_and_not_much_less(tmp_path: Path) -> None:
    journal, trace = noisy_run(tmp_path)
    samples = {MASS: DURATION_S, PUMP: DURATION_S, "pressure_line": 100 * DURATION_S}
    assert 0.6 * trace_bytes(SPECS, samples) < trace < end_bytes(SPECS, samples)
    predicted = predicted_bytes(SPECS, duration_s=DURATION_S)
    assert journal + trace < predicted
    assert 0.6 * (predicted - END_BYTES) < journal + trace


def test_two_weeks_at_full_rate_are_predicted_near_what_was_measured_of_it() -> None:
    channels = [StreamSpec(f"pressure_{n}", PRESSURE_COLUMNS, 0.001, hardware_timed=True) for n in range(4)]
    predicted = predicted_bytes(channels, duration_s=14 * 86400.0)
    # 8.0 bytes a sample in the journal, 6 to 7.4 in the trace
    assert 4.84e9 * 14.0 < predicted < 4.84e9 * 14.0 * 1.5


@pytest.mark.parametrize(("size_bytes", "words"), [(256e6, "256 MB"), (1.25e9, "1.25 GB"), (0.0, "0 MB")])
def test_sizes_are_said_as_people_say_them(size_bytes: float, words: str) -> None:
    assert size_words(size_bytes) == words


@pytest.mark.parametrize(("rate_hz", "time_bytes"), [(1000.0, 2), (10.0, 2), (60.0, 9), (300.0, 9)])
def test_times_of_no_whole_number_of_nanoseconds_are_no_ramp(rate_hz: float, time_bytes: int) -> None:
    spec = StreamSpec("pressure_line", PRESSURE_COLUMNS, 1.0 / rate_hz, hardware_timed=True)
    assert sample_bytes(spec) == time_bytes + 8
