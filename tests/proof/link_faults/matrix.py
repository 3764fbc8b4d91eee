"""Runs the cells of the matrix, each in a process of its own from a warm parent, with a deadline."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.proof.link_faults.faults import Fault, driver_of

DEADLINE_S = 180.0
"""Host time after which a run counts as hanging."""

_PRELOADED = [
    "pytest",
    "rig.running.case_run",
    "rig.stations.twin",
    "nidaqmx",
    "pyvisa",
    "serial",
    "tests.proof.link_faults.judge",
]
_CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Judged:
    """One cell at one seed. `struck`: whether the fault began within the run. Times in s."""

    fault: Fault
    verdict: str
    reason: str
    outcome: str
    complaints: tuple[str, ...]
    struck: bool
    took_s: float
    cpu_s: float


def run_cell(fault: Fault) -> Judged:
    """Run one cell and judge it; one that does not end is ended, and judged for that."""
    _CONTEXT.set_forkserver_preload(_PRELOADED)
    told, tell = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(fault, tell))
    process.start()
    tell.close()
    found: Judged | None = None
    hung = not told.poll(DEADLINE_S)
    if not hung:
        with contextlib.suppress(EOFError):
            found = told.recv()
    process.join(10.0)
    if process.is_alive():
        process.kill()
        process.join()
    if found is not None:
        return found
    problem = f"did not end within {DEADLINE_S:g} s" if hung else f"its process died (status {process.exitcode})"
    return Judged(fault, "", problem, "", (problem,), True, DEADLINE_S, 0.0)


def run_cells(faults: Iterable[Fault], *, at_once: int) -> Iterator[Judged]:
    """Run cells, a few at once: most of a run with a silent device is waiting."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(run_cell, faults)


def keep(path: Path, judged: Judged) -> None:
    """Append it to a file of results."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(asdict(judged))}\n")


def kept(path: Path) -> list[Judged]:
    """Return the results in a file; the last of each cell counts."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        said = json.loads(line)
        fault = Fault(**said["fault"])
        found[fault] = Judged(**{**said, "fault": fault, "complaints": tuple(said["complaints"])})
    return list(found.values())


def _run(fault: Fault, tell: Connection) -> None:
    try:
        from tests.proof.link_faults.judge import judge
        from tests.proof.link_faults.one_run import run_one

        driver = driver_of(fault)
        with tempfile.TemporaryDirectory(prefix="link-fault-") as name:
            run = run_one(Path(name), driver, fault)
            judgement = judge(run, driver)
        found = Judged(
            fault,
            run.verdict,
            run.reason,
            judgement.outcome,
            judgement.complaints,
            run.struck_s is not None,
            run.took_s,
            run.cpu_s,
        )
    except BaseException:
        words = traceback.format_exc()
        found = Judged(fault, "", words, "", (f"the harness failed: {words}",), True, 0.0, 0.0)
    tell.send(found)
    tell.close()
