"""One-dimensional datasets, written chunk by chunk and hashed on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import h5py
import numpy as np
from numpy.typing import NDArray

CHUNK_ROWS = 65_536
_CHUNK_BYTES = 2 << 20


class ColumnWriter:
    """A column of a trace: gzip level 1 with shuffle, in chunks of 65,536 rows (fewer for long strings).

    Only whole chunks are written until `finish`. Memory: at most one chunk and the array appended last.
    """

    def __init__(
        self, group: h5py.Group, name: str, dtype: np.dtype[np.generic], attributes: Mapping[str, object]
    ) -> None:
        self.path = f"{group.name}/{name}"
        self._group = group
        self._name = name
        self.dtype = dtype
        self._attributes = attributes
        self._chunk = max(1, min(CHUNK_ROWS, _CHUNK_BYTES // dtype.itemsize))
        self._waiting: list[NDArray[np.generic]] = []
        self._waiting_rows = 0
        self._dataset: h5py.Dataset | None = None
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of every byte appended so far, in hexadecimal."""
        return self._digest.hexdigest()

    def append(self, values: NDArray[np.generic]) -> None:
        """Append rows of the column's dtype."""
        self._digest.update(values.tobytes())
        self._waiting.append(values)
        self._waiting_rows += len(values)
        if self._waiting_rows >= self._chunk:
            self._write(self._waiting_rows // self._chunk * self._chunk)

    def finish(self) -> None:
        """Write what is left; the dataset exists afterwards even if nothing was appended."""
        self._write(self._waiting_rows)

    def _write(self, rows: int) -> None:
        waiting = np.concatenate([np.empty(0, self.dtype), *self._waiting])
        if self._dataset is None:
            self._dataset = self._create(chunk=max(1, min(rows, self._chunk)))
        start = self._dataset.shape[0]
        if rows:
            self._dataset.resize((start + rows,))
            self._dataset[start:] = waiting[:rows]
        self._waiting = [waiting[rows:].copy()]
        self._waiting_rows = len(waiting) - rows

    def _create(self, chunk: int) -> h5py.Dataset:
        dataset = self._group.create_dataset(
            self._name,
            shape=(0,),
            maxshape=(None,),
            chunks=(chunk,),
            dtype=self.dtype,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            track_times=False,
        )
        set_attributes(dataset, self._attributes)
        return dataset


def text_dtype(size: int) -> np.dtype[np.generic]:
    """Return the dtype of UTF-8 text of at most `size` bytes, fixed length; HDF5 has no empty one."""
    dtype: np.dtype[np.generic] = h5py.string_dtype("utf-8", max(1, size))
    return dtype


def set_attributes(item: h5py.Group | h5py.Dataset, attributes: Mapping[str, object]) -> None:
    """Set attributes: text as fixed-length UTF-8, booleans as uint8, numbers and arrays as they are."""
    for name, value in attributes.items():
        if isinstance(value, str):
            encoded = _utf8(value)
            item.attrs.create(name, np.array(encoded, dtype=text_dtype(len(encoded))))
        else:
            item.attrs[name] = np.uint8(value) if isinstance(value, bool) else value


def add_text(group: h5py.Group, name: str, text: str, attributes: Mapping[str, object] | None = None) -> None:
    """Add a text as a scalar dataset of fixed length."""
    encoded = _utf8(text)
    dataset = group.create_dataset(
        name, data=np.array(encoded, dtype=text_dtype(len(encoded))), dtype=text_dtype(len(encoded)), track_times=False
    )
    set_attributes(dataset, attributes or {})


def _utf8(text: str) -> bytes:
    # JSON can carry half a surrogate pair, UTF-8 cannot.
    return text.encode(errors="backslashreplace")
