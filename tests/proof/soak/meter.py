"""A pytest plugin for a soak (`-p tests.proof.soak.meter`): what the process holds, hour by hour of station time.

Into the file that the environment names go lines of JSON: the station time (h), resident memory (MB), threads, open
descriptors, Python's objects; and last what storage has acknowledged, with hashes of what was published.

What is free and only kept for later does not count as held. The process holds the digital twin as well, and that keeps
what truly happened until its end. That is laid into files here, and memory that belongs to a file is not counted; its
noises, which keep the numbers they drew last, keep one chunk of them each, and no slow one is still filling its four
after weeks; its threads are counted apart.
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from instruments.simulated.physics import draws
from instruments.simulated.physics.growing import FloatArray, GrowingTable
from results.trace.journal import JournalWriter
from results.trace.schema import MASS, StreamSpec
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item, SampleStream
from rig.acquisition.writer import TraceWriter
from rig.running import recording as run_recording
from tests.proof.kill.digests import Digests

FILE, EVERY_H = "SOAK_METER_FILE", "SOAK_METER_EVERY_H"
_NS_PER_H = 3.6e12
_OF_THE_TWIN = (" tcp", " client", " pty", " grpc", "(_serve)", "plugs")
"""In the names of its threads."""


class Meter:
    """Reads the process's meters once in so many hours of station time, in the thread that publishes."""

    def __init__(self, path: Path, every_h: float) -> None:
        self._path = path
        self._every_h = every_h
        self._next_h = 0.0
        self._process = psutil.Process()

    def listen(self, item: Item) -> None:
        """Look at the time of a reading."""
        if isinstance(item, Sample) and item.stream == MASS and item.time_ns / _NS_PER_H >= self._next_h:
            self._next_h += self._every_h
            self._read(item.time_ns / _NS_PER_H)

    def _read(self, time_h: float) -> None:
        gc.collect()
        give_back_free_memory()
        memory = self._process.memory_info()
        names = [thread.name for thread in threading.enumerate()]
        of_the_twin = sum(any(word in name for word in _OF_THE_TWIN) for name in names)
        self.note(
            time_h=time_h,
            memory_mb=(memory.rss - memory.shared) / 2**20,
            file_mb=memory.shared / 2**20,
            threads=len(names) - of_the_twin,
            twin_threads=of_the_twin,
            other_threads=self._process.num_threads() - len(names),
            descriptors=self._process.num_fds(),
            objects=len(gc.get_objects()),
        )

    def note(self, **what: object) -> None:
        """Write a line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(what)}\n")


class MeteredWriter(TraceWriter):
    """The rig's writer: its stream is metered, and its last acknowledgement noted."""

    def __init__(self, stream: SampleStream, journal: JournalWriter, specs: Sequence[StreamSpec]) -> None:
        super().__init__(stream, journal, specs)
        self._meter = Meter(Path(os.environ[FILE]), float(os.environ[EVERY_H]))
        self._digests = Digests(specs)
        self._acknowledged: Mapping[str, Sequence[object]] = {}
        stream.subscribe(self._digests.take)
        stream.subscribe(self._meter.listen)
        self.call_on_commit(self._keep)

    def _keep(self, durable: Mapping[str, int]) -> None:
        self._acknowledged = self._digests.at(durable)

    def finish(self) -> None:
        """Close the journal, and note what was acknowledged."""
        try:
            super().finish()
        finally:
            self._meter.note(durable=self._acknowledged)


def give_back_free_memory() -> None:
    """Let the C library give what it has free to the system: it keeps that for later, the more the more threads."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def in_a_file(shape: tuple[int, int]) -> FloatArray:
    """Return room for a table in a file without a name."""
    size = shape[0] * shape[1] * np.dtype(np.float64).itemsize
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        return np.ndarray(shape, dtype=np.float64, buffer=mmap.mmap(file.fileno(), size))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Put the meter in place for the session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_recording, "TraceWriter", MeteredWriter)
        patch.setattr(GrowingTable, "allocate", staticmethod(in_a_file))
        patch.setattr(draws, "KEPT_CHUNKS", 1)
        return (yield)
