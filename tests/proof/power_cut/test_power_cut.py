"""After a power cut at any moment everything acknowledged is there, and nothing else (a small part of the proof)."""

import random
import shutil
from pathlib import Path

import pytest

from tests.proof.power_cut.cuts import cuts, recorded_run
from tests.proof.power_cut.demands import check_after_cut, promised
from tests.proof.power_cut.recorder import Name, Op, Resize, Said, Sync, SyncFolder, Write
from tests.proof.power_cut.replay import PAGE, lay_out

COMMITS = 10
SEEDS = range(1, 13)


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> list[Op]:
    if shutil.which("strace") is None:
        pytest.fail("strace is missing: apt-get install strace")
    return recorded_run(tmp_path_factory.mktemp("power"), commits=COMMITS)


def test_what_was_acknowledged_survives_a_power_cut(ops: list[Op], tmp_path: Path) -> None:
    done = list(cuts(ops, tmp_path, SEEDS))
    assert [cut for cut in done if cut.broken is not None] == []
    assert len({cut.stage for cut in done}) >= 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("events.jsonl", "committed"),
        ("journal.sqlite-wal", "committed"),
        ("trace.h5.tmp", "sealed"),
        ("record.json.tmp", "recorded"),
    ],
)
def test_a_sync_left_out_is_found(ops: list[Op], tmp_path: Path, name: str, said: str) -> None:
    """The judge can fail: without the syncs of one file some cut breaks a promise."""
    (file,) = {op.file for op in ops if isinstance(op, Name) and op.name == name and op.file is not None}
    end = max(at for at, op in enumerate(ops) if isinstance(op, Said) and op.words[0] == said)
    lacking = [op for op in ops[: end + 1] if not (isinstance(op, Sync) and op.file == file)]
    sealed = next(str(op.words[1]) for op in ops if isinstance(op, Said) and op.words[0] == "sealed")
    broken = []
    for seed in range(1, 9):
        lay_out(lacking, tmp_path / f"{seed}", random.Random(seed))
        try:
            check_after_cut(tmp_path / f"{seed}", promised(lacking), sealed)
        except Exception as error:
            broken.append(error)
    assert broken


def test_synced_bytes_are_certain_and_later_pages_are_any_of_their_states(tmp_path: Path) -> None:
    old, new = b"a" * PAGE, b"b" * PAGE
    ops: list[Op] = [
        Name(".", "file", 0),
        SyncFolder("."),
        Write(0, 0, old + old),
        Sync(0),
        Write(0, PAGE, new),
        Write(0, 2 * PAGE, new),
        Resize(0, 3 * PAGE + 5),
    ]
    seen = set()
    for seed in range(200):
        lay_out(ops, tmp_path / f"{seed}", random.Random(seed))
        content = (tmp_path / f"{seed}" / "file").read_bytes()
        assert content[:PAGE] == old
        seen.add((content[PAGE : 2 * PAGE][:1], content[2 * PAGE : 3 * PAGE][:1], len(content)))
    assert {middle for middle, _, _ in seen} == {b"a", b"b"}
    assert {last for _, last, _ in seen} == {b"", b"\0", b"b"}
    assert {length for _, _, length in seen} == {2 * PAGE, 3 * PAGE, 3 * PAGE + 5}


def test_a_name_is_certain_once_its_folder_was_synced(tmp_path: Path) -> None:
    ops: list[Op] = [
        Name(".", "kept", 0),
        SyncFolder("."),
        Name(".", "kept.new", 1),
        Name(".", "kept", 1, instead_of="kept.new"),
        Write(1, 0, b"new"),
    ]
    seen = set()
    for seed in range(60):
        lay_out(ops, tmp_path / f"{seed}", random.Random(seed))
        seen.add(tuple(sorted(path.name for path in (tmp_path / f"{seed}").iterdir())))
    assert seen == {("kept",), ("kept", "kept.new")}
