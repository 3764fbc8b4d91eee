"""What the tests of the virtual clock share: a loaded machine, and a watch over hangs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from instruments.clock import VirtualClock
from instruments.clock.interface import host_monotonic_s, host_sleep

HANG_S = 60.0
SEEDS = range(1, 9)


class HostNoise:
    """Random host time lost here and there, as a loaded machine would lose it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            draw = self._random.random()
        if draw < 0.2:
            host_sleep(draw * 1e-3)


def finish(clock: VirtualClock, *targets: Callable[[], None]) -> None:
    """Run each target as a participant until all have ended; a hang is a failure, not a wait for ever."""
    outcome: list[BaseException] = []

    def conduct() -> None:
        with clock.participate("conductor"):
            tasks = [clock.spawn(f"task {index}", target) for index, target in enumerate(targets)]
            for task in tasks:
                assert task.join()
                if task.error is not None:
                    outcome.append(task.error)

    conductor = threading.Thread(target=conduct, daemon=True)
    conductor.start()
    conductor.join(HANG_S)
    assert not conductor.is_alive(), "the clock hangs"
    if outcome:
        raise outcome[0]


def wait_on_host(condition: Callable[[], bool]) -> None:
    """Wait for something only other threads can do."""
    deadline_s = host_monotonic_s() + HANG_S
    while not condition():
        assert host_monotonic_s() < deadline_s, "nothing happens"
        host_sleep(1e-4)
