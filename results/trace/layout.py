"""The layout of a trace: NeXus groups (NXroot, NXentry, NXlog, NXdata), one-dimensional columns, plain types.

`/entry/<stream>` is an NXlog with one dataset per column; `/entry/<stream>_plot` an NXdata with signal and axis;
`/entry/instrument`, `/entry/events`, `/entry/config` and `/entry/journal` hold what surrounds them.
NeXus: M. Koennecke et al., "The NeXus data format", J. Appl. Cryst. 48 (2015) 301; definitions at nexusformat.org.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import h5py
import numpy as np
from numpy.typing import NDArray

from results.trace.columns import ColumnWriter, add_text, set_attributes, text_dtype
from results.trace.header import iso_utc
from results.trace.json_text import to_json
from results.trace.schema import MASS, STATUS_COLUMN, TRACE_SCHEMA, Block, StreamSpec, TraceEvent
from results.trace.spec_json import STATUS_DTYPE, TIME_DTYPE, column_dtype
from results.trace.status import STATUS_LEGEND, SampleStatus

DEFINITION = "rig-run"
LIBVER = ("v108", "v110")
"""What HDF5 1.8 and every reader since understands; the newest format is unreadable for HDF5 1.14 and older."""

_FLOATS = ("f4", "f8")


def add_identity(entry: h5py.Group, header: Mapping[str, object], start: datetime) -> None:
    """Write what the run is: definition and version, identifier, title, start, program, origin of the data."""
    simulated = header["simulated"] is True
    add_text(entry, "definition", DEFINITION, {"version": TRACE_SCHEMA})
    add_text(entry, "entry_identifier", str(header["run_id"]))
    add_text(entry, "title", str(header.get("title", "")))
    add_text(entry, "start_time", iso_utc(start))
    program = header.get("program")
    if isinstance(program, Mapping):
        add_text(entry, "program_name", str(program.get("name", "")), {"version": str(program.get("version", ""))})
    entry.create_dataset("simulated", data=np.uint8(simulated), track_times=False)
    set_attributes(entry["simulated"], {"units": "1", "legend": "0=hardware, 1=simulated"})
    origin = "SIMULATED: computed by a digital twin, no verification evidence" if simulated else "HARDWARE"
    add_text(entry, "data_origin", origin)


def add_config(entry: h5py.Group, header: Mapping[str, object], header_text: str, streams_text: str) -> None:
    """Write the run header, the stream table and the files the run was made from, verbatim."""
    config = add_group(entry, "config", "NXcollection")
    add_text(config, "header", header_text, {"type": "application/json"})
    add_text(config, "streams", streams_text, {"type": "application/json"})
    for key, value in sorted(header.items()):
        if key.endswith("_toml") and isinstance(value, str):
            add_text(config, key, value, {"type": "application/toml"})


def add_instruments(entry: h5py.Group, header: Mapping[str, object]) -> None:
    """Write identity and settings of every instrument of the header, nested as given."""
    group = add_group(entry, "instrument", "NXinstrument")
    instruments = header.get("instruments")
    if isinstance(instruments, Mapping):
        _add_settings(group, instruments)


def _add_settings(group: h5py.Group, settings: Mapping[str, object]) -> None:
    for key, value in settings.items():
        name = _link_name(str(key), group)
        if isinstance(value, Mapping):
            _add_settings(add_group(group, name, "NXcollection"), value)
        elif isinstance(value, bool | int | float) and -(2**63) <= value < 2**63:
            number = np.uint8(value) if isinstance(value, bool) else np.asarray(value)
            group.create_dataset(name, data=number, track_times=False)
        else:
            add_text(group, name, value if isinstance(value, str) else to_json(value))


def _link_name(key: str, group: h5py.Group) -> str:
    name = "".join(letter if letter.isprintable() and letter != "/" else "_" for letter in key)
    if not name.strip("."):
        name += "_"
    while name in group:
        name += "_"
    return name


def add_group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    """Add a group of a NeXus class, its members listed in the order they are added."""
    group = parent.create_group(name, track_order=True)
    set_attributes(group, {"NX_class": nx_class})
    return group


def _time_attributes(start: datetime) -> Mapping[str, object]:
    return {"units": "ns", "start": iso_utc(start), "long_name": "station time since the start of the run"}


class StreamWriter:
    """The group of one stream and its columns."""

    def __init__(self, entry: h5py.Group, spec: StreamSpec, start: datetime) -> None:
        self._names = [column.name for column in spec.columns]
        self._plotted = next((column.name for column in spec.columns if column.dtype in _FLOATS), None)
        self._stream = spec.name
        self._entry = entry
        self._group = add_group(entry, spec.name, "NXlog")
        set_attributes(
            self._group, {"period_s": spec.period_s, "hardware_timed": spec.hardware_timed, **spec.attributes}
        )
        legend = {
            "units": STATUS_COLUMN.units,
            "long_name": STATUS_COLUMN.long_name,
            "legend": STATUS_LEGEND,
            "flag_values": np.array([status.value for status in SampleStatus], dtype="u1"),
            "flag_meanings": " ".join(status.name for status in SampleStatus),
        }
        self.columns = [
            ColumnWriter(self._group, "time", TIME_DTYPE, _time_attributes(start)),
            ColumnWriter(self._group, "status", STATUS_DTYPE, legend),
            *(
                ColumnWriter(
                    self._group,
                    column.name,
                    column_dtype(column),
                    {"units": column.units, "long_name": column.long_name},
                )
                for column in spec.columns
            ),
        ]

    def append(self, block: Block) -> None:
        """Append the samples of a block."""
        arrays: list[NDArray[np.generic]] = [block.time_ns, block.status]
        arrays += [block.columns[name] for name in self._names]
        for column, array in zip(self.columns, arrays, strict=True):
            column.append(array)

    def finish(self) -> str | None:
        """Write what is left and the plot; return the plot's name, or None when there is nothing to draw."""
        for column in self.columns:
            column.finish()
        if self._plotted is None:
            return None
        path = f"/entry/{self._stream}"
        self._group["value"] = h5py.SoftLink(f"{path}/{self._plotted}")
        plot = add_group(self._entry, f"{self._stream}_plot", "NXdata")
        set_attributes(plot, {"signal": self._plotted, "axes": "time", "time_indices": np.int64(0)})
        for name in (self._plotted, "time"):
            plot[name] = h5py.SoftLink(f"{path}/{name}")
        return f"{self._stream}_plot"


class EventsWriter:
    """The events as columns of equal length."""

    def __init__(self, entry: h5py.Group, start: datetime, widths: Sequence[int]) -> None:
        group = add_group(entry, "events", "NXcollection")
        kind, source, data = (text_dtype(width) for width in widths)
        self.columns = [
            ColumnWriter(group, "time", TIME_DTYPE, _time_attributes(start)),
            ColumnWriter(group, "kind", kind, {"units": "1", "long_name": "what happened"}),
            ColumnWriter(group, "source", source, {"units": "1", "long_name": "who says so"}),
            ColumnWriter(group, "data", data, {"units": "1", "long_name": "particulars, JSON"}),
        ]

    def append(self, event: TraceEvent) -> None:
        """Append one event."""
        values: tuple[int | bytes, ...] = (
            event.time_ns,
            event.kind.encode(),
            event.source.encode(),
            to_json(event.data).encode(),
        )
        for column, value in zip(self.columns, values, strict=True):
            row: NDArray[np.generic] = np.array([value], dtype=column.dtype)
            column.append(row)

    def finish(self) -> None:
        """Write what is left."""
        for column in self.columns:
            column.finish()


def default_plot(plots: Sequence[str]) -> str | None:
    """Return the plot a viewer opens first: the mass, else the first stream's."""
    preferred = f"{MASS}_plot"
    return preferred if preferred in plots else next(iter(plots), None)
