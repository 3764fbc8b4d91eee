"""A damaged journal gives up what is intact, names what is not, and never a wrong sample."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from results.trace.errors import JournalError, StorageError
from results.trace.follow import follow
from results.trace.journal_read import Damage
from results.trace.reader import read_trace
from results.trace.schema import MASS, TraceEvent
from results.trace.seal import SealReport, seal
from results.trace.tally import EVENTS
from tests.results.trace.runs import PRESSURE, check_trace_content, write_run

SECONDS = 60


def sealed_after(folder: Path, *statements: str, close: bool = True) -> SealReport:
    journal = folder / "j"
    write_run(journal, SECONDS, close=close)
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    return seal(journal, folder / "trace.h5")


def lost(report: SealReport) -> dict[str, int]:
    return {tally.stream: tally.lost_rows for tally in report.streams if tally.lost_rows}


FLIP = "UPDATE blocks SET payload = CAST(x'{}' || substr(payload, 2) AS BLOB) WHERE stream = {} AND seq = {}"


def test_a_torn_payload_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    report = sealed_after(tmp_path, FLIP.format("01", 1, 7))
    assert lost(report) == {PRESSURE: 1}
    (damage,) = report.damage
    assert (damage.stream, damage.seq, damage.count) == (PRESSURE, 7, 100)
    assert (damage.first_ns, damage.last_ns) == (700 * 10**6, 799 * 10**6)
    assert "CRC-32" in damage.reason
    trace = read_trace(report.trace_path)
    check_trace_content(trace)
    assert trace.damage == report.damage
    assert trace.tallies == report.streams
    assert not trace.complete
    assert trace.closed_orderly
    assert trace.stream(PRESSURE).count == (SECONDS - 1) * 100
    assert trace.stream(MASS).count == SECONDS


def test_the_samples_around_a_lost_row_show_a_gap(tmp_path: Path) -> None:
    report = sealed_after(tmp_path, FLIP.format("01", 1, 7))
    pressure = next(tally for tally in report.streams if tally.stream == PRESSURE)
    assert (pressure.gaps, pressure.longest_interval_ns) == (1, 101 * 10**6)
    mass = next(tally for tally in report.streams if tally.stream == MASS)
    assert (mass.gaps, mass.longest_interval_ns) == (0, 10**9 + 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE blocks SET n = n + 1 WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET first_ns = first_ns - 1 WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET crc = crc + 1 WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET crc = 'text' WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET payload = 5 WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET first_ns = 'x' WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET seq = 5000 WHERE stream = 1 AND seq = 7",
        "UPDATE blocks SET stream = 99 WHERE stream = 1 AND seq = 7",
        "DELETE FROM blocks WHERE stream = 1 AND seq = 7",
        f"DELETE FROM blocks WHERE stream = 1 AND seq = {SECONDS - 1}",
        "DELETE FROM blocks WHERE stream = 1 AND seq = 0",
    ],
)
def test_every_lost_row_is_counted_once(tmp_path: Path, statement: str) -> None:
    report = sealed_after(tmp_path, statement)
    assert lost(report) == {PRESSURE: 1}
    assert report.damage
    assert not report.complete
    check_trace_content(read_trace(report.trace_path))


def test_a_lost_event_is_named(tmp_path: Path) -> None:
    report = sealed_after(tmp_path, 'UPDATE events SET data = \'{"line": "purge"}\' WHERE seq = 2')
    assert lost(report) == {EVENTS: 1}
    assert [(damage.stream, damage.seq) for damage in report.damage] == [(EVENTS, 2)]
    assert [event.data["n"] for event in read_trace(report.trace_path).events] == [0, 1, 3, 4, 5]


def test_rows_missing_at_the_end_of_a_closed_journal_are_missed(tmp_path: Path) -> None:
    report = sealed_after(tmp_path, "DELETE FROM blocks WHERE seq > 40", "DELETE FROM events WHERE seq > 4")
    assert lost(report) == {MASS: SECONDS - 41, PRESSURE: SECONDS - 41, EVENTS: 1}
    assert [damage.reason for damage in report.damage] == [
        "19 of the rows 41 to 59 are missing",
        "19 of the rows 41 to 59 are missing",
        "1 of the rows 5 to 5 are missing",
    ]


def test_a_follower_is_given_the_damage(tmp_path: Path) -> None:
    sealed_after(tmp_path, FLIP.format("01", 0, 3), "UPDATE events SET time_ns = 1 WHERE seq = 0")
    items = list(follow(tmp_path / "j", wait=lambda: True))
    assert [(item.stream, item.seq) for item in items if isinstance(item, Damage)] == [(EVENTS, 0), (MASS, 3)]
    assert sum(isinstance(item, TraceEvent) for item in items) == 5


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE header SET value = replace(value, 'bench1', 'bench2') WHERE name = 'header'", "SHA-256"),
        ("UPDATE header SET value = replace(value, 'mass_g', 'mass_k') WHERE name = 'streams'", "SHA-256"),
        ("DELETE FROM header WHERE name = 'streams'", "header is damaged"),
        ("UPDATE header SET value = '2' WHERE name = 'version'", "this reader knows"),
        ("UPDATE header SET value = 'other' WHERE name = 'format'", "this reader knows"),
        ("DROP TABLE header", "is no journal"),
    ],
)
def test_a_journal_without_a_sound_header_is_refused(tmp_path: Path, statement: str, words: str) -> None:
    write_run(tmp_path / "j", 3)
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as connection:
        connection.execute(statement)
    with pytest.raises(JournalError, match=words):
        seal(tmp_path / "j", tmp_path / "trace.h5")


@pytest.mark.parametrize("content", [b"not a journal at all, but long enough to be read as one" * 100, b"\0" * 8192])
def test_garbage_is_no_journal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(JournalError, match="is no journal"):
        seal(tmp_path / "j", tmp_path / "trace.h5")


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist"):
        seal(tmp_path / "j", tmp_path / "trace.h5")
    with pytest.raises(JournalError, match="does not exist"):
        next(follow(tmp_path / "j", wait=lambda: True))
    assert list(tmp_path.iterdir()) == []


def flip_bit(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def wipe_page(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content) // 4096) * 4096
    content[start : start + 4096] = bytes(4096)


def scramble_page(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content) // 4096) * 4096
    content[start : start + 4096] = chance.randbytes(4096)


def cut_off(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


@pytest.mark.parametrize("harm", [flip_bit, wipe_page, scramble_page, cut_off])
def test_whatever_happens_to_the_file_no_wrong_sample_and_no_silent_loss(
    tmp_path: Path, harm: Callable[[bytearray, random.Random], None]
) -> None:
    write_run(tmp_path / "whole", SECONDS)
    whole = (tmp_path / "whole").read_bytes()
    sealed = 0
    for seed in range(1, 41):
        content = bytearray(whole)
        harm(content, random.Random(seed))
        journal = tmp_path / f"j{seed}"
        journal.write_bytes(content)
        try:
            report = seal(journal, tmp_path / f"t{seed}.h5")
        except StorageError:
            continue
        sealed += 1
        trace = read_trace(report.trace_path)
        check_trace_content(trace)
        rows = {tally.stream: tally.rows for tally in report.streams}
        if rows != {MASS: SECONDS, PRESSURE: SECONDS, EVENTS: SECONDS // 10}:
            assert not report.complete
    # A file cut off is mostly no journal any more; of the others most can be sealed.
    assert sealed or harm is cut_off
