"""The writer is killed at any moment: everything it acknowledged is in the sealed trace."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from instruments.clock.interface import host_sleep
from results.trace.errors import JournalError, SealError, WriterDied
from results.trace.events import read_events
from results.trace.follow import follow
from results.trace.journal import JournalWriter
from results.trace.journal_read import Item
from results.trace.reader import read_trace
from results.trace.schema import MASS, Block
from results.trace.seal import seal
from tests.results.trace.runs import (
    HEADER,
    PRESSURE,
    PRESSURE_ROWS,
    REPOSITORY,
    STREAMS,
    check_block_content,
    check_trace_content,
    event,
    write_run,
)


@contextmanager
def python(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_after(process: subprocess.Popen[bytes], commits: int, delay_s: float) -> int:
    """Kill the writer some time after so many commits; return the number of seconds it acknowledged."""
    assert process.stdin is not None
    assert process.stdout is not None
    for number in range(commits):
        assert int(process.stdout.readline()) == number + 1
        if number == 0:
            process.stdin.write(b"go on\n")
            process.stdin.flush()
    host_sleep(delay_s)
    process.kill()
    acknowledged = [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    return max(acknowledged, default=commits)


@pytest.mark.parametrize("seed", range(1, 9))
def test_what_was_acknowledged_survives_sigkill(tmp_path: Path, seed: int) -> None:
    moment = random.Random(seed)
    with python("-m", "tests.results.trace.writer_process", str(tmp_path), "0") as process:
        durable = kill_after(process, moment.randint(1, 200), moment.uniform(0.0, 0.05))
    report = seal(tmp_path / "run.journal", tmp_path / "trace.h5")
    trace = read_trace(report.trace_path, sha256=report.sha256)
    check_trace_content(trace)
    assert not report.closed_orderly
    assert not trace.complete
    assert report.damage == ()
    assert trace.stream(MASS).count >= durable
    assert trace.stream(PRESSURE).count >= durable * PRESSURE_ROWS
    assert len(trace.events) >= (durable + 9) // 10
    logged = read_events(tmp_path / "events.jsonl")
    assert logged.torn == ()
    assert list(logged.events) == [event(index) for index in range(len(logged.events))]
    # Every second was announced before its samples: the log is ahead of the journal by at most the one at work.
    assert len(logged.events) - trace.stream(MASS).count in (0, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "run.journal", "trace.h5"]


def test_a_follower_sees_all_that_was_committed_and_then_the_death(tmp_path: Path) -> None:
    with python("-m", "tests.results.trace.writer_process", str(tmp_path), "0") as process:
        durable = kill_after(process, 20, 0.01)
    samples = dict.fromkeys((MASS, PRESSURE), 0)
    watch = follow(tmp_path / "run.journal", wait=lambda: True)
    seen: list[Item] = []
    with pytest.raises(WriterDied, match="without closing"):
        seen.extend(watch)
    for item in seen:
        if isinstance(item, Block):
            check_block_content(item)
            samples[item.stream] += len(item.time_ns)
    assert samples[MASS] >= durable
    assert samples[PRESSURE] == samples[MASS] * PRESSURE_ROWS


def test_a_living_journal_is_not_sealed(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS):
        with pytest.raises(SealError, match="still being written"):
            seal(tmp_path / "j", tmp_path / "trace.h5")
        assert not (tmp_path / "trace.h5").exists()
    assert seal(tmp_path / "j", tmp_path / "trace.h5").complete


def test_a_living_journal_of_another_process_is_not_sealed(tmp_path: Path) -> None:
    with python("-m", "tests.results.trace.writer_process", str(tmp_path), "3") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(SealError, match="still being written"):
            seal(tmp_path / "run.journal", tmp_path / "trace.h5")
        process.stdin.write(b"go on\n")
        process.stdin.close()
        assert process.wait() == 0
    check_trace_content(read_trace(seal(tmp_path / "run.journal", tmp_path / "trace.h5").trace_path))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0"])
def test_a_journal_that_died_before_its_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(JournalError, match="before its header was written"):
        seal(tmp_path / "j", tmp_path / "trace.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["j"]


def test_sealing_killed_at_any_moment_leaves_a_whole_trace_or_none(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 3000, seconds_per_commit=10)
    sha256 = seal(tmp_path / "j", tmp_path / "reference.h5").sha256
    trace = tmp_path / "trace.h5"
    command = "import sys; from pathlib import Path; from results.trace.seal import seal\n"
    command += "sys.stdout.write('begin\\n'); sys.stdout.flush(); seal(Path(sys.argv[1]), Path(sys.argv[2]))"
    moment = random.Random(1)
    for _ in range(6):
        with python("-c", command, str(tmp_path / "j"), str(trace)) as process:
            assert process.stdout is not None
            process.stdout.readline()
            host_sleep(moment.uniform(0.0, 0.25))
            process.kill()
        if trace.exists():
            assert read_trace(trace, sha256=sha256).complete
            trace.unlink()
    assert seal(tmp_path / "j", trace).sha256 == sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "reference.h5", "trace.h5"]
