"""The heartbeat of a run: sent for every block that was processed, with what was published and what is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from results.trace.schema import Block, TraceEvent
from rig.acquisition.stream import Item

Beat = Callable[[Mapping[str, int], Mapping[str, int]], None]
"""Sends samples published and samples durable, by stream; must not wait."""


class Heartbeat:
    """Listens in the threads that publish, without a timer: a rig that does no work has no heartbeat."""

    def __init__(self, send: Beat) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._published: dict[str, int] = {}
        self._durable: Mapping[str, int] = {}

    def listen(self, item: Item) -> None:
        """Count an item and beat."""
        if isinstance(item, TraceEvent):
            return
        with self._lock:
            count = len(item.time_ns) if isinstance(item, Block) else 1
            self._published[item.stream] = self._published.get(item.stream, 0) + count
            self._send(self._published, self._durable)

    def note_durable(self, counts: Mapping[str, int]) -> None:
        """Take the samples per stream that are on the disk now; called by the writer."""
        self._durable = dict(counts)
