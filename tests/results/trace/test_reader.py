"""The reader answers for what it returns, and refuses the rest in one sentence."""

import random
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.trace.content import file_sha256
from results.trace.errors import TraceError
from results.trace.journal import JournalWriter
from results.trace.reader import Trace, read_trace
from results.trace.schema import MASS, MASS_COLUMNS
from results.trace.seal import seal
from tests.results.trace.runs import (
    HEADER,
    PRESSURE,
    STREAMS,
    check_trace_content,
    event,
    mass_block,
    pressure_block,
    write_run,
    write_second,
)

SECONDS = 700


@pytest.fixture(scope="module")
def trace_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    write_run(folder / "j", SECONDS, seconds_per_commit=60)
    return seal(folder / "j", folder / "trace.h5").trace_path


@pytest.fixture(scope="module")
def trace(trace_path: Path) -> Trace:
    return read_trace(trace_path)


def changed(trace_path: Path, folder: Path, path: str, name: str, value: object) -> Path:
    copy = folder / "copy.h5"
    copy.write_bytes(trace_path.read_bytes())
    with h5py.File(copy, "r+") as root:
        if name:
            root[path].attrs[name] = value
        else:
            del root[path]
            if value is not None:
                root[path] = value
    return copy


def test_it_returns_what_was_recorded(trace: Trace) -> None:
    check_trace_content(trace, seconds=SECONDS)
    assert trace.run_id == HEADER["run_id"]
    assert trace.simulated
    assert trace.complete
    assert trace.header == HEADER
    assert trace.start.isoformat() == "2026-03-01T08:00:00+00:00"
    assert [spec.name for spec in trace.spec] == [MASS, PRESSURE]
    assert trace.stream(MASS).spec.columns == MASS_COLUMNS
    assert trace.stream(MASS).spec.attributes == {"serial": "B-0042"}
    assert trace.events[1] == event(1)
    np.testing.assert_array_equal(trace.stream(MASS).time_s, mass_block(0, SECONDS).time_ns / 1e9)


def test_two_runs_that_recorded_the_same_have_the_same_data(trace: Trace, tmp_path: Path) -> None:
    # Another run: its own identity, another rhythm of commits, hence other journal rows.
    with JournalWriter(tmp_path / "j", header={**HEADER, "run_id": "R2"}, streams=STREAMS) as writer:
        for second in range(SECONDS):
            write_second(writer, second)
    other = read_trace(seal(tmp_path / "j", tmp_path / "trace.h5").trace_path)
    assert other.content_sha256 != trace.content_sha256
    assert other.data_sha256() == trace.data_sha256()
    changed_path = changed(trace.path, tmp_path, "/entry/mass/mass_g", "", np.arange(SECONDS) * 1.0)
    different = {
        path for path, sha256 in read_trace(changed_path).data_sha256().items() if sha256 != other.data_sha256()[path]
    }
    assert different == {"/entry/mass/mass_g"}


def test_part_of_a_column_can_be_read_alone(trace: Trace) -> None:
    expected = pressure_block(0, SECONDS * 100).columns["pressure_kpa"]
    part = trace.stream(PRESSURE).column("pressure_kpa", slice(65_530, 65_540))
    np.testing.assert_array_equal(part, expected[65_530:65_540])


@given(st.integers(-10, SECONDS * 100 + 10), st.integers(-10, SECONDS * 100 + 10), st.integers(-1, 1))
@settings(max_examples=25, deadline=None)
def test_rows_between_two_instants(trace: Trace, first: int, last: int, nudge: int) -> None:
    stream = trace.stream(PRESSURE)
    start_ns, end_ns = first * 10**6 + nudge, last * 10**6
    rows = stream.rows_between(start_ns, end_ns)
    times = pressure_block(0, SECONDS * 100).time_ns
    inside = times[(times >= start_ns) & (times < end_ns)]
    np.testing.assert_array_equal(stream.column("time", rows), inside)


def test_what_is_not_there_is_refused_with_what_is(trace: Trace) -> None:
    with pytest.raises(TraceError, match=r"no stream 'weight'.*\['mass', 'pressure_catheter'\]"):
        trace.stream("weight")
    with pytest.raises(TraceError, match=r"no column 'mass_mg'.*\['mass_g', 'reply'\]"):
        trace.stream(MASS).column("mass_mg")


def test_the_hash_on_record_is_checked_first(trace_path: Path, tmp_path: Path) -> None:
    sha256 = file_sha256(trace_path)
    assert read_trace(trace_path, sha256=sha256).complete
    copy = changed(trace_path, tmp_path, "/entry/mass/mass_g", "units", np.bytes_(b"kg"))
    with pytest.raises(TraceError, match="SHA-256 is not the one on record"):
        read_trace(copy, sha256=sha256)


@pytest.mark.parametrize("version", ["2.0.0", "0.9.0", "10.0.0", "", "draft"])
def test_another_major_version_is_refused(trace_path: Path, tmp_path: Path, version: str) -> None:
    copy = changed(trace_path, tmp_path, "/entry/definition", "version", np.array(version.encode(), dtype="S10"))
    with pytest.raises(TraceError, match=r"layout version .*, this program reads 1\.x"):
        read_trace(copy)


@pytest.mark.parametrize("version", ["1.0.1", "1.7.0"])
def test_another_minor_version_is_read(trace_path: Path, tmp_path: Path, version: str) -> None:
    copy = changed(trace_path, tmp_path, "/entry/definition", "version", np.bytes_(version.encode()))
    check_trace_content(read_trace(copy), seconds=SECONDS)


@pytest.mark.parametrize(
    "path",
    ["/entry/config/header", "/entry/config/streams", "/entry/mass/time", "/entry/mass", "/entry/journal",
     "/entry/journal/damage/reason", "/entry/simulated"],
)  # fmt: skip
def test_a_trace_that_lacks_a_part_is_refused(trace_path: Path, tmp_path: Path, path: str) -> None:
    with pytest.raises(TraceError, match="cannot be read as a trace"):
        read_trace(changed(trace_path, tmp_path, path, "", None))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"run_id": 5}', b"\xff\xfe"])
@pytest.mark.parametrize("path", ["/entry/config/header", "/entry/config/streams"])
def test_a_trace_whose_texts_are_spoilt_is_refused(trace_path: Path, tmp_path: Path, path: str, text: bytes) -> None:
    copy = changed(trace_path, tmp_path, path, "", np.array(text, dtype=f"S{len(text) + 1}"))
    if (path, text) == ("/entry/config/streams", b"[]"):
        with pytest.raises(TraceError, match="no stream 'mass'"):
            read_trace(copy).stream(MASS)
    else:
        with pytest.raises(TraceError, match="cannot be read as a trace"):
            read_trace(copy)


@pytest.mark.parametrize("values", [np.zeros(SECONDS), np.zeros(SECONDS - 1, "i8"), np.int64(3)])
def test_a_column_that_is_not_as_announced_is_refused(trace_path: Path, tmp_path: Path, values: object) -> None:
    with pytest.raises(TraceError, match=r"/entry/mass/\w+ is .*, not "):
        read_trace(changed(trace_path, tmp_path, "/entry/mass/time", "", values))


def test_a_column_lost_after_opening_is_an_error_too(trace_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.h5"
    copy.write_bytes(trace_path.read_bytes())
    opened = read_trace(copy)
    copy.unlink()
    with pytest.raises(TraceError, match="cannot be read as a trace"):
        _ = opened.stream(MASS).time_ns
    with pytest.raises(TraceError, match="cannot be read as a trace"):
        _ = opened.events


def test_files_that_are_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="does not exist"):
        read_trace(tmp_path / "missing.h5")
    with pytest.raises(TraceError, match="is a folder"):
        read_trace(tmp_path)
    for name, content in (("empty", b""), ("garbage", random.Random(1).randbytes(5000)), ("text", b"time,mass\n0,1\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TraceError, match="cannot be read as a trace"):
            read_trace(tmp_path / name)
    with h5py.File(tmp_path / "other.h5", "w") as root:
        root["entry/data"] = [1, 2, 3]
    with pytest.raises(TraceError, match="is HDF5, but no trace of a rig run"):
        read_trace(tmp_path / "other.h5")
    with h5py.File(tmp_path / "other.h5", "a") as root:
        root["entry/definition"] = np.bytes_(b"NXtomo")
    with pytest.raises(TraceError, match="is HDF5, but no trace of a rig run"):
        read_trace(tmp_path / "other.h5")


def test_a_truncated_trace_is_refused_wherever_it_was_cut(trace_path: Path, tmp_path: Path) -> None:
    whole = trace_path.read_bytes()
    cuts = [1, 8, 48, 100, len(whole) - 1, *(random.Random(1).randrange(len(whole)) for _ in range(40))]
    for cut in cuts:
        (tmp_path / "cut.h5").write_bytes(whole[:cut])
        with pytest.raises(TraceError, match="cannot be read as a trace"):
            read_trace(tmp_path / "cut.h5")
