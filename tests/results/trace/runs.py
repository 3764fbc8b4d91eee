"""Runs made up for the tests of the record: every value follows from its index, so what is read back can be checked."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from results.trace.journal import JournalWriter
from results.trace.reader import Trace
from results.trace.schema import MASS, MASS_COLUMNS, PRESSURE_COLUMNS, Block, StreamSpec, TraceEvent

REPOSITORY = Path(__file__).parents[3]
PRESSURE = "pressure_catheter"
PRESSURE_ROWS = 100

HEADER: dict[str, object] = {
    "run_id": "R20260301T080000Z-bench1-0042",
    "start_utc": "2026-03-01T08:00:00Z",
    "simulated": True,
    "title": "Flow accuracy, 9 \u00b5L/h",
    "program": {"name": "rig", "version": "0.1.0"},
    "station_toml": "# balance in g, flow in \u00b5L/h\n[balance]\naddress = 'TCPIP::192.0.2.7::4305::SOCKET'\n",
    "plan_toml": "id = 'flow-accuracy'\n",
    "instruments": {
        "balance": {"maker": "Mettler", "serial": "B-0042", "settings": {"auto_zero": False, "update_hz": 10.0}},
        "daq": {"model": "USB-6421", "channels": ["ai0", "ai1"], "samples": 10**30, "note": None},
    },
    "seed": 7,
}

STREAMS = (
    StreamSpec(MASS, MASS_COLUMNS, 1.0, attributes={"serial": "B-0042"}),
    StreamSpec(PRESSURE, PRESSURE_COLUMNS, 0.001, hardware_timed=True),
)


def mass_block(index: int, count: int = 1) -> Block:
    """Readings `index` to `index + count - 1` of the balance."""
    number = np.arange(index, index + count)
    return Block(
        MASS,
        time_ns=number * 1_000_000_000 + number % 7,
        status=(number % 2).astype(np.uint8),
        columns={
            "mass_g": np.sin(number) + number * 1e-6,
            "reply": np.array([f"S D {i:12d} g".encode() for i in number], dtype="S32"),
        },
    )


def pressure_block(index: int, count: int = PRESSURE_ROWS) -> Block:
    """Samples `index` to `index + count - 1` of the pressure channel."""
    number = np.arange(index, index + count)
    status = np.where(number % 1000 == 999, 7, 0).astype(np.uint8)
    pressure = np.where(status == 0, np.cos(number * 0.01) * 10, np.nan)
    return Block(PRESSURE, number * 1_000_000, status, {"pressure_kpa": pressure})


def event(index: int) -> TraceEvent:
    """Event number `index`."""
    return TraceEvent(
        index * 1_000_000_000, "valve", "bench", {"line": "outlet", "energised": index % 2 == 0, "n": index}
    )


def write_run(path: Path, seconds: int, *, close: bool = True, seconds_per_commit: int = 1) -> JournalWriter:
    """Write a run: one mass reading, 100 pressure samples and, every tenth second, an event."""
    writer = JournalWriter(path, header=HEADER, streams=STREAMS)
    for second in range(seconds):
        write_second(writer, second)
        if second % seconds_per_commit == seconds_per_commit - 1:
            writer.commit()
    if close:
        writer.close()
    return writer


def write_second(writer: JournalWriter, second: int) -> None:
    """Append what second number `second` brings, without committing it."""
    writer.append(mass_block(second))
    writer.append(pressure_block(second * PRESSURE_ROWS))
    if second % 10 == 0:
        writer.event(event(second // 10))


def check_block_content(block: Block) -> None:
    """Every sample is what its time says it must be."""
    if block.stream == MASS:
        whole = mass_block(0, int(block.time_ns[-1] // 1_000_000_000) + 1)
    else:
        whole = pressure_block(0, int(block.time_ns[-1] // 1_000_000) + 1)
    rows = np.searchsorted(whole.time_ns, block.time_ns)
    assert whole.time_ns[rows].tobytes() == block.time_ns.tobytes()
    assert whole.status[rows].tobytes() == block.status.tobytes()
    for name, values in whole.columns.items():
        assert values[rows].tobytes() == block.columns[name].tobytes()


def as_block(trace: Trace, stream: str) -> Block:
    """The whole of a stream of a trace."""
    found = trace.stream(stream)
    columns = {column.name: found.column(column.name) for column in found.spec.columns}
    return Block(stream, found.time_ns, found.status, columns)


def check_trace_content(trace: Trace, *, seconds: int | None = None) -> None:
    """Every sample and event of a trace is right; with `seconds`, none is missing either."""
    for stream in (MASS, PRESSURE):
        block = as_block(trace, stream)
        if len(block.time_ns):
            check_block_content(block)
    for each in trace.events:
        assert each == event(int(str(each.data["n"])))
    if seconds is not None:
        assert trace.stream(MASS).count == seconds
        assert trace.stream(PRESSURE).count == seconds * PRESSURE_ROWS
        assert len(trace.events) == (seconds + 9) // 10


def joined(blocks: Iterable[Block]) -> Block:
    """Blocks of one stream as one."""
    parts = list(blocks)
    return Block(
        parts[0].stream,
        np.concatenate([part.time_ns for part in parts]),
        np.concatenate([part.status for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
    )
