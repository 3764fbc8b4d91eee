"""The file under an HDF5 library that cannot bear a full disk.

When a write fails, HDF5 keeps the dirty pages, fails again at every close and ends the process with a segmentation
fault at exit. Here the library never sees the failure: the first one is kept for us to raise, and everything written
after it stays in memory until the library has let go of the file.
"""

from __future__ import annotations

import os
from io import RawIOBase
from pathlib import Path
from typing import Any

from results.trace.durable import write_all


class Hdf5File(RawIOBase):
    """A new file for `h5py.File(Hdf5File(path), "w")`, replacing what is at `path`.

    `failure` is the first OSError of a write, or None; after one the file is worthless.
    Errors: OSError when the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)
        self._position = 0
        self._after_failure: list[tuple[int, bytes]] = []
        self.failure: OSError | None = None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size()}[whence]
        self._position = origin + offset
        return self._position

    def _size(self) -> int:
        ends = (start + len(data) for start, data in self._after_failure)
        return max(os.fstat(self._descriptor).st_size, *ends, 0)

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        os.lseek(self._descriptor, self._position, os.SEEK_SET)
        stored = os.read(self._descriptor, len(view))
        content = bytearray(stored.ljust(len(view), b"\0"))
        for start, data in self._after_failure:
            begin, end = max(start, self._position), min(start + len(data), self._position + len(view))
            if begin < end:
                content[begin - self._position : end - self._position] = data[begin - start : end - start]
        view[:] = content
        self._position += len(view)
        return len(view)

    def write(self, buffer: Any) -> int:
        data = bytes(buffer)
        if self.failure is None:
            try:
                self._write_to_disk(data)
            except OSError as error:
                self.failure = error
        if self.failure is not None:
            self._after_failure.append((self._position, data))
        self._position += len(data)
        return len(data)

    def _write_to_disk(self, data: bytes) -> None:
        os.lseek(self._descriptor, self._position, os.SEEK_SET)
        write_all(self._descriptor, data)

    def truncate(self, size: int | None = None) -> int:
        length = self._position if size is None else size
        if self.failure is None:
            try:
                os.ftruncate(self._descriptor, length)
            except OSError as error:
                self.failure = error
        return length

    def sync(self) -> None:
        """Return when everything written is on the disk. Errors: OSError, also of any write before."""
        if self.failure is not None:
            raise self.failure
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()
