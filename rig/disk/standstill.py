"""Whether what is published becomes durable at all: a disk that hangs raises no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from instruments.clock import host_monotonic_s
from results.trace.schema import TraceEvent
from rig.acquisition.stream import Item
from rig.trip import Trip

STANDSTILL_S = 60.0
"""Of host time without a commit; the writer makes one each second."""


class StandstillGuard:
    """Listens to the stream and trips when samples come and nothing has become durable for long."""

    def __init__(self, *, on_trip: Callable[[Trip], None], host_s: Callable[[], float] = host_monotonic_s) -> None:
        self._on_trip = on_trip
        self._host_s = host_s
        self._durable_s = host_s()
        self._has_tripped = False

    def listen(self, item: Item) -> None:
        """Look how long the last commit is ago; called by the publisher."""
        still_s = self._host_s() - self._durable_s
        if isinstance(item, TraceEvent) or still_s < STANDSTILL_S or self._has_tripped:
            return
        self._has_tripped = True
        self._on_trip(Trip(f"storage: nothing has become durable for {still_s:.0f} s (the disk hangs)"))

    def note_durable(self, counts: Mapping[str, int]) -> None:
        """Take that there was a commit; called by the writer."""
        self._durable_s = self._host_s()
