"""When the disk takes no more: an error at once, everything committed readable, nothing taken over given up."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from results.trace.errors import JournalError
from results.trace.journal import JournalWriter
from results.trace.reader import read_trace
from results.trace.schema import MASS
from results.trace.seal import seal
from tests.results.trace.runs import HEADER, STREAMS, check_trace_content, mass_block, write_second

QUOTA_BYTES = 256 * 1024


def fill(writer: JournalWriter) -> int:
    """Write until refused; return the number of seconds committed, the next one being appended."""
    committed = []

    def write() -> None:
        for second in count():
            write_second(writer, second)
            writer.commit()
            committed.append(second)

    with pytest.raises(JournalError, match=f"^{re.escape(str(writer.path))}: cannot be written"):
        write()
    return len(committed)


def test_at_its_limit_the_journal_refuses_and_stays_whole(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS, max_bytes=QUOTA_BYTES)
    seconds = fill(writer)
    assert seconds > 10
    with pytest.raises(JournalError, match="disk is full: free space; everything committed is safe"):
        writer.commit()
    with pytest.raises(JournalError, match="disk is full"):
        writer.close()
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert not report.closed_orderly
    assert report.damage == ()
    check_trace_content(read_trace(report.trace_path), seconds=seconds)


def test_with_room_again_the_run_goes_on_without_a_gap(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS, max_bytes=QUOTA_BYTES) as writer:
        seconds = fill(writer)
        write_second(writer, seconds + 1)
        writer.limit(None)
        writer.commit()
        write_second(writer, seconds + 2)
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert report.complete
    check_trace_content(read_trace(report.trace_path), seconds=seconds + 3)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_after_a_failed_write_nothing_more_is_entrusted_to_the_file(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS)
    with files_no_longer_than(QUOTA_BYTES):
        seconds = fill(writer)
    with pytest.raises(JournalError, match="failed before"):
        writer.append(mass_block(seconds + 1))
    with pytest.raises(JournalError, match="failed before"):
        writer.commit()
    writer.close()
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert not report.closed_orderly
    trace = read_trace(report.trace_path)
    check_trace_content(trace)
    assert trace.stream(MASS).count >= seconds > 10


def test_a_disk_full_from_the_start(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS, max_bytes=4096)
    with files_no_longer_than(1000), pytest.raises(JournalError, match="cannot be written"):
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS)
    assert list(tmp_path.iterdir()) == []
