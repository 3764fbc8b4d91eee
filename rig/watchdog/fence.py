"""Ending the rig for good, and knowing that it is dead: never the wrong process, were its number given anew."""

from __future__ import annotations

import os
import select
import signal
from typing import Protocol

import psutil

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep

_LOOK_S = 0.05


class Fence(Protocol):
    """A hold on one process, which must be the parent of this one when the hold is taken."""

    def kill(self) -> None:
        """Kill it; nothing happens when it is dead already."""

    def is_dead_within(self, timeout_s: float | None) -> bool:
        """Wait for its death, s of host time (None: for ever); True once it is dead, its ports free."""


class PidfdFence:
    """By a process descriptor of Linux, which names one process and no later one with its number."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def kill(self) -> None:
        """Kill it."""
        try:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        except ProcessLookupError:
            return

    def is_dead_within(self, timeout_s: float | None) -> bool:
        """Wait for its death."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if timeout_s is None else max(0, round(timeout_s * 1000.0))))


class PsutilFence:
    """By number and time of creation, where there are no process descriptors."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process

    def kill(self) -> None:
        """Kill it."""
        try:
            self._process.kill()
        except psutil.NoSuchProcess:
            return

    def is_dead_within(self, timeout_s: float | None) -> bool:
        """Wait for its death."""
        until_s = None if timeout_s is None else host_monotonic_s() + timeout_s
        while not self._is_dead():
            if until_s is not None and host_monotonic_s() >= until_s:
                return False
            host_sleep(_LOOK_S)
        return True

    def _is_dead(self) -> bool:
        try:
            return not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def hold_parent(pid: int) -> Fence:
    """Take hold of the parent process; `ProcessLookupError` when it is dead already, or is not the parent."""
    fence: Fence
    try:
        fence = PidfdFence(os.pidfd_open(pid))
    except (AttributeError, OSError) as error:
        if isinstance(error, ProcessLookupError):
            raise
        try:
            fence = PsutilFence(psutil.Process(pid))
        except psutil.NoSuchProcess as gone:
            raise ProcessLookupError(f"no process {pid}") from gone
    # While it is the parent of this process its number is its own: what was taken hold of is it.
    if os.getppid() != pid:
        raise ProcessLookupError(f"process {pid} is not the parent any more")
    return fence
