"""What is demanded of a run that was struck, once its bench has come to rest and its record was made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py

from results.trace.content import file_sha256
from results.trace.errors import StorageError
from rig.run_folder import RunFolder
from tests.proof.kill.digests import acknowledged_in
from tests.proof.kill.one_run import Struck
from tests.proof.kill.witness_log import WitnessLog

AFTER_ITS_END = ("closing", "sealing")
JUDGED = ("PASS", "FAIL", "INCONCLUSIVE", "INVALID")


def stopping_s(struck: Struck, witness: WitnessLog) -> float | None:
    """Return how long the pump ran on after the strike, s; None where it stood already, or never stopped."""
    if struck.struck_s is None:
        return None
    rest_s = witness.at_rest_since("pump", struck.struck_s)
    return None if rest_s is None or rest_s == struck.struck_s else rest_s - struck.struck_s


def settling_s(struck: Struck, witness: WitnessLog) -> float | None:
    """Return the same for all that is made safe: pump, outlet, occluder and power."""
    if struck.struck_s is None:
        return None
    since_s = struck.struck_s
    times_s = [witness.at_rest_since(thing, since_s) for thing in witness.acts]
    known_s = [time_s for time_s in times_s if time_s is not None and time_s > since_s]
    return max(known_s) - since_s if known_s else None


def unsafe(struck: Struck, witness: WitnessLog) -> Iterator[str]:
    """Yield what is wrong with the bench, by its witness alone, and with what was left behind."""
    if struck.kill is None or struck.struck_s is None:
        return
    for thing, safe in (("pump", "stopped"), ("outlet", "to waste"), ("occluder", "open"), ("power", "off")):
        if witness.last(thing) != 0.0:
            yield f"{thing} not {safe} in the end"
    for process in struck.left_over:
        yield f"left over: {process}"


def unrecorded(struck: Struck) -> Iterator[str]:
    """Yield what is wrong with the run's record and its trace."""
    if struck.run is None:
        return
    folder = RunFolder(struck.run)
    if not folder.record.exists():
        yield "no record"
        return
    record = json.loads(folder.record.read_text(encoding="utf-8"))
    struck.verdict = record["verdict"]
    yield from _misjudged(struck, record)
    yield from _unreadable(folder, record, struck.durable)


def _misjudged(struck: Struck, record: Mapping[str, Any]) -> Iterator[str]:
    if struck.kill is None or struck.struck_s is None:
        return
    cause, phase = struck.kill.cause, struck.kill.phase
    if record["verdict"] in cause.verdicts and cause.words in record["reason"]:
        return
    # A run that had come to its end may say what it came to.
    if phase in AFTER_ITS_END and record["verdict"] in JUDGED:
        return
    yield f"recorded as {record['verdict']}: {record['reason']!r}"


def _unreadable(folder: RunFolder, record: Mapping[str, Any], durable: Mapping[str, list[Any]]) -> Iterator[str]:
    if not folder.trace.exists():
        yield "no trace"
        return
    if record["files"].get(folder.trace.name) != file_sha256(folder.trace):
        yield "the trace is not the one of the record"
    yield from _unopened(folder.trace)
    try:
        yield from acknowledged_in(folder.trace, durable)
    except StorageError as error:
        yield f"the trace cannot be read: {error}"


def _unopened(trace: Path) -> Iterator[str]:
    try:
        with h5py.File(trace) as root:
            root["/entry/start_time"][()]
    except (OSError, KeyError) as error:
        yield f"h5py cannot open the trace: {error}"
    dumped = subprocess.run(["h5dump", str(trace)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if dumped.returncode:
        yield f"h5dump cannot read the trace: {dumped.stderr.strip()}"
