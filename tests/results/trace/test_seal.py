"""A journal has one trace: the same bytes every time, verified, read-only, never half."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from results.trace import seal as seal_module
from results.trace.build import Built
from results.trace.content import file_sha256
from results.trace.errors import SealError
from results.trace.reader import read_trace
from results.trace.seal import seal
from tests.results.trace.runs import REPOSITORY, check_trace_content, write_run


def test_sealing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 200)
    shutil.copy(tmp_path / "j", tmp_path / "copy")
    first = seal(tmp_path / "j", tmp_path / "first.h5")
    second = seal(tmp_path / "copy", tmp_path / "second.h5")
    assert (first.sha256, first.content_sha256) == (second.sha256, second.content_sha256)
    assert first.trace_path.read_bytes() == second.trace_path.read_bytes()
    assert first.sha256 == file_sha256(first.trace_path)
    assert first.size_bytes == first.trace_path.stat().st_size


def test_the_bytes_do_not_depend_on_process_or_moment(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 100)
    command = "import sys; from pathlib import Path; from results.trace.seal import seal\n"
    command += "sys.stdout.write(seal(Path(sys.argv[1]), Path(sys.argv[2])).sha256)"
    arguments = [sys.executable, "-c", command, str(tmp_path / "j"), str(tmp_path / "other.h5")]
    other = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert seal(tmp_path / "j", tmp_path / "trace.h5").sha256 == other


def test_sealing_again_over_the_trace_changes_nothing(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 20)
    first = seal(tmp_path / "j", tmp_path / "trace.h5")
    before = first.trace_path.stat()
    assert seal(tmp_path / "j", tmp_path / "trace.h5") == first
    after = first.trace_path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_older_layout_of_the_same_record_stays(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 20)
    first = seal(tmp_path / "j", tmp_path / "trace.h5")
    packed = tmp_path / "packed.h5"
    subprocess.run(["h5repack", "-f", "GZIP=9", str(first.trace_path), str(packed)], check=True)
    assert file_sha256(packed) != first.sha256
    os.replace(packed, first.trace_path)
    again = seal(tmp_path / "j", first.trace_path)
    assert again.content_sha256 == first.content_sha256
    assert again.sha256 == file_sha256(first.trace_path) != first.sha256


@pytest.mark.parametrize("foreign", [b"", b"another file", "trace"])
def test_another_file_in_place_is_refused_and_kept(tmp_path: Path, foreign: bytes | str) -> None:
    write_run(tmp_path / "j", 20)
    trace = tmp_path / "trace.h5"
    if isinstance(foreign, bytes):
        trace.write_bytes(foreign)
    else:
        write_run(tmp_path / "other", 21)
        seal(tmp_path / "other", trace)
    before = trace.read_bytes()
    with pytest.raises(SealError, match="does not agree with the journal"):
        seal(tmp_path / "j", trace)
    assert trace.read_bytes() == before
    assert not (tmp_path / "trace.h5.tmp").exists()


def test_the_trace_is_read_only_and_alone(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 5)
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert stat.S_IMODE(report.trace_path.stat().st_mode) == 0o444
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "trace.h5"]


def test_what_a_killed_sealing_left_is_no_obstacle(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 5)
    (tmp_path / "trace.h5.tmp").write_bytes(b"half a file")
    (tmp_path / "j.lock").write_bytes(b"")
    check_trace_content(read_trace(seal(tmp_path / "j", tmp_path / "trace.h5").trace_path), seconds=5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "trace.h5"]


def test_a_file_that_reads_back_differently_is_not_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "j", 30)
    verify = seal_module._verify

    def flip_then_verify(path: Path, built: Built) -> None:
        with h5py.File(path, "r+") as root:
            root["/entry/mass/mass_g"][11] += 1e-12
        verify(path, built)

    with monkeypatch.context() as patched:
        patched.setattr(seal_module, "_verify", flip_then_verify)
        with pytest.raises(SealError, match=r"differs from the journal in .*/entry/mass/mass_g"):
            seal(tmp_path / "j", tmp_path / "trace.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["j"]
    assert seal(tmp_path / "j", tmp_path / "trace.h5").complete


def test_a_run_without_a_sample_has_its_trace_too(tmp_path: Path) -> None:
    write_run(tmp_path / "j", 0)
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert report.complete
    trace = read_trace(report.trace_path)
    assert [trace.stream(spec.name).count for spec in trace.spec] == [0, 0]
    assert trace.events == ()


FULL_DISK = """
import resource, sys
from pathlib import Path
from results.trace.errors import SealError
from results.trace.seal import seal
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    seal(Path(sys.argv[1]), Path(sys.argv[2]))
except SealError as error:
    sys.stdout.write(str(error))
"""


@pytest.mark.parametrize("room", [0, 10_000, 100_000, 400_000])
def test_a_disk_that_fills_while_sealing_costs_nothing_but_the_attempt(tmp_path: Path, room: int) -> None:
    write_run(tmp_path / "j", 2000, seconds_per_commit=100)
    before = (tmp_path / "j").read_bytes()
    arguments = [sys.executable, "-c", FULL_DISK, str(tmp_path / "j"), str(tmp_path / "trace.h5"), str(room)]
    done = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["j"]
    assert (tmp_path / "j").read_bytes() == before
    report = seal(tmp_path / "j", tmp_path / "trace.h5")
    assert report.size_bytes > 400_000
    check_trace_content(read_trace(report.trace_path), seconds=2000)
