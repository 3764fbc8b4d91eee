"""Small disks: a real one, a file system in memory, where the test may mount it; a quota in its place elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE_BYTES = 24_000_000


@dataclass(frozen=True)
class Quota:
    """As if a disk held only so many bytes; what is in the folder takes its room."""

    folder: Path
    size_bytes: int

    def free(self, folder: Path) -> int:
        """Return the bytes left."""
        return self.size_bytes - folder_bytes(self.folder)


def folder_bytes(folder: Path) -> int:
    """Return what the files in a folder take, also while they come and go."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@contextmanager
def mounted(folder: Path, *, size_bytes: int = SIZE_BYTES) -> Iterator[Path | None]:
    """Mount a disk of this size on a new folder; None where the system does not let the test."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)
