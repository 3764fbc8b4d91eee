"""What a run leaves on disk while it goes on: its event log, and its samples by way of stream, writer and journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TextIO

from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from results.trace.schema import StreamSpec
from rig.acquisition.heartbeat import Beat, Heartbeat
from rig.acquisition.stream import SampleStream
from rig.acquisition.writer import TraceWriter
from rig.cases.case import Case
from rig.run_folder import RunFolder
from rig.terminal.live_view import LiveView
from rig.terminal.progress import progress_display


@dataclass(frozen=True, slots=True)
class RunRecording:
    """The stream every sample passes through, and those that write it down."""

    folder: RunFolder
    specs: Sequence[StreamSpec]
    stream: SampleStream
    writer: TraceWriter
    event_log: EventLog

    def beat(self, beat: Beat) -> None:
        """Call `beat` with what was processed and what is durable of it, block by block."""
        heartbeat = Heartbeat(beat)
        self.writer.call_on_commit(heartbeat.note_durable)
        self.stream.subscribe(heartbeat.listen)


def record_run(
    folder: RunFolder, header: Mapping[str, object], specs: Sequence[StreamSpec], closing: ExitStack
) -> RunRecording:
    """Open the files of a run; `closing` writes them to their end and closes them."""
    event_log = EventLog(folder.events)
    closing.callback(event_log.close)
    stream = SampleStream()
    writer = TraceWriter(stream, JournalWriter(folder.journal, header=header, streams=specs), specs)
    closing.callback(writer.finish)
    return RunRecording(folder, specs, stream, writer, event_log)


def show_progress(stream: SampleStream, case: Case, terminal: TextIO, closing: ExitStack) -> None:
    """Show on the terminal how far a run is, until `closing`."""
    view = LiveView(planned_s=case.planned_s)
    stream.subscribe(view.listen)
    closing.enter_context(progress_display(view, title=f"{case.plan.id} {case.name}", terminal=terminal))
