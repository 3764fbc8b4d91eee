"""The same seed gives the same trace; another polling rate sees the same physics; another seed does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import Finished, make_station, run_protocols

COLUMNS = (
    ("mass", "mass_g"),
    ("mass", "reply"),
    ("mass", "status"),
    ("pressure_line", "pressure_kpa"),
    ("pressure_catheter", "pressure_kpa"),
    ("ambient", "temperature_c"),
    ("ambient", "humidity_percent"),
    ("ambient", "pressure_hpa"),
    ("pump", "delivered_ul"),
    ("pump", "state"),
)


def fast(runs: Path, station: str, seed: int) -> Finished:
    finished = run_protocols(runs, "--station", station, "--case", "fast", "--seed", str(seed))
    assert finished.status == 0, finished.output
    return finished


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return fast(tmp_path_factory.mktemp("first"), "simulated", 7)


def test_the_same_seed_gives_the_same_trace(first: Finished, tmp_path: Path) -> None:
    again = fast(tmp_path / "runs", "simulated", 7)
    assert read_trace(first.run.trace).data_sha256() == read_trace(again.run.trace).data_sha256()
    for stream, column in COLUMNS:
        path = f"/entry/{stream}/{column}"
        done = subprocess.run(
            ["h5diff", str(first.run.trace), str(again.run.trace), path, path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
    same = ("delivered_volume", "error_a", "corrected", "as_written", "exclusions")
    assert all(first.record["outcome"][key] == again.record["outcome"][key] for key in same)


def test_another_seed_gives_another_trace(first: Finished, tmp_path: Path) -> None:
    other = fast(tmp_path / "runs", "simulated", 8)
    assert read_trace(first.run.trace).data_sha256() != read_trace(other.run.trace).data_sha256()


def test_another_polling_rate_sees_the_same_physics(first: Finished, tmp_path: Path) -> None:
    changes = {
        "balance_period_s = 1.0": "balance_period_s = 5.0",
        "ambient_period_s = 10.0": "ambient_period_s = 30.0",
        "telemetry_period_s = 10.0": "telemetry_period_s = 20.0",
        "pressure_block_s = 10.0": "pressure_block_s = 4.0",
    }
    station = make_station(tmp_path / "bench", station=changes)
    slow = read_trace(fast(tmp_path / "runs", str(station), 7).run.trace)
    quick = read_trace(first.run.trace)
    for stream, column in (("mass", "mass_g"), ("ambient", "temperature_c"), ("ambient", "pressure_hpa")):
        few, many = slow.stream(stream), quick.stream(stream)
        common, in_few, in_many = np.intersect1d(few.time_ns, many.time_ns, return_indices=True)
        assert len(common) == few.count > 100
        assert np.array_equal(few.column(column)[in_few], many.column(column)[in_many])
    for channel in ("pressure_line", "pressure_catheter"):
        assert np.array_equal(slow.stream(channel).column("pressure_kpa"), quick.stream(channel).column("pressure_kpa"))
