"""The one stream of samples and events: listeners see each item at once, the writer gets it through a bounded queue."""

from __future__ import annotations

import queue
from collections.abc import Callable

from results.trace.schema import Block, TraceEvent
from rig.acquisition.sample import Sample

Item = Sample | Block | TraceEvent
Listener = Callable[[Item], None]

QUEUE_LENGTH = 4096


class SampleStream:
    """Publishes to listeners in the publishing thread, then queues for the writer.

    A full queue blocks the publisher: storage holds time back, it never loses a sample.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self.queue: queue.Queue[Item | None] = queue.Queue(maxsize=QUEUE_LENGTH)

    def subscribe(self, listener: Listener) -> None:
        """Add a listener; it runs in the publishing thread and must be quick."""
        self._listeners.append(listener)

    def publish(self, item: Item) -> None:
        """Queue an item for the record, then show it to the listeners: what trips an interlock is on record first."""
        self.queue.put(item)
        for listener in self._listeners:
            listener(item)

    def end(self) -> None:
        """Tell the writer that nothing more will come."""
        self.queue.put(None)
