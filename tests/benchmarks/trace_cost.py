"""What recording costs: durable append, beside a raw file and plain HDF5, then sealing and reading.

Run by hand: `python -m tests.benchmarks.trace_cost [FOLDER]`. Nothing here is a test. Every row is the median of five
interleaved rounds, its spread the lowest and highest of them; "of raw" is the median of each round's ratio to the raw
file; a "core %" is CPU time per second of signal.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.schema import MASS, MASS_COLUMNS, PRESSURE_COLUMNS, PRESSURE_PREFIX, Block, StreamSpec
from results.trace.seal import seal

HEADER = {"run_id": "benchmark", "start_utc": "2026-01-01T00:00:00Z", "simulated": True}
CHANNELS = tuple(f"{PRESSURE_PREFIX}{index}" for index in range(4))
PRESSURE = tuple(StreamSpec(name, PRESSURE_COLUMNS, 0.001, hardware_timed=True) for name in CHANNELS)
SECONDS = 60
READINGS = 20_000
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU time, slowest commit, samples and bytes of one way of storing."""

    wall_s: float
    cpu_s: float
    commits_s: Sequence[float]
    samples: int
    size_bytes: int


def pressure_blocks() -> list[Block]:
    """Return 0.1-s blocks of 4 channels at 1 kHz."""
    noise, good = np.random.default_rng(1), np.zeros(100, np.uint8)
    return [
        Block(name, np.arange(start, start + 100) * 1_000_000, good, {"pressure_kpa": noise.normal(size=100)})
        for start in range(0, SECONDS * 1000, 100)
        for name in CHANNELS
    ]


def mass_blocks() -> list[Block]:
    """Return balance readings, one by one."""
    return [
        Block(
            MASS,
            np.array([index * 10**9]),
            np.array([1], np.uint8),
            {"mass_g": np.array([index * 2.5e-6]), "reply": np.array([f"S D {index * 2.5e-6:12.5f} g".encode()])},
        )
        for index in range(READINGS)
    ]


def measure(path: Path, blocks: Sequence[Block], per_commit: int, store: Callable[[Block], None],
            commit: Callable[[], None], close: Callable[[], None]) -> Cost:  # fmt: skip
    """Store blocks, commit after every `per_commit` of them."""
    commits_s: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    for number, block in enumerate(blocks, start=1):
        store(block)
        if number % per_commit == 0:
            begin = time.perf_counter()
            commit()
            commits_s.append(time.perf_counter() - begin)
    close()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(wall, cpu, commits_s, sum(len(block.time_ns) for block in blocks), path.stat().st_size)


def journal(path: Path, streams: Sequence[StreamSpec], blocks: Sequence[Block], per_commit: int) -> Cost:
    """Our journal: durable at every commit."""
    writer = JournalWriter(path, header=HEADER, streams=streams)
    return measure(path, blocks, per_commit, writer.append, writer.commit, writer.close)


def raw_file(path: Path, blocks: Sequence[Block], per_commit: int) -> Cost:
    """The same bytes into a file, fsync at every commit: the floor."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)

    def store(block: Block) -> None:
        os.write(descriptor, block.time_ns.tobytes() + block.status.tobytes())
        for array in block.columns.values():
            os.write(descriptor, array.tobytes())

    return measure(path, blocks, per_commit, store, lambda: os.fsync(descriptor), lambda: os.close(descriptor))


def plain_hdf5(path: Path, blocks: Sequence[Block], per_commit: int) -> Cost:
    """Growing datasets in an open HDF5 file, flush and fsync at every commit: not crash-proof."""
    root = h5py.File(path, "w")
    descriptor = root.id.get_vfd_handle()

    def store(block: Block) -> None:
        arrays: dict[str, NDArray[np.generic]] = {"time": block.time_ns, "status": block.status, **block.columns}
        for name, array in arrays.items():
            where = f"{block.stream}/{name}"
            if where not in root:
                root.create_dataset(where, shape=(0,), maxshape=(None,), chunks=(8192,), dtype=array.dtype)
            dataset = root[where]
            dataset.resize((dataset.shape[0] + len(array),))
            dataset[-len(array) :] = array

    def commit() -> None:
        root.flush()
        os.fsync(descriptor)

    return measure(path, blocks, per_commit, store, commit, root.close)


def row(name: str, costs: Sequence[Cost], raw: Sequence[Cost], signal_s: float | None) -> None:
    """Print the medians of one way of storing, beside the raw file of the same rounds."""
    speeds = sorted(cost.samples / cost.wall_s for cost in costs)
    of_raw = statistics.median(floor.wall_s / cost.wall_s for cost, floor in zip(costs, raw, strict=True))
    core = statistics.median(cost.cpu_s for cost in costs) / signal_s * 100 if signal_s else float("nan")
    commits_s = sorted(commit for cost in costs for commit in cost.commits_s)
    median_ms, p99_ms = commits_s[len(commits_s) // 2] * 1e3, commits_s[len(commits_s) * 99 // 100] * 1e3
    samples, size = costs[0].samples, costs[0].size_bytes
    sys.stdout.write(
        f"{name:44} {statistics.median(speeds):12.0f} {f'{speeds[0]:.0f} to {speeds[-1]:.0f}':>18} {of_raw:8.3f} "
        f"{core:8.3f} {median_ms:8.2f} {p99_ms:8.2f} {commits_s[-1] * 1e3:8.2f} {size / samples:8.2f}\n"
    )


def main(folder: Path) -> None:
    """Measure and print."""
    paths = (folder / f"file{number}" for number in count())
    pressure, mass = pressure_blocks(), mass_blocks()
    mass_stream = [StreamSpec(MASS, MASS_COLUMNS, 1.0)]
    ways: dict[str, tuple[Callable[[], Cost], float | None]] = {
        "1 Hz mass, commit per reading: journal": (lambda: journal(next(paths), mass_stream, mass, 1), READINGS),
        "1 Hz mass, commit per reading: raw file": (lambda: raw_file(next(paths), mass, 1), READINGS),
        "1 Hz mass, commit per 5000: raw file": (lambda: raw_file(next(paths), mass, 5000), READINGS),
        "1 Hz mass, commit per 5000: journal": (lambda: journal(next(paths), mass_stream, mass, 5000), READINGS),
        "4 x 1 kHz, commit per second: journal": (lambda: journal(next(paths), PRESSURE, pressure, 40), SECONDS),
        "4 x 1 kHz, commit per second: raw file": (lambda: raw_file(next(paths), pressure, 40), SECONDS),
        "4 x 1 kHz, commit per second: plain HDF5": (lambda: plain_hdf5(next(paths), pressure, 40), SECONDS),
        "4 x 1 kHz, commit per 0.1 s: journal": (lambda: journal(next(paths), PRESSURE, pressure, 4), SECONDS),
        "4 x 1 kHz, commit per 0.1 s: raw file": (lambda: raw_file(next(paths), pressure, 4), SECONDS),
        "4 x 1 kHz, commit per 0.1 s: plain HDF5": (lambda: plain_hdf5(next(paths), pressure, 4), SECONDS),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (way, _signal) in ways.items():
            costs[name].append(way())
    sys.stdout.write(
        f"load {os.getloadavg()[0]:.1f}\n"
        f"{'':44} {'samples/s':>12} {'spread':>18} {'of raw':>8} {'core %':>8} {'commit':>8} {'p99':>8} {'max ms':>8} "
        f"{'B/sample':>8}\n"
    )
    for name, (_way, signal_s) in ways.items():
        row(name, costs[name], costs[f"{name.rpartition(': ')[0]}: raw file"], signal_s)
    path = next(paths)
    samples = journal(path, PRESSURE, pressure, 40).samples
    begin = time.perf_counter()
    report = seal(path, folder / "trace.h5")
    sealed = time.perf_counter()
    trace = read_trace(report.trace_path, sha256=report.sha256)
    for name in CHANNELS:
        trace.stream(name).column("pressure_kpa")
    read = time.perf_counter()
    sys.stdout.write(
        f"seal {samples / (sealed - begin):.0f} samples/s, {report.size_bytes / samples:.2f} B/sample; "
        f"read the values of all channels {samples / (read - sealed):.0f} samples/s\n"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as temporary:
        main(Path(temporary))
