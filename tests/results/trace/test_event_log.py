"""Events are on disk before the hardware moves, one line each."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.trace.errors import BlockError, EventLogError
from results.trace.events import EventLog, TornLine, read_events
from results.trace.schema import TraceEvent
from tests.results.trace.runs import event


def test_every_event_is_a_line_at_once(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        for index in range(5):
            log.record(event(index))
            lines = (tmp_path / "events.jsonl").read_text().splitlines()
            assert len(lines) == index + 1
            assert json.loads(lines[-1]) == {
                "time_ns": index * 10**9,
                "kind": "valve",
                "source": "bench",
                "data": {"line": "outlet", "energised": index % 2 == 0, "n": index},
            }
    assert read_events(tmp_path / "events.jsonl").events == tuple(event(index) for index in range(5))


@pytest.mark.parametrize("kept", [1, 30, -1])
def test_a_torn_last_line_is_reported_and_the_rest_read(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for index in range(3):
            log.record(event(index))
    content = path.read_bytes()
    start = content.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(content[:start] + content[start:][:kept])
    logged = read_events(path)
    assert logged.events == (event(0), event(1))
    assert logged.torn == (TornLine(3, content[start:][:kept].decode()),)


def test_writing_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"time_ns":0,"kind":"tare","source":"balance","data":{}}\n{"time_ns":17,"ki')
    with EventLog(path) as log:
        log.record(event(1))
    logged = read_events(path)
    assert logged.events == (TraceEvent(0, "tare", "balance", {}), event(1))
    assert logged.torn == (TornLine(2, '{"time_ns":17,"ki'),)


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_torn_lines(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(content)
    logged = read_events(path)
    assert len(logged.events) + len(logged.torn) == sum(1 for line in content.split(b"\n") if line)


@pytest.mark.parametrize(
    "line",
    [b"\0\0\0\0", b"[]", b"5", b'"x"', b"{}", b'{"time_ns":"0","kind":"a","source":"b","data":{}}',
     b'{"time_ns":true,"kind":"a","source":"b","data":{}}', b'{"time_ns":0,"kind":1,"source":"b","data":{}}',
     b'{"time_ns":0,"kind":"a","source":"b","data":[]}', b"\xff\xfe"],
)  # fmt: skip
def test_a_line_that_is_no_event_is_reported_where_it_is(tmp_path: Path, line: bytes) -> None:
    good = b'{"time_ns":0,"kind":"tare","source":"balance","data":{}}\n'
    (tmp_path / "e").write_bytes(good + line + b"\n" + good)
    logged = read_events(tmp_path / "e")
    assert len(logged.events) == 2
    assert [torn.number for torn in logged.torn] == [2]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_event_that_finds_no_room_is_refused_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.record(event(0))
        with files_no_longer_than(path.stat().st_size + 20):
            for _ in range(2):
                with pytest.raises(EventLogError, match="cannot be written"):
                    log.record(event(1))
        log.record(event(2))
    logged = read_events(path)
    assert logged.events == (event(0), event(2))
    assert logged.torn == ()


def test_errors_have_names(tmp_path: Path) -> None:
    with pytest.raises(EventLogError, match="cannot be made"):
        EventLog(tmp_path / "missing" / "events.jsonl")
    with pytest.raises(EventLogError, match="does not exist"):
        read_events(tmp_path / "events.jsonl")
    with EventLog(tmp_path / "events.jsonl") as log, pytest.raises(BlockError, match="printable"):
        log.record(TraceEvent(0, "", "rig", {}))
    with pytest.raises(EventLogError, match="closed"):
        log.record(event(0))
    log.close()
    assert read_events(tmp_path / "events.jsonl").events == ()
