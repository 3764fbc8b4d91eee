"""The bytes of a configuration file, kept so that a run can show what it was made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from results.input_file import UnreadableFile, read_bounded
from rig.configuration.faults import ConfigurationError, Fault

LARGEST_FILE_BYTES = 1_000_000
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read: where, its text, and the SHA-256 of its bytes (hexadecimal)."""

    path: Path
    text: str = field(repr=False)
    sha256: str


def read_source(path: Path, *, remedy: str = "") -> SourceFile:
    """Read a UTF-8 text file.

    Raises `ConfigurationError` for a file that is missing, unreadable, larger than 1 MB or no UTF-8 text. `remedy` is
    added where no file is found: what can be given instead.
    """
    try:
        data = read_bounded(path, most_bytes=LARGEST_FILE_BYTES)
    except FileNotFoundError:
        raise _refusal(path, "no such file", remedy) from None
    except UnreadableFile as error:
        raise _refusal(path, error.problem, remedy) from None
    return SourceFile(path, _decode(path, data), hashlib.sha256(data).hexdigest())


def _decode(path: Path, data: bytes) -> str:
    if data.startswith(_BYTE_ORDER_MARKS):
        raise _refusal(path, "is UTF-16 or UTF-32 text; save it as UTF-8")
    if b"\x00" in data:
        raise _refusal(path, "is a binary file; TOML is UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} in line {line}"
        raise _refusal(path, f"is not UTF-8 text ({found}); save it as UTF-8") from None


def _refusal(path: Path, problem: str, remedy: str = "") -> ConfigurationError:
    return ConfigurationError(path, [Fault("", f"{problem}. {remedy}" if remedy else problem)])
