"""Reading a file that somebody gave us: a regular file of bounded size, or words that say why it cannot be read."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

_KINDS = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


class UnreadableFile(OSError):
    """A file that cannot be read, or holds something else; `problem` says why, without the path."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[Path, str]]:
        return type(self), (self.path, self.problem)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; anything else could hold the reader for ever, or has no end.

    Errors: FileNotFoundError; UnreadableFile.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "is no regular file")
            raise UnreadableFile(path, f"{kind}; a file is wanted")
        return path.open("rb")
    except UnreadableFile:
        raise
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnreadableFile(path, f"cannot be read: {error}") from error


def read_bounded(path: Path, *, most_bytes: int) -> bytes:
    """Return the bytes of a regular file. Errors: FileNotFoundError; UnreadableFile, also for a larger file."""
    with open_regular(path) as file:
        try:
            data = file.read(most_bytes + 1)
        except OSError as error:
            raise UnreadableFile(path, f"cannot be read: {error.strerror or error}") from error
    if len(data) > most_bytes:
        raise UnreadableFile(path, f"is larger than {most_bytes / 1e6:g} MB; no file of this kind is")
    return data


def read_json(path: Path, *, most_bytes: int) -> Any:
    """Return what a JSON file says. Errors: FileNotFoundError; UnreadableFile, with the place of what is no JSON."""
    data = read_bounded(path, most_bytes=most_bytes)
    try:
        return strict_json(data)
    except ValueError as error:
        raise UnreadableFile(path, f"is not JSON: {error}") from error


def strict_json(data: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises `ValueError` for what is none, and for what has no one meaning: keys that stand twice, NaN and infinities.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte 0x{data[error.start]:02x} at {error.start} is not UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {twice!a} stands twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
