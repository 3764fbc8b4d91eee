"""The rig as a process of its own, forked from a parent that has the libraries loaded already.

Loading them costs more of a processor than the run. Nothing is used before the fork: only modules are there.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.end_to_end.bench_runs import ROOT

_PRELOADED = [
    "pytest",
    "rig.plugin",
    "rig.running.case_run",
    "rig.stations.twin",
    "rig.figures",
    "nidaqmx",
    "pyvisa",
    "serial",
]
_CONTEXT = multiprocessing.get_context("forkserver")
PIPE = "KILL_MATRIX_PIPE"


class RigProcess:
    """`pytest` with arguments and an environment; `told` is the reading end of a pipe whose other end it holds."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], output: Path) -> None:
        _CONTEXT.set_forkserver_preload(_PRELOADED)
        self.told, tell = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_run, args=(list(arguments), dict(environment), output, tell))
        self._process.start()
        tell.close()
        self.pid = self._process.pid or 0

    @property
    def status(self) -> int | None:
        """Its exit status, negative when a signal killed it; None while it lives."""
        return self._process.exitcode

    def ended_within(self, timeout_s: float) -> bool:
        """Wait for its end, s of host time; True once it has ended."""
        self._process.join(timeout_s)
        return self._process.exitcode is not None

    def kill(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.join()


def _run(arguments: list[str], environment: Mapping[str, str], output: Path, tell: Connection) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    os.environ[PIPE] = str(tell.fileno())
    with open(os.devnull, "rb") as nothing, output.open("wb") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    import pytest

    status = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
