"""Reading a sealed trace: typed, lazily, and refusing what it cannot answer for."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from results.trace.content import CONTENT_HASH_AT, data_sha256, file_sha256
from results.trace.errors import TraceError, refuse_irregular
from results.trace.header import check_header, parse_start
from results.trace.journal_read import Damage
from results.trace.layout import DEFINITION
from results.trace.schema import TRACE_SCHEMA, StreamSpec, TraceEvent
from results.trace.spec_json import row_dtypes, streams_from_json
from results.trace.tally import StreamTally

_T = TypeVar("_T")
REMEDY_OF_PATH = "Check the path; a run that has a journal gets its trace by `rig seal RUN`"
REMEDY = "Compare its SHA-256 with the record; seal the trace again from the journal"


@dataclass(frozen=True, slots=True)
class StreamTrace:
    """One stream of a trace; every access reads from the file, so keep what is used twice."""

    path: Path
    spec: StreamSpec
    count: int

    @property
    def time_ns(self) -> NDArray[np.int64]:
        """Station time of every sample, int64 ns since the start of the run, shape (n,)."""
        return self._read("time").astype(np.int64, copy=False)

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Station time of every sample in seconds since the start of the run, shape (n,)."""
        return self.time_ns / 1e9

    @property
    def status(self) -> NDArray[np.uint8]:
        """Quality of every sample, `SampleStatus` codes, shape (n,)."""
        return self._read("status").astype(np.uint8, copy=False)

    def column(self, name: str, rows: slice = slice(None)) -> NDArray[np.generic]:
        """Return a column in the units of its spec, shape (n,), or `rows` of it. Errors: TraceError when unknown."""
        names = [column.name for column in self.spec.columns]
        if name not in ("time", "status", *names):
            raise TraceError(self.path, f"stream {self.spec.name!r} has no column {name!r}", f"It has {names}")
        return self._read(name, rows)

    def rows_between(self, start_ns: int, end_ns: int) -> slice:
        """Return the rows with start_ns <= time < end_ns, found without reading the whole time column."""

        def find(dataset: h5py.Dataset) -> slice:
            return slice(bisect_left(dataset, start_ns), bisect_left(dataset, end_ns))

        return self._with("time", find)

    def _read(self, name: str, rows: slice = slice(None)) -> NDArray[np.generic]:
        return self._with(name, lambda dataset: np.asarray(dataset[rows]))

    def _with(self, name: str, use: Callable[[h5py.Dataset], _T]) -> _T:
        return read_hdf5(self.path, lambda root: use(root[f"/entry/{self.spec.name}/{name}"]))


class Trace:
    """A sealed trace; made by `read_trace`.

    `schema`: version of the layout. `header`: the run header as the journal stored it. `spec`: the stream table.
    `run_id`, `start` (UTC, station time 0), `simulated`: from the header. `closed_orderly`: False after a crash.
    `tallies`, `damage`: what the journal held and lost. `content_sha256`: as the trace says of itself.
    """

    def __init__(self, path: Path, root: h5py.File) -> None:
        self.path = path
        self.schema = _text(root["/entry/definition"].attrs["version"])
        self.header: Mapping[str, object] = json.loads(_text(root["/entry/config/header"][()]))
        check_header(self.header)
        self.run_id = str(self.header["run_id"])
        self.start: datetime = parse_start(self.header["start_utc"])
        self.simulated = bool(root["/entry/simulated"][()])
        self.spec: tuple[StreamSpec, ...] = streams_from_json(_text(root["/entry/config/streams"][()]))
        self._streams = {spec.name: StreamTrace(path, spec, _count(root, spec)) for spec in self.spec}
        account = root["/entry/journal"]
        self.closed_orderly = bool(account.attrs["closed_orderly"])
        self.tallies = tuple(StreamTally(**row) for row in _table(account["streams"], StreamTally))
        self.damage = tuple(Damage(**row) for row in _table(account["damage"], Damage))
        self.content_sha256 = _text(root[CONTENT_HASH_AT[0]].attrs[CONTENT_HASH_AT[1]])

    @property
    def complete(self) -> bool:
        """True when the journal was closed by its writer and nothing in it was lost."""
        return self.closed_orderly and not self.damage

    def stream(self, name: str) -> StreamTrace:
        """Return a stream. Errors: TraceError naming the streams there are."""
        found = self._streams.get(name)
        if found is None:
            raise TraceError(self.path, f"has no stream {name!r}", f"It has {sorted(self._streams)}")
        return found

    def data_sha256(self) -> dict[str, str]:
        """Return the SHA-256 of every column of every stream, by path: equal for two runs that recorded the same."""

        def read(root: h5py.File) -> dict[str, str]:
            return {
                path: data_sha256(root[path])
                for spec in self.spec
                for path in (f"/entry/{spec.name}/{name}" for name in _column_names(spec))
            }

        return read_hdf5(self.path, read)

    @cached_property
    def events(self) -> tuple[TraceEvent, ...]:
        """Every event in the order it was recorded."""

        def read(root: h5py.File) -> tuple[TraceEvent, ...]:
            group = root["/entry/events"]
            columns = (group[name][:].tolist() for name in ("time", "kind", "source", "data"))
            return tuple(
                TraceEvent(time_ns, kind.decode(), source.decode(), json.loads(data))
                for time_ns, kind, source, data in zip(*columns, strict=True)
            )

        return read_hdf5(self.path, read)


def is_hdf5(path: Path) -> bool:
    """Return whether a file begins as HDF5 files do."""
    return path.is_file() and bool(h5py.is_hdf5(path))


def read_trace(path: Path, *, sha256: str | None = None) -> Trace:
    """Open a sealed trace; arrays are read when asked for.

    `sha256`: where the record names it, the file is refused before the library looks at it unless its bytes match.
    Errors: TraceError for a missing, truncated, damaged or foreign file, and for another major version of the layout.
    """
    path = Path(path)
    refuse_irregular(path, TraceError, REMEDY_OF_PATH)
    if sha256 is not None and file_sha256(path) != sha256:
        raise TraceError(path, "its SHA-256 is not the one on record: it is damaged or was changed", REMEDY)
    return read_hdf5(path, lambda root: _open(path, root))


def _open(path: Path, root: h5py.File) -> Trace:
    if "/entry/definition" not in root or _text(root["/entry/definition"][()]) != DEFINITION:
        raise TraceError(path, "is HDF5, but no trace of a rig run", "Give the trace of a run")
    version = _text(root["/entry/definition"].attrs.get("version", ""))
    if version.split(".")[0] != TRACE_SCHEMA.split(".")[0]:
        raise TraceError(
            path,
            f"has layout version {version or 'unknown'}, this program reads {TRACE_SCHEMA.split('.')[0]}.x",
            "Read it with the program version that wrote it",
        )
    return Trace(path, root)


def read_hdf5(path: Path, read: Callable[[h5py.File], _T]) -> _T:
    """Return what is read from a file. Errors: TraceError for whatever the library finds wrong with it."""
    try:
        with h5py.File(path, "r") as root:
            return read(root)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
        # The library tells of damage in many ways; the first line of any of them is enough.
        what = (str(error).splitlines() or [""])[0]
        raise TraceError(path, f"cannot be read as a trace ({type(error).__name__}: {what})", REMEDY) from error


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _column_names(spec: StreamSpec) -> tuple[str, ...]:
    return ("time", "status", *(column.name for column in spec.columns))


def _count(root: h5py.File, spec: StreamSpec) -> int:
    """Return the number of samples of a stream; ValueError unless every column is as announced and equally long."""
    datasets = [root[f"/entry/{spec.name}/{name}"] for name in _column_names(spec)]
    count = int(datasets[0].size)
    for dataset, dtype in zip(datasets, row_dtypes(spec), strict=True):
        if dataset.shape != (count,) or dataset.dtype != dtype:
            raise ValueError(f"{dataset.name} is {dataset.dtype.str}{dataset.shape}, not {dtype.str}({count},)")
    return count


def _table(group: h5py.Group, kind: type[StreamTally] | type[Damage]) -> list[dict[str, Any]]:
    columns = {field.name: group[field.name][:].tolist() for field in fields(kind)}
    rows = zip(*columns.values(), strict=True)
    return [
        {name: _text(value) if isinstance(value, bytes) else value for name, value in zip(columns, row, strict=True)}
        for row in rows
    ]
