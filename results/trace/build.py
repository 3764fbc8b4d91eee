"""Writing the trace of a journal: every trusted row in commit order, then the account of what was and was not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from results.trace.columns import ColumnWriter, add_text, set_attributes, text_dtype
from results.trace.content import CONTENT_HASH_AT, content_sha256
from results.trace.hdf5_file import Hdf5File
from results.trace.header import iso_utc, parse_start
from results.trace.journal import JOURNAL_FORMAT, JOURNAL_VERSION
from results.trace.journal_read import Damage, JournalReader
from results.trace.layout import (
    LIBVER,
    EventsWriter,
    StreamWriter,
    add_config,
    add_group,
    add_identity,
    add_instruments,
    default_plot,
)
from results.trace.schema import Block, TraceEvent
from results.trace.spec_json import TIME_DTYPE
from results.trace.tally import StreamTally, Tally


@dataclass(frozen=True, slots=True)
class Built:
    """A trace as written; `data_sha256` holds, by path, the hash of every column as it came out of the journal."""

    closed_orderly: bool
    streams: tuple[StreamTally, ...]
    damage: tuple[Damage, ...]
    content_sha256: str
    data_sha256: Mapping[str, str]


def build_trace(journal: JournalReader, path: Path) -> Built:
    """Write the trace of a journal to `path` and return when it is on the disk. Errors: OSError, JournalError."""
    with Hdf5File(path) as file:
        # Only whole chunks are written: a chunk cache per dataset would hold memory and save nothing.
        with h5py.File(file, "w", libver=LIBVER, track_order=True, rdcc_nbytes=0) as root:
            built = _write(journal, root, file)
        # Only now has the library written its last byte.
        file.sync()
    return built


def _write(journal: JournalReader, root: h5py.File, file: Hdf5File) -> Built:
    start = parse_start(journal.header["start_utc"])
    set_attributes(root, {"NX_class": "NXroot", "default": "entry", "creator": "pump-bench-rig"})
    entry = add_group(root, "entry", "NXentry")
    add_identity(entry, journal.header, start)
    add_instruments(entry, journal.header)
    streams = {spec.name: StreamWriter(entry, spec, start) for spec in journal.streams}
    events = EventsWriter(entry, start, journal.event_widths())
    tally = Tally(journal.streams)
    last_ns = _copy(journal, streams, events, tally, file)
    plots = [plot for plot in (stream.finish() for stream in streams.values()) if plot is not None]
    events.finish()
    plot = default_plot(plots)
    if plot is not None:
        set_attributes(entry, {"default": plot})
    add_text(entry, "end_time", iso_utc(start, last_ns))
    add_config(entry, journal.header, journal.header_text, journal.streams_text)
    closing = journal.closing
    tallies, damage = tally.finish(closing)
    if journal.closing_is_damaged:
        damage = (*damage, Damage(0, "", -1, 0, 0, 0, "what the writer said at its end cannot be read"))
    columns = [column for stream in streams.values() for column in stream.columns] + events.columns
    columns += _add_account(entry, closing is not None, tallies, damage)
    known = {column.path: column.sha256 for column in columns}
    content = content_sha256(root, known)
    group, attribute = CONTENT_HASH_AT
    set_attributes(root[group], {attribute: content})
    return Built(closing is not None, tallies, damage, content, known)


def _copy(
    journal: JournalReader, streams: Mapping[str, StreamWriter], events: EventsWriter, tally: Tally, file: Hdf5File
) -> int:
    """Copy every trusted row; return the latest time in it, ns."""
    last_ns = 0
    for entry in journal.entries():
        if not tally.take(entry):
            continue
        item = entry.item
        if isinstance(item, Block):
            streams[item.stream].append(item)
            last_ns = max(last_ns, int(item.time_ns[-1]))
        elif isinstance(item, TraceEvent):
            events.append(item)
            last_ns = max(last_ns, item.time_ns)
        if file.failure is not None:
            raise file.failure
    return last_ns


def _add_account(
    entry: h5py.Group, closed_orderly: bool, tallies: Sequence[StreamTally], damage: Sequence[Damage]
) -> list[ColumnWriter]:
    group = add_group(entry, "journal", "NXcollection")
    set_attributes(
        group, {"format": JOURNAL_FORMAT, "format_version": JOURNAL_VERSION, "closed_orderly": closed_orderly}
    )
    return [
        *_add_table(add_group(group, "streams", "NXcollection"), StreamTally, tallies),
        *_add_table(add_group(group, "damage", "NXcollection"), Damage, damage),
    ]


def _add_table(
    group: h5py.Group, kind: type[StreamTally] | type[Damage], rows: Sequence[StreamTally | Damage]
) -> list[ColumnWriter]:
    table = [asdict(row) for row in rows]
    columns = []
    for name in (each.name for each in fields(kind)):
        values = [row[name] for row in table]
        units = "ns" if name.endswith("_ns") else "1"
        if name in ("stream", "reason"):
            texts = [value.encode(errors="backslashreplace") for value in values]
            array = np.array(texts, dtype=text_dtype(max(map(len, texts), default=1)))
        else:
            array = np.array(values, dtype=TIME_DTYPE)
        column = ColumnWriter(group, name, array.dtype, {"units": units})
        column.append(array)
        column.finish()
        columns.append(column)
    return columns
