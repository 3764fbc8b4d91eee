"""Journal, seal, read: what comes out is what went in, bit for bit."""

import string
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from results.trace.journal import JournalWriter
from results.trace.json_text import to_json
from results.trace.reader import read_trace
from results.trace.schema import Block, Column, StreamSpec, TraceEvent
from results.trace.seal import seal
from results.trace.status import SampleStatus
from tests.results.trace.runs import HEADER, as_block, joined

NAME = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=8).map(lambda text: f"x{text}")
TEXT = st.text(max_size=20)
WORD = TEXT.filter(lambda text: bool(text) and text.isprintable())
DTYPE = st.sampled_from(["f4", "f8", "i1", "i8", "u1", "u2", "u8", "S1", "S32"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SPEC = st.builds(
    StreamSpec,
    name=NAME.filter(lambda name: not name.endswith("_plot")),
    columns=st.lists(
        st.builds(Column, NAME, DTYPE, st.sampled_from(["g", "\u00b5L/h", "1", ""]), TEXT),
        max_size=3,
        unique_by=lambda column: column.name,
    ).map(tuple),
    period_s=st.floats(1e-4, 1e4),
    hardware_timed=st.booleans(),
    attributes=st.dictionaries(NAME, TEXT, max_size=2),
)
EVENT = st.builds(TraceEvent, st.integers(-(2**63), 2**63 - 1), WORD, WORD, st.dictionaries(TEXT, JSON, max_size=3))
COMMIT = "commit"


@st.composite
def blocks(draw: st.DrawFn, spec: StreamSpec, after_ns: int) -> Block:
    count = draw(st.integers(1, 6))
    steps = draw(st.lists(st.integers(1, 10**12), min_size=count, max_size=count))
    status = draw(st.lists(st.sampled_from(list(SampleStatus)), min_size=count, max_size=count))
    return Block(
        spec.name,
        time_ns=after_ns + np.cumsum(np.array(steps, dtype=np.int64)),
        status=np.array(status, dtype=np.uint8),
        columns={column.name: draw(hnp.arrays(np.dtype(column.dtype), count)) for column in spec.columns},
    )


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[StreamSpec], list[Block | TraceEvent | str]]:
    streams = draw(st.lists(SPEC, min_size=1, max_size=3, unique_by=lambda spec: spec.name))
    last = {spec.name: draw(st.integers(-(10**15), 10**15)) for spec in streams}
    script: list[Block | TraceEvent | str] = []
    for _ in range(draw(st.integers(0, 12))):
        step = draw(st.sampled_from(["block", "block", "event", COMMIT]))
        if step == "block":
            spec = draw(st.sampled_from(streams))
            block = draw(blocks(spec, last[spec.name]))
            last[spec.name] = int(block.time_ns[-1])
            script.append(block)
        else:
            script.append(draw(EVENT) if step == "event" else COMMIT)
    return streams, script


@settings(max_examples=60, deadline=None)
@given(runs(), st.dictionaries(TEXT, JSON, max_size=3))
def test_a_trace_holds_exactly_what_was_appended(
    run: tuple[list[StreamSpec], list[Block | TraceEvent | str]], extra: dict[str, Any]
) -> None:
    streams, script = run
    header = {**extra, **HEADER}
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "run.journal"
        with JournalWriter(journal, header=header, streams=streams) as writer:
            for step in script:
                if isinstance(step, Block):
                    writer.append(step)
                elif isinstance(step, TraceEvent):
                    writer.event(step)
                else:
                    writer.commit()
        report = seal(journal, Path(folder) / "trace.h5")
        trace = read_trace(report.trace_path, sha256=report.sha256)
        assert report.complete
        assert trace.complete
        assert to_json(trace.header) == to_json(header)
        assert list(trace.spec) == streams
        assert list(trace.events) == [step for step in script if isinstance(step, TraceEvent)]
        for spec in streams:
            written = [step for step in script if isinstance(step, Block) and step.stream == spec.name]
            read = as_block(trace, spec.name)
            assert len(read.time_ns) == sum(len(block.time_ns) for block in written)
            if not written:
                continue
            expected = joined(written)
            assert read.time_ns.tobytes() == expected.time_ns.tobytes()
            assert read.status.tobytes() == expected.status.tobytes()
            for name, values in expected.columns.items():
                assert read.columns[name].dtype == values.dtype
                assert read.columns[name].tobytes() == values.tobytes()
