"""Room on the disk: a run that would not find it is refused, one that runs out of it is ended while it can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from results.trace.schema import MASS, MASS_COLUMNS, PRESSURE_COLUMNS, Block, StreamSpec, TraceEvent
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.disk import room
from rig.disk.ballast import Ballast
from rig.disk.room import DiskGuard, free_bytes, refuse_full_disk
from rig.disk.size import END_BYTES, predicted_bytes, trace_bytes
from rig.faults import NotRun
from rig.trip import Trip

SPECS = (StreamSpec(MASS, MASS_COLUMNS, 1.0), StreamSpec("pressure_line", PRESSURE_COLUMNS, 0.1, hardware_timed=True))
RESERVE_BYTES = 5e6


class HostTime:
    """The clock of the host, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def host_time(monkeypatch: pytest.MonkeyPatch) -> HostTime:
    time = HostTime()
    monkeypatch.setattr(room, "host_monotonic_s", time)
    return time


def mass(index: int) -> Sample:
    return Sample(MASS, index, SampleStatus.GOOD, (1.0, b""))


def pressure(count: int) -> Block:
    return Block("pressure_line", np.arange(count), np.zeros(count, np.uint8), {"pressure_kpa": np.zeros(count)})


def guard_on(free: Callable[[Path], int]) -> tuple[DiskGuard, list[Trip]]:
    trips: list[Trip] = []
    return DiskGuard(Path(), SPECS, reserve_bytes=RESERVE_BYTES, on_trip=trips.append, free=free), trips


def refuse(folder: Path, free: int) -> None:
    refuse_full_disk(folder, SPECS, duration_s=3600.0, reserve_bytes=RESERVE_BYTES, free=lambda _: free)


def test_a_run_is_refused_below_what_it_needs_and_not_at_it(tmp_path: Path) -> None:
    needed = round(1.3 * predicted_bytes(SPECS, duration_s=3600.0) + RESERVE_BYTES) + 1
    refuse(tmp_path, needed)
    with pytest.raises(NotRun, match=r"no room on the disk of .*: \d+ MB are free, \d+ MB are needed .* 1 h .*--runs"):
        refuse(tmp_path, needed - 2)


def test_what_is_kept_grows_with_what_was_published(host_time: HostTime) -> None:
    samples = {MASS: 3, "pressure_line": 400_000}
    needed = END_BYTES + RESERVE_BYTES + 2 * trace_bytes(SPECS, samples)  # nothing of it is in the journal yet
    guard, trips = guard_on(lambda _: int(needed) - 1)
    for index in range(3):
        guard.listen(mass(index))
    assert trips == []
    host_time.now_s += room.LOOK_PERIOD_S
    guard.listen(pressure(400_000))
    (trip,) = trips
    assert trip.is_limit
    assert trip.sample is None
    assert "kept to seal this run" in trip.reason


def test_what_is_in_the_journal_needs_no_more_room_there(host_time: HostTime) -> None:
    samples = {MASS: 0, "pressure_line": 400_000}
    guard, trips = guard_on(lambda _: int(END_BYTES + RESERVE_BYTES + trace_bytes(SPECS, samples)) + 1)
    guard.note_durable(samples)
    guard.listen(pressure(400_000))
    assert trips == []
    guard.note_durable({MASS: 0, "pressure_line": 399_000})
    host_time.now_s += room.LOOK_PERIOD_S
    guard.listen(pressure(1))
    assert len(trips) == 1


def test_a_run_that_writes_much_at_once_is_looked_at_sooner(host_time: HostTime) -> None:
    room_left = [10**12, 0]
    guard, trips = guard_on(lambda _: room_left.pop(0))
    guard.listen(mass(0))
    guard.listen(pressure(100))
    assert trips == []
    guard.listen(pressure(100_000))
    assert len(trips) == 1


def test_the_disk_is_looked_at_once_in_a_while_and_not_for_an_event(host_time: HostTime) -> None:
    asked: list[Path] = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return 10**12

    guard, trips = guard_on(free)
    guard.listen(TraceEvent(0, "mark", "test", {}))
    assert asked == []
    for index in range(1000):
        guard.listen(mass(index))
    assert len(asked) == 1
    host_time.now_s += room.LOOK_PERIOD_S
    guard.listen(mass(1000))
    guard.listen(mass(1001))
    assert len(asked) == 2
    assert trips == []


def test_a_disk_that_cannot_be_asked_is_the_rigs_fault() -> None:
    def gone(folder: Path) -> int:
        raise FileNotFoundError("no such device")

    guard, trips = guard_on(gone)
    guard.listen(mass(0))
    (trip,) = trips
    assert not trip.is_limit
    assert "no such device" in trip.reason


def test_ballast_takes_its_room_and_gives_it_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", size_bytes=3_000_000)
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 3_000_000
    ballast.release_most()
    assert (tmp_path / "ballast").stat().st_blocks * 512 < 1_100_000
    ballast.release()
    ballast.release()
    assert list(tmp_path.iterdir()) == []


def test_free_room_is_that_of_the_folders_disk(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
