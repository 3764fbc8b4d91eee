"""Every file the rig reads, damaged: one damage at a time, and as a generator draws them (a small part of it)."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from results.trace.seal import seal
from rig.cli import main
from rig.run_folder import RunFolder
from tests.end_to_end.bench_runs import ROOT, make_station, run_protocols
from tests.proof.bad_input.damages import DAMAGES
from tests.proof.bad_input.kinds import KINDS, Kind
from tests.proof.bad_input.matrix import cells_of
from tests.proof.bad_input.properties import ALL, check_damaged, check_profiles
from tests.proof.bad_input.table_oracle import rows_by_hand
from tests.results.trace.runs import write_run

EXAMPLES = 15
DOCUMENT = (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anybody can look into: only the file itself may be what nobody can read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_one_damage_is_refused_in_words_or_told_or_changes_nothing(kind: Kind, folder: Path) -> None:
    cells = list(cells_of(kind, folder))
    assert len(cells) == sum(damage.happens_to(kind.name, kind.form) for damage in DAMAGES)
    table = DOCUMENT.partition(f"### {kind.name}\n")[2].partition("\n#")[0]
    assert [cell.damage for cell in cells] == [
        line.split(" | ")[0][2:] for line in table.splitlines()[3:] if line[:2] == "| "
    ]


@pytest.mark.parametrize("kind", ALL, ids=[kind.name for kind in ALL])
def test_drawn_damage_is_refused_in_words_or_told_or_changes_nothing(kind: Kind, folder: Path) -> None:
    check_damaged(kind, folder, examples=EXAMPLES)


def test_a_damaged_profile_is_refused_with_its_faults() -> None:
    check_profiles(examples=EXAMPLES)


def test_the_second_reader_of_tables_refuses_what_is_no_number() -> None:
    data = b't;p\n1;2\n1_0;2\n0x1;2\nnan;2\n3;4 kPa\n5;6 bar\n7\n"8";9\n10;11'
    assert rows_by_hand(data, columns=("t", "p"), units=("s", "kPa")) == ([[1, 2], [3, 4], [8, 9]], 6)


def a_run(folder: Path) -> RunFolder:
    run = RunFolder(folder)
    folder.mkdir()
    write_run(run.journal, 5)
    seal(run.journal, run.trace)
    run.trace.chmod(0o644)
    return run


def test_a_trace_that_is_not_the_one_on_record_is_not_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_run(tmp_path / "run")
    run.record.write_text('{"files": {"trace.h5": "' + "0" * 64 + '"}}')
    assert main(["evaluate", str(run.path)]) == 1
    assert "is not the one on record" in capsys.readouterr().err


def test_a_trace_with_one_flipped_bit_is_not_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(tmp_path / "run")
    data = bytearray(run.trace.read_bytes())
    at = data.index(b"Mettler")
    data[at] ^= 1
    run.trace.write_bytes(data)
    assert main(["evaluate", str(run.trace)]) == 1
    assert "does not hold what it says of itself" in capsys.readouterr().err


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "{}"),
        ("evaluate", "{}", "--conditions", str(ROOT / "docs/examples/occlusion.toml")),
        ("evaluate", str(ROOT / "docs/examples/occlusion-balance.csv"), "--conditions", "{}"),
        ("seal", "{}"),
        ("simulate", "{}"),
    ],
    ids=["evaluate", "evaluate data", "evaluate conditions", "seal", "simulate"],
)
def test_every_command_refuses_what_is_no_file(
    make: object, arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    make(tmp_path / "thing")
    assert main([argument.format(tmp_path / "thing") for argument in arguments]) == 1
    told = capsys.readouterr()
    assert "thing" in told.err
    assert "Errno" not in told.err


def test_a_session_on_a_pipe_for_a_station_ends_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "station.toml")
    finished = run_protocols(tmp_path / "runs", "--station", str(tmp_path / "station.toml"), timeout_s=120.0)
    assert finished.status == 4
    assert "is a named pipe" in finished.output
    assert "Traceback" not in finished.output
    assert finished.runs == ()


def test_a_session_on_a_pipe_for_the_addresses_of_a_twin_ends_at_once(tmp_path: Path) -> None:
    station = make_station(tmp_path / "bench", station={"[twin]": '[twin]\nattach = "addresses.json"'})
    os.mkfifo(station.with_name("addresses.json"))
    finished = run_protocols(
        tmp_path / "runs", "--station", str(station), "--case", "catheter-trial/short", timeout_s=120.0
    )
    assert finished.status == 1
    assert "is a named pipe" in finished.output
    assert "Traceback" not in finished.output
    assert finished.runs == ()


def test_the_inspection_is_a_program_of_its_own(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    command = [sys.executable, "-m", "results.trace.inspection", str(run.trace)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
