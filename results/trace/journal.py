"""The journal: everything a run records, on disk while it happens.

One SQLite file in write-ahead mode with full synchronisation: what `commit` has acknowledged survives the death of the
process and a power cut (SQLite, "Write-Ahead Logging"). Tables: `header` (name, value), `blocks` (one row per batch of
samples of one stream, see `codec`), `events`. The column `entry` numbers blocks and events together in commit order;
`seq` counts the rows of one stream, or the events, from 0; `crc` covers the row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from results.trace.codec import block_crc, encode, event_crc
from results.trace.durable import fsync_folder
from results.trace.errors import BlockError, JournalError
from results.trace.header import check_header, header_digest
from results.trace.intake import Batch, EventRow, StreamIntake, event_row
from results.trace.json_text import to_json
from results.trace.ownership import OwnerLock
from results.trace.schema import TRACE_SCHEMA, Block, StreamSpec, TraceEvent
from results.trace.spec_json import check_streams, streams_to_json

JOURNAL_FORMAT = "rig-journal"
JOURNAL_VERSION = "1"

_PAGE_BYTES = 4096
_MOST_PAGES = 1_073_741_823
_TABLES = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE blocks (entry INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, n INTEGER NOT NULL, crc INTEGER NOT NULL,
    payload BLOB NOT NULL);
CREATE TABLE events (entry INTEGER PRIMARY KEY, seq INTEGER NOT NULL, time_ns INTEGER NOT NULL,
    kind TEXT NOT NULL, source TEXT NOT NULL, data TEXT NOT NULL, crc INTEGER NOT NULL);
"""
_INSERT_BLOCK = "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"


class JournalWriter:
    """The one writer of a journal; used by one thread at a time.

    `header`: JSON types, the keys of `schema.HEADER_REQUIRED` among them, stored verbatim. `streams`: every stream the
    run may write. `max_bytes`: where given, the journal refuses to grow beyond it, as on a full disk.
    The header is on disk when the constructor returns.
    Errors: JournalError when the file exists or cannot be written; ValueError for a header or stream table that no
    trace can hold.
    """

    def __init__(
        self,
        path: Path,
        *,
        header: Mapping[str, object],
        streams: Sequence[StreamSpec],
        max_bytes: int | None = None,
    ) -> None:
        check_header(header)
        check_streams(streams)
        self.path = Path(path)
        self._specs = {spec.name: (index, spec) for index, spec in enumerate(streams)}
        self._intakes = {spec.name: StreamIntake(spec) for spec in streams}
        self._pending: list[Batch | EventRow] = []
        self._open_batches: dict[str, Batch] = {}
        self._block_seq = [0] * len(streams)
        self._event_seq = 0
        self._entry = 0
        self._broken: str | None = None
        self._closed = False
        try:
            self._lock = OwnerLock(self.path)
        except OSError as error:
            raise JournalError(self.path, str(error), "Give every run its own folder") from error
        try:
            self._connection = self._create(to_json(header), streams_to_json(streams), max_bytes)
        except BaseException:
            self._lock.release()
            raise

    def _create(self, header: str, streams: str, max_bytes: int | None) -> sqlite3.Connection:
        if self.path.exists():
            raise JournalError(self.path, "a journal is already there", "Give every run its own folder")
        values = {
            "format": JOURNAL_FORMAT,
            "version": JOURNAL_VERSION,
            "schema": TRACE_SCHEMA,
            "header": header,
            "streams": streams,
            "sha256": header_digest(header, streams),
        }
        try:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise JournalError(self.path, f"cannot be made ({error})", "Check folder and permissions") from error
        try:
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA fullfsync=ON")
            _limit(connection, max_bytes)
            connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}")
            connection.executemany("INSERT INTO header VALUES (?, ?)", values.items())
            connection.execute("INSERT INTO header VALUES ('closed', '')")
            connection.execute("COMMIT")
            fsync_folder(self.path.parent)
        except (sqlite3.Error, OSError) as error:
            connection.close()
            self.path.unlink(missing_ok=True)
            raise JournalError(self.path, f"cannot be written ({error})", _remedy(error)) from error
        return connection

    def append(self, block: Block) -> None:
        """Take samples over; they are on disk after the next `commit`. Cheap for one sample as for many.

        Errors: BlockError when they do not fit their stream (nothing of the block is then taken); JournalError after
        an unrecoverable failure.
        """
        self._check_usable()
        found = self._specs.get(block.stream)
        if found is None:
            raise BlockError(f"stream {block.stream!r} is not in the header; it names {sorted(self._specs)}")
        parts = self._intakes[block.stream].take(block)
        batch = self._open_batches.get(block.stream)
        if batch is None:
            batch = self._open_batches[block.stream] = Batch(*found)
            self._pending.append(batch)
        batch.add(parts)

    def event(self, event: TraceEvent) -> None:
        """Take an event over; it is on disk after the next `commit`. Errors: as `append`."""
        self._check_usable()
        self._pending.append(event_row(event))
        # Samples appended after the event must also follow it in the journal.
        self._open_batches.clear()

    def commit(self) -> None:
        """Return when everything taken over so far is on disk.

        Errors: JournalError. When the disk is full nothing taken over is given up: free space and commit again.
        """
        self._check_usable()
        if self._pending:
            self._write(self._pending)
            self._pending = []
            self._open_batches.clear()

    def _write(self, pending: Sequence[Batch | EventRow]) -> None:
        entry, event_seq, block_seq = self._entry, self._event_seq, list(self._block_seq)
        blocks: list[tuple[object, ...]] = []
        events: list[tuple[object, ...]] = []
        for item in pending:
            if isinstance(item, Batch):
                for arrays in item.rows():
                    entry += 1
                    times = arrays[0]
                    row = (item.stream, block_seq[item.stream], int(times[0]), int(times[-1]), len(times))
                    payload = encode(arrays)
                    blocks.append((entry, *row, block_crc(*row, payload), payload))
                    block_seq[item.stream] += 1
            else:
                entry += 1
                events.append((entry, event_seq, *item, event_crc(event_seq, *item)))
                event_seq += 1
        self._transact([(_INSERT_BLOCK, blocks), (_INSERT_EVENT, events)])
        self._entry, self._event_seq, self._block_seq = entry, event_seq, block_seq

    def _transact(self, statements: Sequence[tuple[str, Sequence[tuple[object, ...]]]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, rows in statements:
                self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_back(error)
            raise JournalError(self.path, f"cannot be written ({error})", _remedy(error)) from error

    def _give_back(self, error: sqlite3.Error) -> None:
        if not _disk_full(error):
            # After a failed fsync the system may call unwritten pages clean: nothing more is entrusted to this file.
            self._broken = str(error)
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as second:
            self._broken = str(second)

    def _check_usable(self) -> None:
        if self._closed:
            raise JournalError(self.path, "is closed", "Write before closing")
        if self._broken is not None:
            raise JournalError(
                self.path, f"failed before ({self._broken})", "Stop the run; seal what was committed until then"
            )

    def limit(self, max_bytes: int | None) -> None:
        """Set or lift the size the journal may grow to: room kept back until now serves to end the run in order."""
        self._check_usable()
        _limit(self._connection, max_bytes)

    @property
    def has_all_on_disk(self) -> bool:
        """Whether everything taken over so far is on disk."""
        return not self._pending

    def close(self, *, complete: bool = True) -> None:
        """Commit, mark the journal as complete, and let go of it; harmless when repeated.

        `complete`: False from a caller who could not hand all over; there is no mark then.
        Errors: JournalError when the last commit fails; the files are let go of nevertheless.
        """
        if self._closed:
            return
        try:
            if self._broken is None:
                self.commit()
            if self._broken is None and complete:
                counts = {name: self._block_seq[index] for name, (index, _) in self._specs.items()}
                closing = to_json({"blocks": counts, "events": self._event_seq})
                self._transact([("UPDATE header SET value = ? WHERE name = 'closed'", [(closing,)])])
        finally:
            self._closed = True
            with suppress(sqlite3.Error):
                # Everything into the one file, also while a follower is connected; durable already if it cannot.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._lock.release()

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _limit(connection: sqlite3.Connection, max_bytes: int | None) -> None:
    pages = _MOST_PAGES if max_bytes is None else max(1, max_bytes // _PAGE_BYTES)
    connection.execute(f"PRAGMA max_page_count={pages}").fetchone()


def _remedy(error: Exception) -> str:
    if _disk_full(error):
        return "The disk is full: free space; everything committed is safe"
    return "Check the disk; everything committed before is safe"


def _disk_full(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
