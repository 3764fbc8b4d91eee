"""What a watchdog did, in `watchdog.jsonl` of the run's folder; each line is on the disk before the next deed."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from instruments.clock import host_monotonic_s, utc_now
from results.trace.durable import fsync_folder, write_all
from results.trace.ownership import OwnerLock


class WatchdogLog:
    """Keeps what it is told until it knows the run's folder."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._descriptor: int | None = None
        self._life: OwnerLock | None = None
        """Tells that there may be more to come: a run is not closed as an orphan meanwhile."""
        self.run = ""
        """The folder of the run it guards; "" before one began."""

    def open(self, path: Path) -> None:
        """Write to this file from now on, what was told before included; `OSError` when it cannot."""
        self.close()
        self.run = str(path.parent)
        with suppress(OSError):  # without it the run may be closed before its watchdog has ended, and say less
            self._life = OwnerLock(path, timeout_s=0.0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        fsync_folder(path.parent)
        self._flush()

    def note(self, kind: str, **data: object) -> None:
        """Add one line; a disk that takes nothing keeps no pump from being stopped."""
        line = {"utc": utc_now().isoformat(), "host_s": round(host_monotonic_s(), 6), "kind": kind, **data}
        self._waiting.append(json.dumps(line).encode() + b"\n")
        try:
            self._flush()
        except OSError:
            return

    def close(self) -> None:
        """Close the file; idempotent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        life, self._life = self._life, None
        if life is not None:
            life.release()

    def _flush(self) -> None:
        if self._descriptor is None or not self._waiting:
            return
        write_all(self._descriptor, b"".join(self._waiting))
        self._waiting.clear()
        os.fsync(self._descriptor)
