"""Who writes a file right now: a lock the system frees when its owner dies.

An exclusive transaction on an empty SQLite file is such a lock on every platform SQLite knows, with no code of ours
for any of them. Local disks only, like SQLite itself.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

ACQUIRE_TIMEOUT_S = 1.0
"""A probe holds the lock for microseconds; an owner for as long as it lives."""


def lock_path(path: Path) -> Path:
    """Return the lock file that stands beside `path`."""
    return path.with_name(path.name + ".lock")


class OwnerLock:
    """The exclusive right to write `path`, held from construction until `release` or the death of the process.

    `keep_file`: leave the lock file where it is when released. One that is removed can be locked by who opened it just
    before, while a third makes it anew: harmless where both then look at what the lock guards, and not elsewhere.
    Errors: BlockingIOError when another holds it; OSError when the lock file cannot be made.
    """

    def __init__(self, path: Path, timeout_s: float = ACQUIRE_TIMEOUT_S, *, keep_file: bool = False) -> None:
        self._lock_path = lock_path(path)
        self._keep_file = keep_file
        try:
            self._connection = sqlite3.connect(
                self._lock_path, timeout=timeout_s, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise OSError(f"cannot make the lock file {self._lock_path}: {error}") from error
        if not os.access(self._lock_path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            # SQLite would lock it for reading, which any number may do at once.
            self._connection.close()
            raise OSError(f"cannot lock {self._lock_path}: it belongs to another user, who lets others only read it")
        try:
            # Nothing is ever written: no file of its own for what could be rolled back.
            self._connection.execute("PRAGMA journal_mode=MEMORY")
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise BlockingIOError("another process or thread is writing it") from error
            raise OSError(f"cannot lock {self._lock_path}: {error}") from error

    def release(self) -> None:
        """Give the right up and remove the lock file, unless it is kept."""
        if self._keep_file:
            self._connection.close()
            return
        try:
            self._lock_path.unlink(missing_ok=True)
        except PermissionError:
            # Where an open file cannot be removed: after closing it, unless the next owner is already there.
            self._connection.close()
            with suppress(PermissionError):
                self._lock_path.unlink(missing_ok=True)
        self._connection.close()


def has_owner(path: Path) -> bool:
    """Return True while someone holds the `OwnerLock` of `path`; any number may ask at once."""
    file = lock_path(path)
    if not file.exists():
        return False
    uri = f"{file.absolute().as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=0.0, isolation_level=None)
    except sqlite3.OperationalError:
        return False
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            return False  # nobody can hold what SQLite does not know
        # A lock that cannot even be looked at may be held; one that is gone meanwhile is not.
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY or file.exists()
    finally:
        connection.close()
    return False
