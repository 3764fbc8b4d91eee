"""A lock-step stays on one processor, and gives the others back."""

from __future__ import annotations

import os
import threading

from instruments.clock import WallClock
from instruments.simulated.one_cpu import OneCpu
from instruments.simulated.twin import TwinStation
from tests.instruments.simulated.benches import hand_clock, truth


def allowed_in_a_new_thread() -> set[int]:
    found: list[set[int]] = []
    thread = threading.Thread(target=lambda: found.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_and_those_it_starts_share_a_processor_until_the_end() -> None:
    before = os.sched_getaffinity(0)
    processor = OneCpu()
    processor.take()
    during = os.sched_getaffinity(0)
    inherited = allowed_in_a_new_thread()
    processor.close()
    processor.close()
    assert len(during) == 1
    assert inherited == during <= before
    assert os.sched_getaffinity(0) == before


def test_another_thread_may_end_it_also_after_the_first_is_gone() -> None:
    before = os.sched_getaffinity(0)
    processor = OneCpu()
    thread = threading.Thread(target=processor.take)
    thread.start()
    thread.join()
    processor.close()
    assert os.sched_getaffinity(0) == before


def test_only_a_twin_in_virtual_time_keeps_to_one_processor() -> None:
    before = os.sched_getaffinity(0)
    with hand_clock() as clock, TwinStation(truth(), seed=1, clock=clock):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
    with TwinStation(truth(), seed=1, clock=WallClock()):
        assert os.sched_getaffinity(0) == before
