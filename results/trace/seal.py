"""From journal to trace: one closed, verified, immutable HDF5 file, made once and able to be made again.

The same journal gives the same bytes: no time of writing, no path and no order of threads enters the file.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import h5py

from results.trace.build import Built, build_trace
from results.trace.content import CONTENT_HASH_AT, content_sha256, data_sha256, file_sha256
from results.trace.durable import fsync_folder
from results.trace.errors import JournalError, SealError, refuse_irregular
from results.trace.journal_read import Damage, JournalReader
from results.trace.ownership import OwnerLock
from results.trace.tally import StreamTally

SEALED_MODE = 0o444


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was sealed. `sha256` is that of the file, `content_sha256` that of what it says (see `content`).

    `closed_orderly` is False when the writer ended without closing: then nobody can say what it had not yet committed.
    `streams` counts every stream, the last one is "events". `damage` names every row that was lost.
    """

    trace_path: Path
    sha256: str
    content_sha256: str
    size_bytes: int
    closed_orderly: bool
    streams: tuple[StreamTally, ...]
    damage: tuple[Damage, ...]

    @property
    def complete(self) -> bool:
        """True when the writer closed the journal and every row of it is in the trace."""
        return self.closed_orderly and not self.damage


def seal(journal_path: Path, trace_path: Path) -> SealReport:
    """Make the trace of a journal, verify it against the journal, and put it in place read-only.

    Works on a closed journal and on one a crash left behind; sealing again gives the same file. Memory does not grow
    with the length of the run. A crash while sealing leaves nothing under the trace's name.
    Errors: JournalError when the journal cannot be read; SealError when it is still being written, the disk is full,
    the written file does not agree with the journal, or another trace is already in place.
    """
    journal_path, trace_path = Path(journal_path), Path(trace_path)
    refuse_irregular(journal_path, JournalError)
    if trace_path.exists():
        refuse_irregular(trace_path, SealError, "Move it away and seal again")
    temporary = trace_path.with_name(trace_path.name + ".tmp")
    lock = _own(journal_path)
    try:
        temporary.unlink(missing_ok=True)  # whatever it is: never written through
        _recover(journal_path)
        with JournalReader(journal_path, owned=True) as journal:
            built = build_trace(journal, temporary)
        _verify(temporary, built)
        sha256 = _put_in_place(temporary, trace_path, built.content_sha256)
    except OSError as error:
        remedy = "Free space or mend the disk and seal again; the journal is whole"
        raise SealError(trace_path, f"cannot be written ({error})", remedy) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        lock.release()
    return SealReport(
        trace_path=trace_path,
        sha256=sha256,
        content_sha256=built.content_sha256,
        size_bytes=trace_path.stat().st_size,
        closed_orderly=built.closed_orderly,
        streams=built.streams,
        damage=built.damage,
    )


def _own(journal_path: Path) -> OwnerLock:
    try:
        return OwnerLock(journal_path, timeout_s=0.0)
    except BlockingIOError as error:
        problem = "is still being written, or sealed by another process"
        raise SealError(journal_path, problem, "Wait for its end, then seal again") from error
    except OSError as error:
        raise SealError(journal_path, str(error), "Seal in a folder that can be written") from error


def _recover(journal_path: Path) -> None:
    """Bring what a crash left in the write-ahead log into the journal, so that it is one file again."""
    if not journal_path.with_name(journal_path.name + "-wal").exists():
        return
    uri = f"{journal_path.absolute().as_uri()}?mode=rw"
    # A log that cannot be brought in (disk full) is read where it is.
    with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _verify(path: Path, built: Built) -> None:
    """Read the file back: every column as it came out of the journal, everything else as it was written."""
    with h5py.File(path, "r") as root:
        read = {name: data_sha256(root[name]) for name in built.data_sha256}
        wrong = sorted(name for name, sha256 in built.data_sha256.items() if read[name] != sha256)
        content = content_sha256(root, read)
    if wrong or content != built.content_sha256:
        problem = f"the file read back differs from the journal in {wrong or 'its attributes'}"
        raise SealError(path, problem, "Check disk and memory of this machine, then seal again; the journal is whole")


def _put_in_place(temporary: Path, trace_path: Path, content: str) -> str:
    """Give the verified file its name and return the SHA-256 of what then bears it."""
    if trace_path.exists():
        # Another version of the library may lay the same record out in other bytes: the first file stays.
        if _content_of(trace_path) != content:
            problem = "another trace is already in place, and it does not agree with the journal"
            raise SealError(trace_path, problem, "Find out which is right; move the other away and seal again")
    else:
        temporary.chmod(SEALED_MODE)
        os.replace(temporary, trace_path)
        fsync_folder(trace_path.parent)
    return file_sha256(trace_path)


def _content_of(trace_path: Path) -> str:
    try:
        with h5py.File(trace_path, "r") as root:
            group, attribute = CONTENT_HASH_AT
            return content_sha256(root) if attribute in root[group].attrs else ""
    except (OSError, KeyError, RuntimeError):
        return ""
