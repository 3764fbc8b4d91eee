"""Bytes and names that survive a power cut."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; the system may take fewer at a time. Errors: OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place in one piece: after a crash or a power cut it holds what it held before, or all of `data`.

    Errors: OSError.
    """
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Return when the names in the folder are on the disk. Errors: OSError.

    Windows has no such call: there the file system's own journal keeps the names.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
