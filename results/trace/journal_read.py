"""Reading a journal: while it is written, after it was closed, or as a crash left it."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np
from numpy.typing import NDArray

from results.trace.codec import block_crc, decode, event_crc
from results.trace.errors import JournalError, refuse_irregular
from results.trace.header import check_header, header_digest
from results.trace.intake import MAX_ROW_SAMPLES, MAX_WORD_BYTES
from results.trace.journal import JOURNAL_FORMAT, JOURNAL_VERSION
from results.trace.ownership import has_owner
from results.trace.schema import MAX_EVENT_TEXT, Block, StreamSpec, TraceEvent
from results.trace.spec_json import row_dtypes, streams_from_json

_ENTRIES_PER_QUERY = 64
"""Keeps memory and the age of a read transaction small: a long one would hold the write-ahead log back."""

_LEAST_ROW_BYTES = 16
"""No row of a journal is smaller."""

_NOT_TRUSTED = (ValueError, TypeError, AttributeError, IndexError, ArithmeticError, struct.error)


@dataclass(frozen=True, slots=True)
class Damage:
    """A journal row that cannot be trusted, with what it says of itself; `stream` is "" where not even that is known.

    `stream` is "events" for an event. `count` is the number of samples (or events) the row claims; 0 when unknown.
    """

    entry: int
    stream: str
    seq: int
    first_ns: int
    last_ns: int
    count: int
    reason: str


Item = Block | TraceEvent | Damage


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal row: its place in commit order, its number within its stream (or among the events), its content."""

    number: int
    seq: int
    item: Item


@dataclass(frozen=True, slots=True)
class Closing:
    """What the writer said when it closed the journal: how many rows each stream has, and how many events."""

    blocks: Mapping[str, int]
    events: int


class JournalReader:
    """Reads a journal without writing to it; a context manager.

    `header_text`, `streams_text`: verbatim. `owned` says that the caller holds the journal's `OwnerLock`.
    Errors: JournalError when the file is missing, no journal, of another version, without header (killed before the
    first commit) or with a damaged header.
    """

    def __init__(self, path: Path, *, owned: bool = False) -> None:
        self.path = Path(path)
        self._connection = _connect(self.path, owned)
        try:
            values = self._header_values()
            self.header_text = values["header"]
            self.streams_text = values["streams"]
            self.header: Mapping[str, object] = json.loads(self.header_text)
            check_header(self.header)
            self.streams = streams_from_json(self.streams_text)
        except (ValueError, KeyError) as error:
            self._connection.close()
            raise JournalError(
                self.path, f"its header is damaged ({error!r})", "Recover the file from a copy"
            ) from error
        except JournalError:
            self._connection.close()
            raise
        self._dtypes = [row_dtypes(spec) for spec in self.streams]

    def _header_values(self) -> dict[str, str]:
        try:
            # A view of one of these names could go on for ever.
            tables = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            missing = {"header", "blocks", "events"} - {name for (name,) in tables}
            if missing:
                raise sqlite3.DatabaseError(f"no such table: {', '.join(sorted(missing))}")
            values = dict(self._connection.execute("SELECT name, value FROM header").fetchall())
        except sqlite3.Error as error:
            raise JournalError(
                self.path,
                f"is no journal, or ended before its header was written ({error})",
                "There is nothing to read",
            ) from error
        if values.get("format") != JOURNAL_FORMAT or values.get("version") != JOURNAL_VERSION:
            raise JournalError(
                self.path,
                f"is {values.get('format')!r} version {values.get('version')!r}, "
                f"this reader knows {JOURNAL_FORMAT!r} version {JOURNAL_VERSION!r}",
                "Read it with the program that wrote it",
            )
        if values.get("sha256") != header_digest(values["header"], values["streams"]):
            raise JournalError(self.path, "its header does not match its SHA-256", "Recover the file from a copy")
        return values

    @property
    def closing(self) -> Closing | None:
        """What the writer said at its orderly end; None while it writes, and for ever after a crash."""
        text = self._query("SELECT value FROM header WHERE name = 'closed'")[0][0]
        return _closing(text, {spec.name for spec in self.streams}, self.most_rows) if text else None

    @property
    def closing_is_damaged(self) -> bool:
        """True when the writer said something at its end that cannot be read any more."""
        return self.closing is None and bool(self._query("SELECT value FROM header WHERE name = 'closed'")[0][0])

    @property
    def most_rows(self) -> int:
        """More rows than a file of this size can hold."""
        log = self.path.with_name(self.path.name + "-wal")
        size = self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
        return size // _LEAST_ROW_BYTES

    @property
    def last_entry(self) -> int:
        """Number of the latest committed row, 0 when there is none."""
        rows = self._query("SELECT max(entry) FROM blocks UNION ALL SELECT max(entry) FROM events")
        return max(cast(int, number or 0) for (number,) in rows)

    def event_widths(self) -> tuple[int, int, int]:
        """Return the greatest length in bytes of kind, source and data among all events."""
        names = ("kind", "source", "data")
        longest = ", ".join(f"max(length(CAST({name} AS BLOB)))" for name in names)
        try:
            kind, source, data = self._connection.execute(f"SELECT {longest} FROM events").fetchone()
        except sqlite3.Error:
            # Damaged pages: what the writer accepts at most is always wide enough.
            return MAX_WORD_BYTES, MAX_WORD_BYTES, MAX_EVENT_TEXT
        return kind or 1, source or 1, data or 1

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield what is committed now beyond row number `after`, in commit order; damaged rows as `Damage`.

        Holds at most a few rows in memory. Errors: JournalError when the file cannot be read at all.
        """
        last = self.last_entry
        most = self.most_rows
        for start in range(after + 1, min(last, most) + 1, _ENTRIES_PER_QUERY):
            yield from self._range(start, min(start + _ENTRIES_PER_QUERY - 1, last))
        if last > max(most, after):
            # Rows are numbered without gaps: to look for each in between would take for ever.
            yield Entry(last, -1, _damage(last, "", f"no row can have the number {last}", -1, 0, 0, 0))

    def _range(self, first: int, last: int) -> list[Entry]:
        found: list[Entry] = []
        try:
            for row in self._connection.execute(
                "SELECT entry, stream, seq, first_ns, last_ns, n, crc, payload FROM blocks WHERE entry BETWEEN ? AND ?",
                (first, last),
            ):
                found.append(self._block(row))
            for row in self._connection.execute(
                "SELECT entry, seq, time_ns, kind, source, data, crc FROM events WHERE entry BETWEEN ? AND ?",
                (first, last),
            ):
                found.append(_event(row))
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if first == last:
                return [Entry(first, -1, _damage(first, "", f"unreadable page ({error})", -1, 0, 0, 0))]
            # Read row by row what shares no damaged page.
            return [entry for number in range(first, last + 1) for entry in self._range(number, number)]
        return sorted(found, key=lambda entry: entry.number)

    def _block(self, row: tuple[int, int, int, int, int, int, int, bytes]) -> Entry:
        number, stream, seq, first_ns, last_ns, count, crc, payload = row
        try:
            if block_crc(stream, seq, first_ns, last_ns, count, payload) != crc:
                raise ValueError("CRC-32 does not match")
            if count not in range(1, MAX_ROW_SAMPLES + 1):
                raise ValueError(f"{count} samples in one row")
            spec, arrays = self.streams[stream], decode(self._dtypes[stream], count, payload)
        except _NOT_TRUSTED as error:
            name = self.streams[stream].name if stream in range(len(self.streams)) else ""
            return Entry(number, -1, _damage(number, name, str(error), seq, first_ns, last_ns, count))
        return Entry(number, seq, _as_block(spec, arrays))

    def _query(self, statement: str) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise JournalError(self.path, f"cannot be read ({error})", "Recover the file from a copy") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> JournalReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _as_block(spec: StreamSpec, arrays: list[NDArray[np.generic]]) -> Block:
    return Block(
        stream=spec.name,
        time_ns=arrays[0].view(np.int64),
        status=arrays[1].view(np.uint8),
        columns={column.name: array for column, array in zip(spec.columns, arrays[2:], strict=True)},
    )


def _closing(text: object, streams: set[str], most_rows: int) -> Closing | None:
    """Return what a writer said at its end; None where it cannot have said that."""
    try:
        said = json.loads(cast(str, text))
        blocks, events = said["blocks"], said["events"]
        counts = [*blocks.values(), events]
        sound = set(blocks) == streams and all(type(count) is int and 0 <= count <= most_rows for count in counts)
    except (*_NOT_TRUSTED, KeyError, RecursionError):
        return None
    return Closing(blocks, events) if sound else None


def _event(row: tuple[int, int, int, str, str, str, int]) -> Entry:
    number, seq, time_ns, kind, source, data, crc = row
    try:
        if event_crc(seq, time_ns, kind, source, data) != crc:
            raise ValueError("CRC-32 does not match")
        event = TraceEvent(time_ns, kind, source, json.loads(data))
    except _NOT_TRUSTED as error:
        return Entry(number, -1, _damage(number, "events", str(error), seq, time_ns, time_ns, 1))
    return Entry(number, seq, event)


def _damage(number: int, stream: str, reason: str, *claims: object) -> Damage:
    # In a damaged row even the types can be wrong.
    seq, first_ns, last_ns, count = (claim if isinstance(claim, int) else 0 for claim in claims)
    return Damage(number, stream, seq, first_ns, last_ns, count, reason)


def _connect(path: Path, owned: bool) -> sqlite3.Connection:
    refuse_irregular(path, JournalError)
    log = path.with_name(path.name + "-wal")
    # Without a writer and without a log nothing can change: then the folder may even be read-only.
    still = (owned or not has_owner(path)) and not (log.exists() and log.stat().st_size)
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if still else 'mode=ro'}"
    try:
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise JournalError(path, f"cannot be opened ({error})", "Check permissions of file and folder") from error
