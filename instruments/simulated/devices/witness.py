"""A witness: an append-only log of what each simulated device was told, for tests that kill the rig."""

from __future__ import annotations

import json
import threading
from pathlib import Path


class Witness:
    """One JSON line for each thing a device was told, on disk before the device acts."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, t_s: float, device: str, told: str) -> None:
        """Write one line: bench time, device, words."""
        line = json.dumps({"t_s": round(t_s, 6), "device": device, "told": told})
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")

    def close(self) -> None:
        """Close the log; what comes later is not noted."""
        with self._lock:
            self._file.close()
