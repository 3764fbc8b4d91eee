"""The gate of the journal: samples that fit their stream are taken over and gathered into rows."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from results.trace.errors import BlockError
from results.trace.json_text import to_json
from results.trace.schema import MAX_EVENT_TEXT, Block, StreamSpec, TraceEvent
from results.trace.spec_json import STATUS_DTYPE, TIME_DTYPE, column_dtype, row_dtypes
from results.trace.status import SampleStatus

MAX_ROW_SAMPLES = 65_536
"""Most samples of one journal row; longer batches become several rows."""

EventRow = tuple[int, str, str, str]
"""Time in ns, kind, source, data as JSON text."""

MAX_WORD_BYTES = 200
_HIGHEST_STATUS = max(SampleStatus)


class StreamIntake:
    """Checks the blocks of one stream: columns and dtypes of the spec, equal lengths, time strictly increasing."""

    def __init__(self, spec: StreamSpec) -> None:
        self._spec = spec
        self._columns = tuple((column.name, column_dtype(column)) for column in spec.columns)
        self._last_ns: int | None = None

    def take(self, block: Block) -> list[bytes]:
        """Return the block's arrays as bytes in stored order; the caller may reuse its arrays at once.

        Errors: BlockError naming stream, column and rule; the block is then not taken at all.
        """
        time_ns = block.time_ns
        count = len(time_ns)
        if count == 0:
            raise BlockError(f"stream {self._spec.name!r}: a block without samples")
        parts = [
            self._bytes("time", time_ns, TIME_DTYPE, count),
            self._bytes("status", block.status, STATUS_DTYPE, count),
        ]
        if max(parts[1]) > _HIGHEST_STATUS:
            raise BlockError(f"stream {self._spec.name!r}: status {max(parts[1])} is not in the legend")
        if len(block.columns) != len(self._columns):
            announced = [name for name, _ in self._columns]
            raise BlockError(f"stream {self._spec.name!r}: columns {sorted(block.columns)}, announced {announced}")
        for name, dtype in self._columns:
            array = block.columns.get(name)
            if array is None:
                raise BlockError(f"stream {self._spec.name!r}: column {name!r} is missing, got {sorted(block.columns)}")
            parts.append(self._bytes(name, array, dtype, count))
        self._advance(time_ns, count)
        return parts

    def _bytes(self, name: str, array: NDArray[np.generic], dtype: np.dtype[np.generic], count: int) -> bytes:
        if array.shape != (count,):
            raise BlockError(f"stream {self._spec.name!r}: {name} has shape {array.shape}, time has ({count},)")
        if array.dtype != dtype:
            if dtype.kind != "S" or array.dtype.kind != "S" or array.dtype.itemsize > dtype.itemsize:
                raise BlockError(f"stream {self._spec.name!r}: {name} is {array.dtype.str}, announced {dtype.str}")
            array = array.astype(dtype)
        return array.tobytes()

    def _advance(self, time_ns: NDArray[np.int64], count: int) -> None:
        first_ns = int(time_ns[0])
        if self._last_ns is not None and first_ns <= self._last_ns:
            raise BlockError(
                f"stream {self._spec.name!r}: time {first_ns} ns does not follow {self._last_ns} ns; "
                "sample times increase strictly"
            )
        if count > 1:
            rises = time_ns[1:] > time_ns[:-1]
            if not rises.all():
                at = int(np.argmin(rises))
                raise BlockError(
                    f"stream {self._spec.name!r}: time {int(time_ns[at + 1])} ns does not follow {int(time_ns[at])} ns "
                    f"(samples {at} and {at + 1} of the block); sample times increase strictly"
                )
            self._last_ns = int(time_ns[-1])
        else:
            self._last_ns = first_ns


class Batch:
    """Consecutive blocks of one stream, waiting for the next commit."""

    def __init__(self, stream: int, spec: StreamSpec) -> None:
        self.stream = stream
        self._dtypes = row_dtypes(spec)
        self._parts: list[list[bytes]] = []

    def add(self, parts: list[bytes]) -> None:
        """Add one block as `StreamIntake.take` returned it."""
        self._parts.append(parts)

    def rows(self) -> list[Sequence[NDArray[np.generic]]]:
        """Return the gathered samples as arrays in stored order, cut into rows of at most `MAX_ROW_SAMPLES`."""
        arrays = [
            np.frombuffer(b"".join(column), dtype=dtype)
            for column, dtype in zip(zip(*self._parts, strict=True), self._dtypes, strict=True)
        ]
        return [
            [array[start : start + MAX_ROW_SAMPLES] for array in arrays]
            for start in range(0, len(arrays[0]), MAX_ROW_SAMPLES)
        ]


def event_row(event: TraceEvent) -> EventRow:
    """Return an event as stored. Errors: BlockError naming the event and the rule."""
    where = f"event {event.kind!r} of {event.source!r}"
    for text in (event.kind, event.source):
        if not (text and text.isprintable() and len(text.encode()) <= MAX_WORD_BYTES):
            raise BlockError(f"{where}: kind and source are printable and 1 to {MAX_WORD_BYTES} bytes long")
    try:
        time_ns = operator.index(event.time_ns)
        data = to_json(event.data)
    except TypeError as error:
        raise BlockError(f"{where}: {error}") from error
    if not -(2**63) <= time_ns < 2**63:
        raise BlockError(f"{where}: time {time_ns} ns does not fit into 64 bits")
    if len(data) > MAX_EVENT_TEXT:
        raise BlockError(f"{where}: {len(data)} characters of data, at most {MAX_EVENT_TEXT}")
    return time_ns, event.kind, event.source, data
