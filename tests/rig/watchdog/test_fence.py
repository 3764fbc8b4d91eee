"""Only the parent is fenced, by a descriptor or by number and birth, and it is known when it is dead."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from rig.watchdog.fence import Fence, PidfdFence, PsutilFence, hold_parent

LONG_S = 60.0


@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_process_is_killed_and_known_to_be_dead(by_descriptor: bool) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    fence: Fence = PidfdFence(os.pidfd_open(victim.pid)) if by_descriptor else PsutilFence(psutil.Process(victim.pid))
    try:
        assert not fence.is_dead_within(0.05)
        fence.kill()
        assert fence.is_dead_within(LONG_S)
        assert fence.is_dead_within(None)
    finally:
        victim.kill()
        victim.wait()
    fence.kill()  # again, and after it was reaped: nothing happens


def test_a_process_that_is_not_the_parent_is_left_alone() -> None:
    with pytest.raises(ProcessLookupError, match="not the parent"):
        hold_parent(os.getpid())


def test_a_parent_that_is_gone_is_told() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with pytest.raises(ProcessLookupError):
        hold_parent(gone.pid)
