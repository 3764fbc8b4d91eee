"""A file that holds room for the end of a run, should something else fill the disk before anybody looks."""

from __future__ import annotations

import os
from pathlib import Path

BALLAST_BYTES = 4_000_000
"""The last events and commits, the write-ahead log brought into the journal, and the record."""

RECORD_BYTES = 1_000_000
"""What is held until the record is written: all that is closed before it may take the rest."""


class Ballast:
    """Takes its room at once, not when it is written to. Errors: OSError when there is none."""

    def __init__(self, path: Path, *, size_bytes: int = BALLAST_BYTES) -> None:
        self._path = path
        try:
            with path.open("xb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size_bytes)
                else:
                    file.write(bytes(size_bytes))
        except OSError:
            self.release()
            raise

    def release_most(self) -> None:
        """Give back what the end of the run takes, and hold what its record takes."""
        os.truncate(self._path, min(RECORD_BYTES, self._path.stat().st_size))

    def release(self) -> None:
        """Give the room back; harmless when repeated."""
        self._path.unlink(missing_ok=True)
