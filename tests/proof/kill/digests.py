"""Hashes of what was published, to be compared bit for bit with what a trace holds."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from results.trace.reader import read_trace
from results.trace.schema import Block, StreamSpec
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item


class Digests:
    """Hashes of what was published: of each stream's times, states and columns, sample by sample."""

    def __init__(self, specs: Sequence[StreamSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._lock = threading.Lock()
        self._waiting: dict[str, list[tuple[int, list[bytes]]]] = {spec.name: [] for spec in specs}
        self._counts = dict.fromkeys(self._specs, 0)
        self._hashes = {spec.name: [hashlib.sha256() for _ in range(2 + len(spec.columns))] for spec in specs}

    def take(self, item: Item) -> None:
        """Note an item; called by its publisher."""
        if isinstance(item, Sample | Block):
            arrays = _arrays_of(item, self._specs[item.stream])
            with self._lock:
                self._waiting[item.stream].append((len(arrays[0]), [array.tobytes() for array in arrays]))

    def at(self, durable: Mapping[str, int]) -> dict[str, list[object]]:
        """Return count and hash of each stream up to what is durable, or to what was noted so far, if that is less."""
        with self._lock:
            for stream, waiting in self._waiting.items():
                while waiting and self._counts[stream] + waiting[0][0] <= durable[stream]:
                    count, arrays = waiting.pop(0)
                    self._counts[stream] += count
                    for digest, data in zip(self._hashes[stream], arrays, strict=True):
                        digest.update(data)
            return {stream: [self._counts[stream], combined(hashes)] for stream, hashes in self._hashes.items()}


def combined(hashes: Sequence[Any]) -> str:
    """Return one hash of the hashes of a stream's arrays, in hexadecimal."""
    return hashlib.sha256(b"".join(one.digest() for one in hashes)).hexdigest()


def _arrays_of(item: Sample | Block, spec: StreamSpec) -> list[np.ndarray[Any, Any]]:
    if isinstance(item, Block):
        return [item.time_ns, item.status, *(item.columns[column.name] for column in spec.columns)]
    values = [np.array([value], column.dtype) for value, column in zip(item.values, spec.columns, strict=True)]
    return [np.array([item.time_ns], np.int64), np.array([item.status], np.uint8), *values]


def acknowledged_in(trace_path: Path, durable: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return what is missing or different in a trace of what was acknowledged; nothing when it is there bit for bit."""
    trace, faults = read_trace(trace_path), []
    for name, (count, sha256) in durable.items():
        stream = trace.stream(name)
        arrays: list[Any] = [
            stream.time_ns,
            stream.status,
            *(stream.column(column.name) for column in stream.spec.columns),
        ]
        if len(stream.time_ns) < count:
            faults.append(f"{name}: {count - len(stream.time_ns)} of {count} acknowledged samples are missing")
        elif combined([hashlib.sha256(array[:count].tobytes()) for array in arrays]) != sha256:
            faults.append(f"{name}: the {count} acknowledged samples are not what was published")
    return faults
