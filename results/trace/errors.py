"""What can go wrong with the record of a run: which file, what happened, what to do."""

from __future__ import annotations

from pathlib import Path

from results.input_file import UnreadableFile, open_regular
from results.printable import on_one_line


class StorageError(Exception):
    """Base of the storage errors; the message is one line naming file, problem and remedy."""

    def __init__(self, path: Path | str, problem: str, remedy: str) -> None:
        self.path = Path(path)
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{path}: {on_one_line(problem)}. {remedy}")

    def __reduce__(self) -> tuple[type[StorageError], tuple[Path, str, str]]:
        return (type(self), (self.path, self.problem, self.remedy))


class JournalError(StorageError):
    """The journal cannot be written or read."""


class WriterDied(JournalError):
    """The process that wrote the journal ended without closing it; everything it committed has been delivered."""


class EventLogError(StorageError):
    """The event log cannot be written or read."""


class SealError(StorageError):
    """The trace cannot be made from its journal, or does not agree with it."""


class TraceError(StorageError):
    """The file is no trace this reader can answer for."""


def refuse_irregular(path: Path, error: type[StorageError], remedy: str = "Check the path of the run") -> None:
    """Raise an error of a kind unless there is a regular file at `path` that may be read."""
    try:
        open_regular(path).close()
    except FileNotFoundError:
        raise error(path, "does not exist", remedy) from None
    except UnreadableFile as refusal:
        raise error(path, refusal.problem, remedy) from None


class BlockError(ValueError):
    """Samples or an event that do not fit what the header of the run announced."""
