"""Whether the disk has room for a run: asked before it, and while it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from instruments.clock import host_monotonic_s
from results.trace.schema import Block, StreamSpec, TraceEvent
from rig.acquisition.stream import Item
from rig.disk.size import end_bytes, predicted_bytes, sample_bytes, size_words, trace_bytes
from rig.faults import NotRun
from rig.trip import Trip

LOOK_PERIOD_S = 2.0
"""Of host time: what another program can write meanwhile is what the station's reserve is for."""
_PART_OF_RESERVE = 0.125
"""Where time is virtual a run may itself write much in that time: then it is looked sooner."""

_MARGIN = 1.3
"""On the prediction: a person takes longer than planned, an alarm is waited for."""

FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return the bytes a user may still write where a folder is. Errors: OSError."""
    return shutil.disk_usage(folder).free


def refuse_full_disk(
    folder: Path,
    specs: Iterable[StreamSpec],
    *,
    duration_s: float,
    reserve_bytes: float,
    free: FreeBytes = free_bytes,
) -> None:
    """Raise `NotRun` where a run of this duration (station time) would not find the room it needs."""
    predicted = predicted_bytes(specs, duration_s=duration_s)
    needed, there = _MARGIN * predicted + reserve_bytes, free(folder)
    if not there >= needed:
        raise NotRun([
            f"no room on the disk of {folder}: {size_words(there)} are free, {size_words(needed)} are needed "
            f"({size_words(predicted)} for a run of {duration_s / 3600.0:.3g} h and {_MARGIN - 1.0:.0%} of that, "
            f"{size_words(reserve_bytes)} of [limits] disk_reserve_mb). "
            "Free space, give a folder on another disk with --runs, or sample less often"
        ])  # fmt: skip


class DiskGuard:
    """Listens to the stream, looks at the disk once in a while, and trips while the run can still be ended in order.

    What is kept: the trace of all that was published so far, what of it is not in the journal yet, the record and the
    figure, and the station's reserve.
    """

    def __init__(
        self,
        folder: Path,
        specs: Iterable[StreamSpec],
        *,
        reserve_bytes: float,
        on_trip: Callable[[Trip], None],
        free: FreeBytes = free_bytes,
    ) -> None:
        self._folder = folder
        self._specs = tuple(specs)
        self._reserve_bytes = reserve_bytes
        self._on_trip = on_trip
        self._free = free
        self._sample_bytes = {spec.name: sample_bytes(spec) for spec in self._specs}
        self._samples = {spec.name: 0 for spec in self._specs}
        self._durable: Mapping[str, int] = {}
        self._bytes_since = 0
        self._look_again_s = host_monotonic_s()

    def listen(self, item: Item) -> None:
        """Count an item, and look at the disk if that was long ago; called by the publisher."""
        if isinstance(item, TraceEvent):
            return
        # Each stream has one publisher: no two threads count the same one.
        count = len(item.time_ns) if isinstance(item, Block) else 1
        self._samples[item.stream] += count
        self._bytes_since += count * self._sample_bytes[item.stream]
        now_s = host_monotonic_s()
        if now_s >= self._look_again_s or self._bytes_since >= _PART_OF_RESERVE * self._reserve_bytes:
            self._look_again_s, self._bytes_since = now_s + LOOK_PERIOD_S, 0
            self._look()

    def note_durable(self, counts: Mapping[str, int]) -> None:
        """Take the samples per stream that are in the journal now; called by the writer."""
        self._durable = counts

    def _look(self) -> None:
        try:
            there = self._free(self._folder)
        except OSError as error:
            self._on_trip(Trip(f"disk: the room on it cannot be told ({error})"))
            return
        waiting = {name: count - self._durable.get(name, 0) for name, count in self._samples.items()}
        to_end = end_bytes(self._specs, self._samples) + trace_bytes(self._specs, waiting)
        if not there >= to_end + self._reserve_bytes:
            reason = (
                f"disk space: {size_words(there)} are free; {size_words(to_end)} are kept to seal this run, "
                f"and {size_words(self._reserve_bytes)} in reserve"
            )
            self._on_trip(Trip(reason, is_limit=True))
