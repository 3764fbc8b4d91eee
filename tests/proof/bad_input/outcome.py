"""What became of one damaged file: refused in words, used with what was lost, or used because it means the same."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tests.proof.bad_input.kinds import REFUSALS, Kind
from tests.rig.toml_mutation import JARGON

DEADLINE_S = 60
"""Longer than anything takes; what is reached hangs."""

NOBODY = 65534
LONGEST_MESSAGE = 20_000
LONGEST_LINE = 1_000


class Hung(BaseException):
    """A file that held its reader for ever."""


@dataclass(frozen=True)
class Outcome:
    """`refusal`: the message, None when the file was used; `meaning`: what it then was taken to mean."""

    refusal: str | None
    meaning: Any = None

    @property
    def lost(self) -> str | None:
        """What the user is told was lost of a file that is used; None when nothing is said."""
        told = isinstance(self.meaning, tuple) and self.meaning[:1] == ("lost",)
        return str(self.meaning[1]) if told else None


@contextmanager
def deadline() -> Iterator[None]:
    """Raise `Hung` when the block does not end."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(DEADLINE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def without_privileges(path: Path) -> Iterator[None]:
    """Be somebody whom file permissions bind; for root they do not."""
    bound = os.geteuid() != 0
    if not bound and path.exists() and path.stat().st_mode & 0o777 == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


def use(kind: Kind, path: Path) -> Outcome:
    """Return what becomes of a file; any exception that is no refusal escapes, and so does `Hung`."""
    with deadline(), without_privileges(path):
        try:
            return Outcome(None, kind.use(path))
        except REFUSALS as error:
            return Outcome(str(error))


def check_refusal(message: str, path: Path, kind: Kind) -> None:
    """Demand a message a person can act on: it names the file, or what its kind says; is no jargon; can be shown."""
    assert path.name in message or (kind.named_by is not None and kind.named_by in message), message
    assert len(message) <= LONGEST_MESSAGE, len(message)
    for line in message.splitlines():
        assert len(line) <= LONGEST_LINE, line[:200]
        assert line.isprintable(), line
    for word in (*JARGON, "Errno", "object at 0x"):
        assert word not in message, message


def in_words(outcome: Outcome, good: Outcome, path: Path) -> str:
    """Return an outcome as a cell of the table: without the path, numbers of the host, and all but the first faults."""
    if outcome.refusal is not None:
        text = re.sub(rf"{re.escape(str(path.parent.parent))}\S*/", "", outcome.refusal)
        first, *more = text.splitlines()
        words = f"{first} {more[0].strip()} ..." if more else first
        words = re.sub(r"R\d{8}T\d{6}Z", "R...", words)
        words = re.sub(r"since \d{4}-\S+\+00:00", "since ...", words)
        words = re.sub(r"process \d+ of \S+ on [^,)]+", "process ...", words)
        return words if len(words) <= 230 else f"{words[:227]}..."
    if outcome.lost is not None:
        return f"*used, and told:* {outcome.lost}"
    return "*used: it means the same*" if outcome.meaning == good.meaning else "*used: it means something else*"
