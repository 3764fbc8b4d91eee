"""A witness: an append-only log of what each simulated device was told and did, for tests that kill the rig."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from instruments.clock.interface import host_monotonic_s


class Witness:
    """One JSON line for each thing a device was told, written before the device acts, and for each act of the bench.

    Every line holds bench time and the host's monotonic time, which all processes of a host share. What a device does
    by itself is noted when the bench is next looked at: its bench time says when it was.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, t_s: float, device: str, told: str) -> None:
        """Write one line: bench time, device, words."""
        self._write(t_s, {"device": device, "told": told})

    def note_act(self, t_s: float, act: str, values: Mapping[str, float]) -> None:
        """Write one line: bench time, what pump or valve truly do from then on."""
        self._write(t_s, {"device": "bench", "act": act, **values})

    def _write(self, t_s: float, what: Mapping[str, object]) -> None:
        line = json.dumps({"t_s": round(t_s, 6), "monotonic_s": round(host_monotonic_s(), 6), **what})
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")

    def close(self) -> None:
        """Close the log; what comes later is not noted."""
        with self._lock:
            self._file.close()
