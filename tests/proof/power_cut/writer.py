"""A run as the rig writes one, from its folder to its record; it says what is durable, as it becomes so.

Arguments: the folder of the runs, the number of commits. strace sees both the writes and the words.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from results.decision import Verdict
from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.schema import MASS
from results.trace.seal import seal
from results.trace.status import SampleStatus
from rig.acquisition.sample import Sample
from rig.acquisition.stream import SampleStream
from rig.acquisition.writer import TraceWriter
from rig.record import CaseRecord, write_record
from rig.run_folder import new_run_folder
from rig.safety.safe_state import SafeStateReport
from tests.results.trace.runs import HEADER, PRESSURE_ROWS, STREAMS, event, mass_block, pressure_block

PATIENCE_S = 600.0


def say(*words: object) -> None:
    """Say that something is durable: one write, in its place among the others."""
    os.write(1, (json.dumps(words) + "\n").encode())


def mass_sample(index: int) -> Sample:
    """Reading `index` of the balance."""
    block = mass_block(index)
    values = (float(block.columns["mass_g"][0]), bytes(block.columns["reply"][0]))
    return Sample(MASS, int(block.time_ns[0]), SampleStatus(int(block.status[0])), values)


def main(runs: Path, commits: int) -> None:
    """Write a run of so many commits, close, seal and record it."""
    folder = new_run_folder(runs, station="bench", plan="plan", case="case")
    stream = SampleStream()
    log = EventLog(folder.events)
    journal = JournalWriter(folder.journal, header=HEADER, streams=STREAMS)
    say("begun")
    committed = threading.Event()

    def note(durable: Mapping[str, int]) -> None:
        say("committed", dict(durable))
        committed.set()

    writer = TraceWriter(stream, journal, STREAMS)
    writer.call_on_commit(note)
    for index in range(commits):
        log.record(event(index))
        say("event", index + 1)
        stream.publish(mass_sample(index))
        stream.publish(pressure_block(index * PRESSURE_ROWS))
        committed.clear()
        stream.publish(event(index))
        if not committed.wait(PATIENCE_S):
            raise TimeoutError("no commit")
    writer.finish()
    say("closed")
    log.close()
    report = seal(folder.journal, folder.trace)
    say("sealed", report.sha256)
    write_record(folder, record_of(folder.run_id))
    say("recorded")


def record_of(run_id: str) -> CaseRecord:
    """Return a record."""
    return CaseRecord(
        run_id=run_id,
        plan_id="plan",
        plan_revision="1",
        plan_sha256="0" * 64,
        procedure="flow-accuracy",
        case="case",
        station="bench",
        station_sha256="0" * 64,
        simulated=True,
        simulation=None,
        verdict=Verdict.ABORTED,
        reason="a run of the tests",
        safe_state=SafeStateReport("the end"),
        watchdog="none: a test",
        notes=("a note " * 2000,),
        outcome=None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
