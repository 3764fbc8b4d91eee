"""The stream table of a run: its rules, and its form as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np

from results.trace.json_text import to_json
from results.trace.schema import MAX_ATTRIBUTE_TEXT, STATUS_COLUMN, Column, StreamSpec

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DTYPE = re.compile(r"f[48]|[iu][1248]|S[1-9][0-9]{0,3}")
_RESERVED_COLUMNS = frozenset({"time", "status", "value"})
_RESERVED_ATTRIBUTES = frozenset({"NX_class", "default", "period_s", "hardware_timed"})
_RESERVED_STREAMS = frozenset({
    "config", "data_origin", "definition", "end_time", "entry_identifier", "events", "instrument", "journal",
    "program_name", "simulated", "start_time", "title",
})  # fmt: skip

TIME_DTYPE = np.dtype("<i8")
STATUS_DTYPE = np.dtype("u1")


def column_dtype(column: Column) -> np.dtype[np.generic]:
    """Return the dtype of a column as stored, little-endian."""
    return np.dtype(column.dtype).newbyteorder("<")


def row_dtypes(spec: StreamSpec) -> tuple[np.dtype[np.generic], ...]:
    """Return the dtypes of one sample in stored order: time, status, then the columns of the spec."""
    return (TIME_DTYPE, STATUS_DTYPE, *(column_dtype(column) for column in spec.columns))


def check_streams(streams: Sequence[StreamSpec]) -> None:
    """Refuse a stream table no trace can hold. Errors: ValueError naming stream, column and rule."""
    names = [spec.name for spec in streams]
    for spec in streams:
        if _NAME.fullmatch(spec.name) is None or spec.name in _RESERVED_STREAMS or spec.name.endswith("_plot"):
            raise ValueError(f"{spec.name!r} cannot name a stream: a-z, 0-9, '_', not a reserved word")
        if names.count(spec.name) > 1:
            raise ValueError(f"two streams are named {spec.name!r}")
        if not (0.0 < spec.period_s < float("inf")):
            raise ValueError(f"stream {spec.name!r}: period_s is {spec.period_s!r}, must be positive")
        _check_columns(spec)
        for key, text in spec.attributes.items():
            if not (key.isascii() and key.isprintable() and key) or key in _RESERVED_ATTRIBUTES:
                raise ValueError(f"stream {spec.name!r}: {key!r} cannot name an attribute")
            if len(text.encode()) > MAX_ATTRIBUTE_TEXT:
                raise ValueError(f"stream {spec.name!r}: attribute {key!r} is longer than {MAX_ATTRIBUTE_TEXT} bytes")


def _check_columns(spec: StreamSpec) -> None:
    names = [column.name for column in spec.columns]
    for column in spec.columns:
        where = f"stream {spec.name!r}, column {column.name!r}"
        if _NAME.fullmatch(column.name) is None or column.name in _RESERVED_COLUMNS:
            raise ValueError(f"{where}: a-z, 0-9, '_', and none of {sorted(_RESERVED_COLUMNS)}")
        if names.count(column.name) > 1:
            raise ValueError(f"{where}: named twice")
        if _DTYPE.fullmatch(column.dtype) is None:
            raise ValueError(f"{where}: dtype {column.dtype!r} is none of f4, f8, i1..i8, u1..u8, S<n>")
        if len(column.units.encode()) > MAX_ATTRIBUTE_TEXT or len(column.long_name.encode()) > MAX_ATTRIBUTE_TEXT:
            raise ValueError(f"{where}: units or long_name is longer than {MAX_ATTRIBUTE_TEXT} bytes")


def streams_to_json(streams: Sequence[StreamSpec]) -> str:
    """Return the stream table as JSON text."""
    return to_json([
        {
            "name": spec.name,
            "period_s": spec.period_s,
            "hardware_timed": spec.hardware_timed,
            "attributes": dict(spec.attributes),
            "columns": [
                {"name": column.name, "dtype": column.dtype, "units": column.units, "long_name": column.long_name}
                for column in (*spec.columns, STATUS_COLUMN)
            ],
        }
        for spec in streams
    ])  # fmt: skip


def streams_from_json(text: str) -> tuple[StreamSpec, ...]:
    """Return the stream table from its JSON text. Errors: ValueError when the text is none."""
    try:
        entries = json.loads(text)
        if not isinstance(entries, list):
            raise TypeError("no list")
        streams = tuple(
            StreamSpec(
                name=entry["name"],
                columns=tuple(
                    Column(column["name"], column["dtype"], column["units"], column["long_name"])
                    for column in entry["columns"]
                    if column["name"] != STATUS_COLUMN.name
                ),
                period_s=entry["period_s"],
                hardware_timed=entry["hardware_timed"],
                attributes=dict(entry["attributes"]),
            )
            for entry in entries
        )
        check_streams(streams)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no stream table: {error!r}") from error
    return streams
