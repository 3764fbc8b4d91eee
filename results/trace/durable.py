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


def fsync_file(path: Path) -> None:
    """Return when the file's bytes are on the disk. Errors: OSError."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
