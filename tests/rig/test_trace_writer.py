"""The writer: what is published is in the journal, in full, and a failing disk hangs nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from results.trace.errors import JournalError
from results.trace.journal import JournalWriter
from results.trace.journal_read import JournalReader
from results.trace.reader import read_trace
from results.trace.schema import MASS, MASS_COLUMNS, PRESSURE_COLUMNS, Block, StreamSpec, TraceEvent
from results.trace.seal import seal
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.acquisition.stream import CAPACITY, SampleStream
from rig.acquisition.writer import TraceWriter

SPECS = (StreamSpec(MASS, MASS_COLUMNS, 1.0), StreamSpec("pressure_line", PRESSURE_COLUMNS, 0.1, hardware_timed=True))
HEADER = {"run_id": "R1", "start_utc": "2026-01-01T00:00:00Z", "simulated": True}


def mass(index: int) -> Sample:
    return Sample(MASS, index * 1_000_000_000, SampleStatus.DYNAMIC, (index * 0.5, b"S D"))


def fill(stream: SampleStream, writer: TraceWriter) -> None:
    """Publish more than the journal may hold."""
    for index in range(5 * CAPACITY):
        stream.publish(mass(index))
        if index % 500 == 0:
            stream.publish(TraceEvent(index * 1_000_000_000, "mark", "test", {}))
    with pytest.raises(JournalError, match="disk is full"):
        writer.finish()


def test_samples_blocks_and_events_arrive_complete_and_in_order(tmp_path: Path) -> None:
    stream = SampleStream()
    writer = TraceWriter(stream, JournalWriter(tmp_path / "j.sqlite", header=HEADER, streams=SPECS), SPECS)
    count = 3 * CAPACITY
    for index in range(count):
        stream.publish(mass(index))
        if index % 1000 == 0:
            stream.publish(TraceEvent(index * 1_000_000_000, "phase_begin", "test", {"phase": str(index)}))
    times = np.arange(5, dtype=np.int64)
    pressure = {"pressure_kpa": np.linspace(0.0, 1.0, 5)}
    stream.publish(Block("pressure_line", times, np.zeros(5, dtype=np.uint8), pressure))
    writer.finish()
    seal(tmp_path / "j.sqlite", tmp_path / "t.h5")
    trace = read_trace(tmp_path / "t.h5")
    assert trace.complete
    assert np.array_equal(trace.stream(MASS).time_ns, np.arange(count) * 1_000_000_000)
    assert np.array_equal(trace.stream(MASS).column("mass_g"), np.arange(count) * 0.5)
    assert set(trace.stream(MASS).column("reply").tolist()) == {b"S D"}
    assert np.array_equal(trace.stream("pressure_line").column("pressure_kpa"), pressure["pressure_kpa"])
    assert [event.data["phase"] for event in trace.events] == [str(index) for index in range(0, count, 1000)]


def test_a_full_disk_is_told_once_and_blocks_no_publisher(tmp_path: Path) -> None:
    stream = SampleStream()
    journal = JournalWriter(tmp_path / "j.sqlite", header=HEADER, streams=SPECS, max_bytes=200_000)
    writer = TraceWriter(stream, journal, SPECS)
    fill(stream, writer)
    seal(tmp_path / "j.sqlite", tmp_path / "t.h5")
    trace = read_trace(tmp_path / "t.h5")
    assert not trace.complete
    kept = trace.stream(MASS).time_ns
    assert writer.lost_samples == {MASS: 5 * CAPACITY - len(kept)}
    assert 0 < len(kept) < 5 * CAPACITY
    assert np.array_equal(kept, np.arange(len(kept)) * 1_000_000_000)


def test_a_disk_that_has_room_again_takes_what_was_taken_before_and_the_trace_says_it_is_not_whole(
    tmp_path: Path,
) -> None:
    stream = SampleStream()
    journal = JournalWriter(tmp_path / "j.sqlite", header=HEADER, streams=SPECS, max_bytes=200_000)
    writer = TraceWriter(stream, journal, SPECS)
    writer.call_on_failure(lambda error: journal.limit(None))
    fill(stream, writer)
    seal(tmp_path / "j.sqlite", tmp_path / "t.h5")
    trace = read_trace(tmp_path / "t.h5")
    assert not trace.closed_orderly
    assert writer.lost_samples == {MASS: 5 * CAPACITY - trace.stream(MASS).count}


def test_what_a_commit_tells_is_on_disk_when_it_tells_it(tmp_path: Path) -> None:
    stream, path = SampleStream(), tmp_path / "j.sqlite"
    writer = TraceWriter(stream, JournalWriter(path, header=HEADER, streams=SPECS), SPECS)
    told: list[dict[str, int]] = []

    def compare(durable: Mapping[str, int]) -> None:
        with JournalReader(path) as reader:
            blocks = [entry.item for entry in reader.entries() if isinstance(entry.item, Block)]
        stored = {spec.name: sum(len(one.time_ns) for one in blocks if one.stream == spec.name) for spec in SPECS}
        assert durable == stored
        told.append(stored)

    writer.call_on_commit(compare)
    for index in range(2000):
        stream.publish(mass(index))
        if index % 500 == 0:
            times = np.arange(index * 100, index * 100 + 100, dtype=np.int64)
            stream.publish(Block("pressure_line", times, np.zeros(100, np.uint8), {"pressure_kpa": np.zeros(100)}))
            stream.publish(TraceEvent(index * 1_000_000_000, "mark", "test", {}))
    writer.finish()
    assert told[-1] == {MASS: 2000, "pressure_line": 400}


def test_a_full_disk_is_not_told_as_durable(tmp_path: Path) -> None:
    stream = SampleStream()
    journal = JournalWriter(tmp_path / "j.sqlite", header=HEADER, streams=SPECS, max_bytes=200_000)
    writer = TraceWriter(stream, journal, SPECS)
    told: list[Mapping[str, int]] = []
    writer.call_on_commit(told.append)
    fill(stream, writer)
    seal(tmp_path / "j.sqlite", tmp_path / "t.h5")
    assert told[-1][MASS] == read_trace(tmp_path / "t.h5").stream(MASS).count
