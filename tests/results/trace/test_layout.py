"""The trace as other programs see it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from results.trace.content import CONTENT_HASH_AT, content_sha256
from results.trace.reader import read_trace
from results.trace.schema import MASS, TRACE_SCHEMA
from results.trace.seal import seal
from results.trace.status import STATUS_LEGEND
from tests.results.trace.runs import HEADER, PRESSURE, mass_block, write_run

SECONDS = 700
"""More pressure samples than one chunk holds."""


@pytest.fixture(scope="module")
def trace_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    write_run(folder / "j", SECONDS, seconds_per_commit=60)
    return seal(folder / "j", folder / "trace.h5").trace_path


@pytest.fixture
def root(trace_path: Path) -> Iterator[h5py.File]:
    with h5py.File(trace_path, "r") as file:
        yield file


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def every_item(root: h5py.File) -> list[h5py.Group | h5py.Dataset]:
    items: list[h5py.Group | h5py.Dataset] = [root]
    root.visititems(lambda _, item: items.append(item))
    return items


def test_only_types_every_reader_knows(root: h5py.File) -> None:
    for item in every_item(root):
        values = [np.asarray(value) for value in item.attrs.values()]
        types = [item.attrs.get_id(name).get_type() for name in item.attrs]
        if isinstance(item, h5py.Dataset):
            assert item.ndim <= 1
            types.append(item.id.get_type())
        for kind in types:
            assert isinstance(kind, h5py.h5t.TypeIntegerID | h5py.h5t.TypeFloatID | h5py.h5t.TypeStringID)
            assert not (isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str())
        assert all(value.ndim <= 1 for value in values)


def test_columns_are_compressed_with_what_every_reader_has(root: h5py.File) -> None:
    columns = [item for item in every_item(root) if isinstance(item, h5py.Dataset) and item.ndim == 1]
    assert len(columns) > 10
    for column in columns:
        assert (column.compression, column.compression_opts, column.shuffle) == ("gzip", 1, True)
        assert not column.fletcher32
        assert "units" in column.attrs
    assert root[f"/entry/{PRESSURE}/pressure_kpa"].chunks == (65_536,)


def test_the_file_needs_no_newer_library_than_version_1_8(trace_path: Path) -> None:
    assert trace_path.read_bytes()[8] == 2  # superblock version
    with h5py.File(trace_path, "r") as root:
        assert root.libver[0] in ("earliest", "v108")


def test_it_says_what_it_is(root: h5py.File) -> None:
    entry = root["entry"]
    assert root.attrs["NX_class"] == b"NXroot"
    assert entry.attrs["NX_class"] == b"NXentry"
    assert entry["definition"][()] == b"rig-run"
    assert entry["definition"].attrs["version"] == TRACE_SCHEMA.encode()
    assert entry["entry_identifier"][()].decode() == HEADER["run_id"]
    assert entry["title"][()].decode() == HEADER["title"]
    assert entry["start_time"][()] == b"2026-03-01T08:00:00.000000Z"
    assert entry["end_time"][()] == b"2026-03-01T08:11:39.000000Z"
    assert entry["program_name"][()] == b"rig"
    assert entry["program_name"].attrs["version"] == b"0.1.0"
    assert entry["simulated"].dtype == np.uint8
    assert entry["simulated"][()] == 1
    assert entry["data_origin"][()].startswith(b"SIMULATED")
    assert entry["config/station_toml"][()].decode() == HEADER["station_toml"]
    assert entry["config/plan_toml"][()].decode() == HEADER["plan_toml"]
    assert entry["instrument/balance/serial"][()] == b"B-0042"
    assert entry["instrument/balance/settings/auto_zero"].dtype == np.uint8
    assert entry["instrument/balance/settings/update_hz"][()] == 10.0
    assert entry["instrument/daq/channels"][()] == b'["ai0","ai1"]'
    assert entry["instrument/daq/samples"][()] == b"1" + 30 * b"0"


def test_a_stream_explains_itself(root: h5py.File) -> None:
    mass = root[f"entry/{MASS}"]
    assert mass.attrs["NX_class"] == b"NXlog"
    assert mass.attrs["serial"] == b"B-0042"
    assert mass.attrs["hardware_timed"] == 0
    assert (mass["time"].dtype, mass["time"].attrs["units"]) == (np.dtype("<i8"), b"ns")
    assert mass["time"].attrs["start"] == b"2026-03-01T08:00:00.000000Z"
    assert mass["mass_g"].attrs["units"] == b"g"
    assert mass["status"].attrs["legend"].decode() == STATUS_LEGEND
    assert len(mass["status"].attrs["flag_values"]) == len(mass["status"].attrs["flag_meanings"].split())
    assert mass["value"][:].tobytes() == mass_block(0, SECONDS).columns["mass_g"].tobytes()


def test_a_viewer_finds_the_mass_curve(root: h5py.File) -> None:
    entry = root[root.attrs["default"].decode()]
    plot = entry[entry.attrs["default"].decode()]
    assert plot.attrs["NX_class"] == b"NXdata"
    signal, axis = plot[plot.attrs["signal"].decode()], plot[plot.attrs["axes"].decode()]
    assert signal.name == "/entry/mass_plot/mass_g"
    assert signal.shape == axis.shape == (SECONDS,)


def test_the_standard_tools_read_it(trace_path: Path) -> None:
    listing = run("h5ls", "-r", str(trace_path))
    assert f"/entry/{PRESSURE}/pressure_kpa Dataset {{{SECONDS * 100}/Inf}}" in listing
    dump = run("h5dump", "-y", "-w", "0", "-d", f"/entry/{MASS}/time", str(trace_path))
    values = dump.partition("DATA {")[2].partition("}")[0].split(",")
    assert [int(value) for value in values] == mass_block(0, SECONDS).time_ns.tolist()
    assert run("h5dump", str(trace_path)).count("DATASET") > 20


def test_h5diff_finds_the_one_changed_sample(trace_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.h5"
    copy.write_bytes(trace_path.read_bytes())
    assert subprocess.run(["h5diff", str(trace_path), str(copy)], capture_output=True, check=False).returncode == 0
    with h5py.File(copy, "r+") as root:
        root["/entry/mass/mass_g"][3] += 1e-6
    assert subprocess.run(["h5diff", str(trace_path), str(copy)], capture_output=True, check=False).returncode == 1


def test_the_content_hash_survives_repacking(trace_path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.h5"
    run("h5repack", "-f", "NONE", str(trace_path), str(packed))
    assert packed.read_bytes() != trace_path.read_bytes()
    with h5py.File(packed, "r") as root:
        assert content_sha256(root) == read_trace(trace_path).content_sha256


def change_sample(root: h5py.File) -> None:
    root["/entry/mass/mass_g"][3] += 1e-15


def change_attribute(root: h5py.File) -> None:
    root["/entry/mass/mass_g"].attrs["units"] = np.bytes_(b"kg")


def change_type(root: h5py.File) -> None:
    values = root["/entry/mass/status"][:]
    del root["/entry/mass/status"]
    root["/entry/mass/status"] = values.view("i1")


def change_link(root: h5py.File) -> None:
    del root["/entry/mass_plot/time"]
    root["/entry/mass_plot/time"] = h5py.SoftLink("/entry/mass/status")


def add_dataset(root: h5py.File) -> None:
    root["/entry/mass/extra"] = np.zeros(3)


def add_group(root: h5py.File) -> None:
    root.create_group("/entry/note")


def rename(root: h5py.File) -> None:
    root.move("/entry/mass/reply", "/entry/mass/answer")


@pytest.mark.parametrize(
    "change", [change_sample, change_attribute, change_type, change_link, add_dataset, add_group, rename]
)
def test_the_content_hash_sees_every_change(trace_path: Path, tmp_path: Path, change: object) -> None:
    copy = tmp_path / "copy.h5"
    copy.write_bytes(trace_path.read_bytes())
    with h5py.File(copy, "r+") as root:
        before = content_sha256(root)
        assert callable(change)
        change(root)
        assert content_sha256(root) != before == root[CONTENT_HASH_AT[0]].attrs[CONTENT_HASH_AT[1]].decode()
