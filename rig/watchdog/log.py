"""What a watchdog did, in `watchdog.jsonl` of the run's folder; each line is on the disk before the next deed.

But for a disk that hangs: it is waited for a moment, once, and keeps no pump running and no relay closed.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from instruments.clock import host_monotonic_s, utc_now
from results.trace.durable import fsync_folder, write_all
from results.trace.ownership import OwnerLock

PATIENCE_S = 0.5
"""How long a deed waits for the line before it, s of host time; not at all while the disk hangs."""

LAST_PATIENCE_S = 10.0
"""How long the end waits for the last line."""


class WatchdogLog:
    """Keeps what it is told until it knows the run's folder; only a thread of its own touches the disk."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._descriptor: int | None = None
        self._life: OwnerLock | None = None
        """Tells that there may be more to come: a run is not closed as an orphan meanwhile."""
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._asked = 0
        self._done = 0
        self._over = threading.Condition()
        self._hangs = False
        self.run = ""
        """The folder of the run it guards; "" before one began."""
        threading.Thread(target=self._work, name="watchdog-log", daemon=True).start()

    def open(self, path: Path) -> None:
        """Write to this file from now on, what was told before included."""
        self.run = str(path.parent)
        self._do(partial(self._open, path), PATIENCE_S)

    def note(self, kind: str, **data: object) -> None:
        """Add one line; a disk that takes nothing, or hangs, keeps no pump from being stopped."""
        line = {"utc": utc_now().isoformat(), "host_s": round(host_monotonic_s(), 6), "kind": kind, **data}
        self._do(partial(self._add, json.dumps(line).encode() + b"\n"), PATIENCE_S)

    def close(self) -> None:
        """Close the file, if its disk does not hang; idempotent."""
        self._hangs = False
        self._do(self._close, LAST_PATIENCE_S)

    def _do(self, job: Callable[[], None], patience_s: float) -> None:
        self._asked += 1
        self._jobs.put(job)
        with self._over:
            in_time = self._over.wait_for(lambda: self._done >= self._asked, 0.0 if self._hangs else patience_s)
            self._hangs = not in_time

    # ---- in the thread

    def _work(self) -> None:
        while True:
            with suppress(OSError):  # what could not be written is tried again with the next line
                self._jobs.get()()
            with self._over:
                self._done += 1
                self._over.notify_all()

    def _open(self, path: Path) -> None:
        self._close()
        with suppress(OSError):  # without it the run may be closed before its watchdog has ended, and say less
            self._life = OwnerLock(path, timeout_s=0.0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        fsync_folder(path.parent)
        self._flush()

    def _add(self, line: bytes) -> None:
        self._waiting.append(line)
        self._flush()

    def _flush(self) -> None:
        if self._descriptor is None or not self._waiting:
            return
        write_all(self._descriptor, b"".join(self._waiting))
        self._waiting.clear()
        os.fsync(self._descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        life, self._life = self._life, None
        if life is not None:
            life.release()
