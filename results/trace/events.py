"""The event log of a run: one JSON object per line, on disk before the hardware moves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from results.input_file import read_bounded, strict_json
from results.trace.durable import fsync_folder, write_all
from results.trace.errors import EventLogError
from results.trace.intake import event_row
from results.trace.json_text import to_json
from results.trace.schema import TraceEvent

MOST_LOG_BYTES = 100_000_000
"""No log is larger: one of two weeks takes a few MB."""

_LONGEST_TORN_SHOWN = 200


class EventLog:
    """Appends events to a file, made if it does not exist; used by one thread at a time.

    Errors: EventLogError when the file cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._broken: str | None = None
        self._descriptor = -1
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(self.path, flags, 0o644)
            self._good_bytes = os.fstat(self._descriptor).st_size
            fsync_folder(self.path.parent)
            self._end_torn_line()
        except OSError as error:
            self.close()
            raise EventLogError(self.path, f"cannot be made ({error})", "Check folder, permissions and disk") from error

    def _end_torn_line(self) -> None:
        if self._good_bytes:
            os.lseek(self._descriptor, -1, os.SEEK_END)
            if os.read(self._descriptor, 1) != b"\n":
                write_all(self._descriptor, b"\n")
                self._good_bytes += 1

    def record(self, event: TraceEvent) -> None:
        """Return when the event is on the disk.

        Errors: BlockError for an event no record can hold; EventLogError when it cannot be written: the file then ends
        with the event before, and what the event announces must not be done.
        """
        time_ns, kind, source, _ = event_row(event)
        line = to_json({"time_ns": time_ns, "kind": kind, "source": source, "data": event.data}).encode() + b"\n"
        if self._broken is not None:
            raise EventLogError(self.path, f"failed before ({self._broken})", "Stop the run")
        try:
            write_all(self._descriptor, line)
        except OSError as error:
            self._cut_back()
            raise EventLogError(
                self.path, f"cannot be written ({error})", "Free space; the events before are safe"
            ) from error
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # After a failed fsync the system may call unwritten pages clean: asking again would prove nothing.
            self._broken = str(error)
            raise EventLogError(
                self.path, f"cannot be made durable ({error})", "Stop the run; check the disk"
            ) from error
        self._good_bytes += len(line)

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._good_bytes)
        except OSError as error:
            self._broken = str(error)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._broken = "closed"

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class TornLine:
    """A line of an event log that is no event: its number (from 1) and the beginning of what is left of it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class LoggedEvents:
    """The events of a log in order, and the lines a crash has torn: normally none, or the last."""

    events: tuple[TraceEvent, ...]
    torn: tuple[TornLine, ...]


def read_events(path: Path) -> LoggedEvents:
    """Read an event log, also one a crash left behind. Errors: EventLogError when there is no such file."""
    path = Path(path)
    try:
        content = read_bounded(path, most_bytes=MOST_LOG_BYTES)
    except FileNotFoundError as error:
        raise EventLogError(path, "does not exist", "Check the path of the run") from error
    except OSError as error:
        problem = getattr(error, "problem", str(error))
        raise EventLogError(path, problem, "Check the path of the run") from error
    events: list[TraceEvent] = []
    torn: list[TornLine] = []
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        # Without its line end even a line that parses was never acknowledged, and may be the head of a longer one.
        event = _parse(line) if number < len(lines) else None
        if event is not None:
            events.append(event)
        elif line:
            torn.append(TornLine(number, line[:_LONGEST_TORN_SHOWN].decode(errors="backslashreplace")))
    return LoggedEvents(tuple(events), tuple(torn))


def _parse(line: bytes) -> TraceEvent | None:
    try:
        said = strict_json(line)
        event = TraceEvent(said["time_ns"], said["kind"], said["source"], said["data"])
        whole = isinstance(event.data, dict) and type(event.time_ns) is int
    except (ValueError, KeyError, TypeError):
        return None
    if not (whole and isinstance(event.kind, str) and isinstance(event.source, str)):
        return None
    return event
