"""Sessions as a person runs them, in a process of their own, from a parent that has the libraries loaded already.

Loading them costs three seconds of a processor, as much as many a session; a matrix runs a thousand of these. Nothing
is used before the fork: only modules are there.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.bench_runs import Finished, found_runs

_PRELOADED = [
    "pytest",
    "rig.plugin",
    "rig.stations.twin",
    "rig.figures",
    "matplotlib.pyplot",
    "nidaqmx",
    "pyvisa",
    "serial",
]
_CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has ended, and the processor time it took, s."""

    finished: Finished
    cpu_s: float


def run_session(arguments: Sequence[str], *, runs: Path, cwd: Path, timeout_s: float, cpu: int | None) -> Session:
    """Run `pytest` with these arguments to its end, on one processor where `cpu` names it."""
    output = runs.with_name(runs.name + ".out")
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    told, tell = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(list(arguments), cwd, output, cpu, tell))
    process.start()
    tell.close()
    process.join(timeout_s)
    if process.is_alive():
        process.kill()
        process.join()
    cpu_s = float(told.recv()) if told.poll() else float("nan")
    text = output.read_text(errors="replace") if output.exists() else ""
    return Session(Finished(process.exitcode or 0, text, found_runs(runs)), cpu_s)


def _run(
    arguments: list[str], cwd: Path, output: Path, cpu: int | None, tell: multiprocessing.connection.Connection
) -> None:
    os.chdir(cwd)
    os.environ["COLUMNS"] = "160"
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    with open(os.devnull, "rb") as nothing, output.open("wb") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    import pytest

    status = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    used = resource.getrusage(resource.RUSAGE_SELF)
    tell.send(used.ru_utime + used.ru_stime)
    tell.close()
    os._exit(status)
