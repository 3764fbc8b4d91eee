"""What a trace holds: streams of columns on one time base, with units, and the events beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TRACE_SCHEMA = "1.0.0"
"""Semantic version of the layout; readers accept the same major version."""


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity of a stream. `dtype` is a numpy dtype string: 'f4', 'f8', 'i1'..'i8', 'u1'..'u8' or 'S<n>'."""

    name: str
    dtype: str
    units: str
    long_name: str


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A stream: equal-length columns on one time base.

    `period_s` is the nominal sampling period. `hardware_timed` says the times come from a sample clock, not from the
    arrival of a reply. `attributes` go into the trace beside the data (instrument identity, settings, calibration).
    Every stream has the column `status` (u1, `SampleStatus`) besides those listed.
    """

    name: str
    columns: tuple[Column, ...]
    period_s: float
    hardware_timed: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples of one stream.

    `time_ns`: int64, station time in ns since the start of the run, shape (n,). `status`: uint8, shape (n,).
    `columns`: one array of shape (n,) per column of the spec.
    """

    stream: str
    time_ns: NDArray[np.int64]
    status: NDArray[np.uint8]
    columns: Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Something that happened at an instant: `kind` is a word of the schema, `data` its particulars (JSON types).

    In the record `data` is JSON (`json_text.to_json`), at most `MAX_EVENT_TEXT` characters of it.
    """

    time_ns: int
    kind: str
    source: str
    data: Mapping[str, object]


HEADER_REQUIRED = ("run_id", "start_utc", "simulated")
"""What a run header must say: str, str (ISO 8601 with zone; station time 0), bool. The seal also knows, where given:
"title" (str), "program" ({"name", "version"}), "instruments" ({name: identity and settings, nested as needed}) and
every "<word>_toml" (the text of a file, verbatim). All other keys are kept verbatim with the rest."""

MAX_EVENT_TEXT = 60_000
MAX_ATTRIBUTE_TEXT = 30_000
"""HDF5 keeps at most 64 KiB in an object header."""

MASS = "mass"
PUMP = "pump"
AMBIENT = "ambient"
PRESSURE_PREFIX = "pressure_"
VOLTAGE_PREFIX = "voltage_"
"""Voltages sampled beside the pressures, on the same sample clock: voltage_valve, voltage_alarm."""

SAMPLE_CLOCK = "sample_clock"
"""Once in a while, what the clock of the hardware-timed samples was worth; see `results.timebase`."""

READING_DOUBTED = "reading_doubted"
"""Event: after the sample at `time_ns` of its source the instrument said something unasked; the sample may repeat the
answer to the question before it, at most one poll old."""

STATUS_COLUMN = Column("status", "u1", "1", "sample status")

MASS_COLUMNS = (
    Column("mass_g", "f8", "g", "balance reading, uncorrected"),
    Column("reply", "S32", "1", "the balance's literal reply"),
)
PUMP_COLUMNS = (
    Column("state", "u1", "1", "pump state as reported"),
    Column("set_flow_ul_per_h", "f8", "uL/h", "flow the pump says it is set to"),
    Column("delivered_ul", "f8", "uL", "volume the pump says it has delivered"),
    Column("reservoir_ul", "f8", "uL", "reservoir volume the pump calculates"),
    Column("alarms", "u2", "1", "alarm bits as reported"),
)
AMBIENT_COLUMNS = (
    Column("temperature_c", "f8", "degC", "air temperature at the balance"),
    Column("humidity_percent", "f8", "%", "relative humidity at the balance"),
    Column("pressure_hpa", "f8", "hPa", "absolute air pressure at the balance"),
)
PRESSURE_COLUMNS = (Column("pressure_kpa", "f8", "kPa", "gauge pressure"),)
VOLTAGE_COLUMNS = (Column("voltage_v", "f8", "V", "voltage, as sampled"),)
SAMPLE_CLOCK_COLUMNS = (
    Column("nominal_s", "f8", "s", "time of the last sample that had been read, as its stream has it"),
    Column("early_s", "f8", "s", "by how much earlier than the time of this row it may have been taken"),
)
