"""Watching a run: its journal, read from another thread or process while it is written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from results.trace.errors import JournalError, WriterDied
from results.trace.journal_read import Item, JournalReader
from results.trace.ownership import has_owner


def follow(journal_path: Path, *, wait: Callable[[], bool], after_entry: int = 0) -> Generator[Item, None, None]:
    """Yield every committed block and event in commit order, then what is committed later, until the journal is closed.

    `wait` passes the time between two looks at the file, as the caller likes; when it returns False the watch ends.
    `after_entry` leaves out that many journal rows from the start. Rows that cannot be trusted come as `Damage`.
    The journal is never written to and its writer never waits for a reader.
    Errors: JournalError when there is no such journal; WriterDied, after the last committed row, when the writer ended
    without closing.
    """
    journal_path = Path(journal_path)
    reader = _when_header_is_there(journal_path, wait)
    if reader is None:
        return
    with reader:
        seen = after_entry
        while True:
            # In this order: what was committed before the end is then certainly seen.
            alive, closing = has_owner(journal_path), reader.closing
            before = seen
            for entry in reader.entries(after=seen):
                seen = entry.number
                yield entry.item
            if closing is not None:
                return
            if not alive:
                problem = f"its writer ended without closing it; row {seen} is the last one committed"
                raise WriterDied(journal_path, problem, "Seal the journal: everything committed is in it")
            if seen == before and not wait():
                return


def _when_header_is_there(journal_path: Path, wait: Callable[[], bool]) -> JournalReader | None:
    while True:
        alive = has_owner(journal_path)
        try:
            return JournalReader(journal_path)
        except JournalError:
            if not alive:
                raise
            if not wait():
                return None
