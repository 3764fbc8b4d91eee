"""What reaches a watchdog: lines from the rig, the end of the pipe, and the rig's death, one after the other."""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO

from rig.watchdog.fence import Fence


@dataclass(frozen=True, slots=True)
class Lost:
    """The rig cannot be heard any more, and why."""

    reason: str


Message = dict[str, Any]


class Inbox:
    """Reads the pipe and waits for the rig's death, each in a thread of its own."""

    def __init__(self, pipe: BinaryIO, fence: Fence) -> None:
        self._pipe = pipe
        self._fence = fence
        self._queue: queue.SimpleQueue[Message | Lost] = queue.SimpleQueue()
        for name, run in (("pipe", self._read), ("death", self._await_death)):
            threading.Thread(target=run, name=name, daemon=True).start()

    def next(self, timeout_s: float | None) -> Message | Lost | None:
        """Return what came, or None when nothing did within the time (host, s)."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _read(self) -> None:
        try:
            while line := self._pipe.readline():
                message = json.loads(line)
                if isinstance(message, dict):
                    self._queue.put(message)
        except (OSError, ValueError) as error:
            self._queue.put(Lost(f"its pipe cannot be read: {error}"))
            return
        self._queue.put(Lost("its pipe was closed without a release"))

    def _await_death(self) -> None:
        self._fence.is_dead_within(None)
        self._queue.put(Lost("it died without a release"))
