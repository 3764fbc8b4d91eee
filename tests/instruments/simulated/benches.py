"""What the tests of the simulated devices stand on: truths, a clock moved by hand, and a look for what is left over."""

from __future__ import annotations

import copy
import os
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from instruments.clock import VirtualClock, host_monotonic_s
from instruments.clock.interface import host_sleep
from instruments.simulated.truth import TwinConfig, twin_from_mapping

_STATIONS = Path(__file__).parents[3] / "rig" / "stations"
_TABLES = {
    name: tomllib.loads((_STATIONS / name / "twin.toml").read_text(encoding="utf-8"))
    for name in ("simulated", "simulated-external")
}


def truth(
    changes: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    *,
    station: str = "simulated",
) -> TwinConfig:
    """Return a shipped truth with `{"pump.stall_detection_s": 60.0}`-like changes, and with these events only."""
    table = copy.deepcopy(_TABLES[station])
    for key, value in (changes or {}).items():
        *path, name = key.split(".")
        place = table
        for part in path:
            place = place[part]
        place[name] = value
    table["event"] = events or []
    return twin_from_mapping(table)


@contextmanager
def hand_clock() -> Iterator[VirtualClock]:
    """Give a virtual clock that the test alone moves, with `sleep_until`."""
    clock = VirtualClock()
    with clock.participate("test"):
        yield clock


def descriptors() -> set[str]:
    """Return what the open descriptors of this process lead to: ptys, sockets and pipes, without those of libraries."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target.startswith(("/dev/ptmx", "/dev/pts", "socket:", "pipe:")):
            found.add(f"{name} {target}")
    return found


def wait_for(condition: object, *, limit_s: float = 10.0) -> None:
    """Return once a callable gives True; fail after a generous time."""
    assert callable(condition)
    give_up_s = host_monotonic_s() + limit_s
    while not condition():
        assert host_monotonic_s() < give_up_s, "it did not happen"
        host_sleep(0.005)


def threads() -> list[str]:
    """Return the names of the threads that run."""
    return sorted(thread.name for thread in threading.enumerate())
