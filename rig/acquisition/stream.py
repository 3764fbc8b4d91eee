"""The one stream of samples and events: listeners see each item at once, the writer gets it in batches."""

from __future__ import annotations

import threading
from collections.abc import Callable

from results.trace.errors import StorageError
from results.trace.schema import Block, TraceEvent
from rig.acquisition.sample import Sample

Item = Sample | Block | TraceEvent
Listener = Callable[[Item], None]

CAPACITY = 8192
WORTH_WAKING = 512
ROOM_WITHIN_S = 300.0
"""Of host time: a drain that takes nothing for so long hangs."""


class SampleStream:
    """Publishes to listeners in the publishing thread, and keeps items for the one that drains it.

    A full stream blocks the publisher: storage holds time back, it never loses a sample; where it hangs, the publisher
    gets `StorageError`. The drain is woken for an
    event or for many samples, not for each one: a thread switch costs more than a sample.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._listeners: list[Listener] = []
        self._items: list[Item] = []
        self._ended = False
        self._lock = threading.Lock()
        self._worth_draining = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)

    def subscribe(self, listener: Listener) -> None:
        """Add a listener; it runs in the publishing thread and must be quick."""
        self._listeners.append(listener)

    def publish(self, item: Item) -> None:
        """Keep an item for the record, then show it to the listeners: what trips an interlock is on record first."""
        with self._lock:
            has_room = self._room.wait_for(lambda: len(self._items) < self._capacity, ROOM_WITHIN_S)
            if not has_room:
                problem = f"nothing was taken out of it for {ROOM_WITHIN_S:g} s"
                raise StorageError("stream of samples", problem, "The disk hangs: look at it before the next run")
            self._items.append(item)
            if len(self._items) == WORTH_WAKING or isinstance(item, TraceEvent):
                self._worth_draining.notify()
        for listener in self._listeners:
            listener(item)

    def end(self) -> None:
        """Tell the drain that nothing more will come."""
        with self._lock:
            self._ended = True
            self._worth_draining.notify()

    def drain(self, timeout_s: float) -> tuple[list[Item], bool]:
        """Return the items kept since the last call, and whether the stream has ended; waits for some, host time."""
        with self._lock:
            if not self._ended and not self._worth_returning():
                self._worth_draining.wait(timeout_s)
            items, self._items = self._items, []
            self._room.notify_all()
            return items, self._ended

    def _worth_returning(self) -> bool:
        return len(self._items) >= WORTH_WAKING or any(isinstance(item, TraceEvent) for item in self._items)
