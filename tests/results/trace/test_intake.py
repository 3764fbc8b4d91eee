"""Only what fits its stream is taken."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from results.trace.errors import BlockError, JournalError
from results.trace.intake import MAX_ROW_SAMPLES
from results.trace.journal import JournalWriter
from results.trace.journal_read import JournalReader
from results.trace.schema import MASS, MAX_EVENT_TEXT, Block, Column, StreamSpec, TraceEvent
from tests.results.trace.runs import HEADER, PRESSURE, STREAMS, check_block_content, joined, mass_block, pressure_block

HALF: Any = 0.5
GOOD = mass_block(5, 3)


def changed(**columns: Any) -> Block:
    return replace(GOOD, columns={**GOOD.columns, **columns})


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (replace(GOOD, stream="weight"), "stream 'weight' is not in the header"),
        (replace(GOOD, time_ns=np.empty(0, np.int64)), "without samples"),
        (replace(GOOD, time_ns=GOOD.time_ns.astype("f8")), "time is <f8, announced <i8"),
        (replace(GOOD, time_ns=GOOD.time_ns[::-1]), "increase strictly"),
        (replace(GOOD, time_ns=GOOD.time_ns[[0, 1, 1]]), "samples 1 and 2 of the block"),
        (replace(GOOD, status=GOOD.status[:2]), r"status has shape \(2,\), time has \(3,\)"),
        (replace(GOOD, status=GOOD.status.astype("i4")), "status is <i4"),
        (replace(GOOD, status=np.array([0, 1, 99], np.uint8)), "status 99 is not in the legend"),
        (replace(GOOD, columns={"mass_g": GOOD.columns["mass_g"]}), r"columns \['mass_g'\], announced"),
        (
            replace(GOOD, columns={"mass_g": GOOD.columns["mass_g"], "mass_mg": GOOD.columns["reply"]}),
            "'reply' is missing",
        ),
        (changed(mass_g=np.zeros(3, "f4")), "mass_g is <f4, announced <f8"),
        (changed(mass_g=np.zeros(4)), r"mass_g has shape \(4,\)"),
        (changed(mass_g=np.zeros((3, 1))), r"mass_g has shape \(3, 1\)"),
        (changed(reply=np.array([b"x" * 33] * 3)), "announced |S32"),
        (changed(reply=np.array(["text"] * 3)), "announced |S32"),
    ],
)
def test_a_block_that_does_not_fit_is_refused_whole(tmp_path: Path, block: Block, words: str) -> None:
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        with pytest.raises(BlockError, match=words):
            writer.append(block)
        writer.append(GOOD)
        writer.commit()
        with JournalReader(tmp_path / "j") as reader:
            (entry,) = reader.entries()
    assert isinstance(entry.item, Block)
    check_block_content(entry.item)
    assert len(entry.item.time_ns) == 3


@pytest.mark.parametrize("index", [4, 5, 7])
def test_time_goes_on_from_block_to_block(tmp_path: Path, index: int) -> None:
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        writer.append(GOOD)
        writer.commit()
        with pytest.raises(BlockError, match="does not follow"):
            writer.append(mass_block(index))
        writer.append(mass_block(8))


def test_the_callers_arrays_may_be_reused_at_once(tmp_path: Path) -> None:
    block = mass_block(0, 4)
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        writer.append(block)
        block.time_ns[:] = 0
        block.columns["mass_g"][:] = np.nan
        writer.commit()
        with JournalReader(tmp_path / "j") as reader:
            (entry,) = reader.entries()
    assert isinstance(entry.item, Block)
    check_block_content(entry.item)


def test_single_samples_become_one_row_and_events_keep_their_place(tmp_path: Path) -> None:
    happened = TraceEvent(1, "tare", "balance", {})
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        for index in range(50):
            writer.append(mass_block(index))
            writer.append(pressure_block(index * 100))
        writer.event(happened)
        writer.append(mass_block(50))
        writer.commit()
        with JournalReader(tmp_path / "j") as reader:
            items = [entry.item for entry in reader.entries()]
    blocks = [item for item in items if isinstance(item, Block)]
    assert [(block.stream, len(block.time_ns)) for block in blocks] == [(MASS, 50), (PRESSURE, 5000), (MASS, 1)]
    assert items[2] == happened
    for block in blocks:
        check_block_content(block)


def test_a_long_batch_becomes_rows_of_bounded_length(tmp_path: Path) -> None:
    count = 2 * MAX_ROW_SAMPLES + 1
    with JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer:
        writer.append(pressure_block(0, count))
        writer.commit()
        with JournalReader(tmp_path / "j") as reader:
            blocks = [entry.item for entry in reader.entries() if isinstance(entry.item, Block)]
    assert [len(block.time_ns) for block in blocks] == [MAX_ROW_SAMPLES, MAX_ROW_SAMPLES, 1]
    check_block_content(joined(blocks))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (TraceEvent(0, "", "rig", {}), "printable"),
        (TraceEvent(0, "two\nlines", "rig", {}), "printable"),
        (TraceEvent(0, "x", "\ud800", {}), "printable"),
        (TraceEvent(0, "x", "r" * 201, {}), "200 bytes"),
        (TraceEvent(2**63, "x", "rig", {}), "64 bits"),
        (TraceEvent(HALF, "x", "rig", {}), "float"),
        (TraceEvent(0, "x", "rig", {"reply": b"bytes"}), r"\$\.reply is a bytes"),
        (TraceEvent(0, "x", "rig", {"deep": [{"set": {1}}]}), r"\$\.deep\[0\]\.set is a set"),
        (TraceEvent(0, "x", "rig", {"text": "y" * MAX_EVENT_TEXT}), "characters of data"),
    ],
)
def test_an_event_no_record_can_hold_is_refused(tmp_path: Path, event: TraceEvent, words: str) -> None:
    with (
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS) as writer,
        pytest.raises(BlockError, match=words),
    ):
        writer.event(event)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"run_id": "R1"}, r"lacks \['start_utc', 'simulated'\]"),
        ({**HEADER, "run_id": ""}, "run_id"),
        ({**HEADER, "simulated": "no"}, "must be true or false"),
        ({**HEADER, "start_utc": "yesterday"}, "ISO 8601"),
        ({**HEADER, "start_utc": "2026-03-01T08:00:00"}, "ISO 8601"),
        ({**HEADER, "start_utc": 12.0}, "ISO 8601"),
        ({**HEADER, "instruments": ["balance"]}, "must map"),
        ({**HEADER, "instruments": {"a/b": {}}}, "cannot name an instrument"),
    ],
)
def test_a_header_no_trace_can_be_made_from_is_refused(tmp_path: Path, header: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        JournalWriter(tmp_path / "j", header=header, streams=STREAMS)
    assert list(tmp_path.iterdir()) == []


COLUMN = Column("x", "f8", "g", "")


@pytest.mark.parametrize(
    ("streams", "words"),
    [
        ([StreamSpec("Mass", (COLUMN,), 1.0)], "cannot name a stream"),
        ([StreamSpec("events", (COLUMN,), 1.0)], "cannot name a stream"),
        ([StreamSpec("mass_plot", (COLUMN,), 1.0)], "cannot name a stream"),
        ([StreamSpec("a", (COLUMN,), 1.0), StreamSpec("a", (COLUMN,), 1.0)], "two streams"),
        ([StreamSpec("a", (COLUMN,), 0.0)], "must be positive"),
        ([StreamSpec("a", (COLUMN,), float("nan"))], "must be positive"),
        ([StreamSpec("a", (COLUMN, COLUMN), 1.0)], "named twice"),
        ([StreamSpec("a", (replace(COLUMN, name="status"),), 1.0)], "none of"),
        ([StreamSpec("a", (replace(COLUMN, dtype="O"),), 1.0)], "dtype 'O'"),
        ([StreamSpec("a", (replace(COLUMN, dtype="b1"),), 1.0)], "dtype 'b1'"),
        ([StreamSpec("a", (replace(COLUMN, dtype=">f8"),), 1.0)], "dtype '>f8'"),
        ([StreamSpec("a", (replace(COLUMN, units="m" * 40_000),), 1.0)], "longer than"),
        ([StreamSpec("a", (COLUMN,), 1.0, attributes={"NX_class": "x"})], "cannot name an attribute"),
        ([StreamSpec("a", (COLUMN,), 1.0, attributes={"note": "x" * 40_000})], "longer than"),
    ],
)
def test_a_stream_table_no_trace_can_hold_is_refused(tmp_path: Path, streams: list[StreamSpec], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        JournalWriter(tmp_path / "j", header=HEADER, streams=streams)


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS).close()
    content = (tmp_path / "j").read_bytes()
    with pytest.raises(JournalError, match="already there"):
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS)
    assert (tmp_path / "j").read_bytes() == content


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with (
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS),
        pytest.raises(JournalError, match="another process or thread is writing it"),
    ):
        JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="own folder"):
        JournalWriter(tmp_path / "missing" / "j", header=HEADER, streams=STREAMS)


def test_nothing_is_written_after_closing(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j", header=HEADER, streams=STREAMS)
    writer.close()
    writer.close()
    with pytest.raises(JournalError, match="is closed"):
        writer.append(GOOD)
    with pytest.raises(JournalError, match="is closed"):
        writer.event(TraceEvent(0, "tare", "balance", {}))
    with pytest.raises(JournalError, match="is closed"):
        writer.commit()
