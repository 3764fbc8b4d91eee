"""The one writer of the journal: a thread that commits each host second and on every event."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec

import numpy as np

from instruments.clock import host_monotonic_s
from results.trace.errors import StorageError
from results.trace.journal import JournalWriter
from results.trace.schema import Block, StreamSpec, TraceEvent
from rig.acquisition.sample import Sample
from rig.acquisition.stream import Item, SampleStream

COMMIT_PERIOD_S = 1.0
FINISHED_WITHIN_S = 300.0
"""Of host time: a writer that takes longer hangs, and is left behind."""

P = ParamSpec("P")


class TraceWriter:
    """Takes items from the stream and makes them durable.

    Not a participant of the clock: durability is a matter of host time. After a failure it goes on emptying the
    stream, so that no sampler hangs on it, counts what it could not store, and reports the first error. What it had
    taken before is still made durable at the end, if the disk takes it; the journal is not marked as complete then.
    """

    def __init__(self, stream: SampleStream, journal: JournalWriter, specs: Sequence[StreamSpec]) -> None:
        self._stream = stream
        self._journal = journal
        self._specs = {spec.name: spec for spec in specs}
        self._rows: dict[str, list[Sample]] = {spec.name: [] for spec in specs}
        self._came = dict.fromkeys(self._specs, 0)
        self._taken = dict.fromkeys(self._specs, 0)
        self._durable = dict.fromkeys(self._specs, 0)
        self._listeners: list[Callable[[Exception], None]] = []
        self._commit_listeners: list[Callable[[Mapping[str, int]], None]] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)
        self._thread.start()

    def call_on_failure(self, listener: Callable[[Exception], None]) -> None:
        """Call a listener at the first storage error, in the writer's thread."""
        self._listeners.append(listener)

    def call_on_commit(self, listener: Callable[[Mapping[str, int]], None]) -> None:
        """Call a listener after every commit with the samples now durable, by stream, in the writer's thread.

        What it raises ends the storing, as a storage error does.
        """
        self._commit_listeners.append(listener)

    def finish(self) -> None:
        """Store what is queued, close the journal, end the thread; raises the first storage error, or that it hangs."""
        self._stream.end()
        self._thread.join(FINISHED_WITHIN_S)
        if self._thread.is_alive():
            problem = f"its writer did not end within {FINISHED_WITHIN_S:g} s"
            raise StorageError(self._journal.path, problem, "The disk hangs: `rig recover` seals what it holds")
        if self.error is not None:
            raise self.error

    @property
    def lost_samples(self) -> dict[str, int]:
        """How many samples of each stream were taken by the rig and are not durable; of no use before `finish`."""
        return {name: lost for name, seen in self._came.items() if (lost := seen - self._durable[name])}

    def _run(self) -> None:
        next_commit_s = host_monotonic_s() + COMMIT_PERIOD_S
        ended = False
        while not ended:
            items, ended = self._stream.drain(max(0.0, next_commit_s - host_monotonic_s()))
            commit = ended
            for item in items:
                self._store(item)
                commit = commit or isinstance(item, TraceEvent)
            if commit or host_monotonic_s() >= next_commit_s:
                self._attempt(self._commit)
                next_commit_s = host_monotonic_s() + COMMIT_PERIOD_S
        self._close()

    def _store(self, item: Item) -> None:
        if isinstance(item, Sample):
            self._came[item.stream] += 1
            self._rows[item.stream].append(item)
        elif isinstance(item, Block):
            self._came[item.stream] += len(item.time_ns)
            self._attempt(self._append, item)
        else:
            self._attempt(self._append_rows)
            self._attempt(self._journal.event, item)

    def _attempt(self, action: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
        if self.error is not None:
            return
        try:
            action(*arguments, **named)
        except Exception as error:
            self._fail(error)

    def _close(self) -> None:
        try:
            self._journal.close(complete=self.error is None)
        except Exception as error:
            if self.error is None:
                self._fail(error)
        if self._journal.has_all_on_disk:
            self._durable = dict(self._taken)

    def _fail(self, error: Exception) -> None:
        self.error = error
        for listener in self._listeners:
            listener(error)

    def _commit(self) -> None:
        self._append_rows()
        self._journal.commit()
        self._durable = dict(self._taken)
        # Each listener has its own: the counts go on with the next sample.
        for listener in self._commit_listeners:
            listener(dict(self._taken))

    def _append(self, block: Block) -> None:
        self._journal.append(block)
        self._taken[block.stream] += len(block.time_ns)

    def _append_rows(self) -> None:
        for stream, rows in self._rows.items():
            if rows:
                self._append(_block(self._specs[stream], rows))
                rows.clear()


def _block(spec: StreamSpec, rows: Sequence[Sample]) -> Block:
    columns = {
        column.name: np.array([row.values[index] for row in rows], dtype=column.dtype)
        for index, column in enumerate(spec.columns)
    }
    return Block(
        stream=spec.name,
        time_ns=np.array([row.time_ns for row in rows], dtype=np.int64),
        status=np.array([row.status for row in rows], dtype=np.uint8),
        columns=columns,
    )
