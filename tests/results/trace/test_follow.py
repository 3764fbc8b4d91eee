"""A run can be watched while it is written, and the writer does not notice."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from instruments.clock.interface import host_sleep
from results.trace.errors import JournalError
from results.trace.follow import follow
from results.trace.journal import JournalWriter
from results.trace.journal_read import Item
from results.trace.reader import read_trace
from results.trace.schema import MASS, Block, TraceEvent
from results.trace.seal import seal
from tests.results.trace.runs import (
    HEADER,
    PRESSURE,
    REPOSITORY,
    STREAMS,
    check_block_content,
    check_trace_content,
    event,
    joined,
    mass_block,
    write_run,
    write_second,
)


def patient() -> bool:
    host_sleep(0.002)
    return True


def check_items(items: list[Item], seconds: int) -> None:
    blocks = [item for item in items if isinstance(item, Block)]
    mass = joined([block for block in blocks if block.stream == MASS])
    pressure = joined([block for block in blocks if block.stream == PRESSURE])
    check_block_content(mass)
    check_block_content(pressure)
    assert (len(mass.time_ns), len(pressure.time_ns)) == (seconds, seconds * 100)
    assert [item for item in items if isinstance(item, TraceEvent)] == [event(k) for k in range((seconds + 9) // 10)]


def test_another_process_is_followed_while_it_writes(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "tests.results.trace.writer_process", str(tmp_path), "200"]
    with subprocess.Popen(arguments, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            assert process.stdin is not None
            while not (tmp_path / "run.journal").exists():
                host_sleep(0.005)
            watch = follow(tmp_path / "run.journal", wait=patient)
            items = [next(watch)]
            # The writer waits for this word: its first second was seen while it was alive.
            process.stdin.write(b"go on\n")
            process.stdin.flush()
            items += watch
            assert process.wait() == 0
        finally:
            process.kill()
    check_items(items, 200)


def test_a_thread_follows_the_writer_of_its_own_process(tmp_path: Path) -> None:
    items: list[Item] = []
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        thread = threading.Thread(target=lambda: items.extend(follow(tmp_path / "j", wait=patient)))
        thread.start()
        for second in range(100):
            write_second(writer, second)
            writer.commit()
    thread.join()
    check_items(items, 100)
    assert seal(tmp_path / "j", tmp_path / "trace.h5").complete
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "trace.h5"]


def test_what_is_not_committed_is_not_seen(tmp_path: Path) -> None:
    looks: list[int] = []
    items: list[Item] = []

    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:

        def wait() -> bool:
            looks.append(len(items))
            if len(looks) == 2:
                writer.commit()
            return len(looks) < 4

        writer.append(mass_block(0))
        items.extend(follow(tmp_path / "j", wait=wait))
        assert len(items) == 1
    # extend() takes items as they come: none at the first two looks, one afterwards.
    assert looks == [0, 0, 1, 1]


def test_a_closed_journal_is_followed_to_its_end_without_waiting(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 40)
    check_items(list(follow(tmp_path / "j", wait=lambda: pytest.fail("waited"))), 40)
    assert [path.name for path in tmp_path.iterdir()] == ["j"]


def test_following_goes_on_after_a_given_row(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 40)
    items = list(follow(tmp_path / "j", wait=patient))
    rest = list(follow(tmp_path / "j", wait=patient, after_entry=70))
    assert len(rest) == len(items) - 70 > 0


def test_a_follower_that_stops_half_way_leaves_no_trouble(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        write_second(writer, 0)
        writer.commit()
        watch = follow(tmp_path / "j", wait=patient)
        next(watch)
        write_second(writer, 1)
        writer.commit()
    watch.close()
    check_trace_content(read_trace(seal(tmp_path / "j", tmp_path / "trace.h5").trace_path), seconds=2)


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"time,mass\n" * 1000)
    with pytest.raises(JournalError, match="is no journal"):
        next(follow(tmp_path / "j", wait=patient))
