"""A table of float64 columns that grows at its end, may be cut back there, and may forget its beginning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class GrowingTable:
    """Columns of equal length; `column(i)` is a view that is valid until the next change."""

    @staticmethod
    def allocate(shape: tuple[int, int]) -> FloatArray:
        """Return room for a table of (columns, rows): in memory; what measures a process lays it elsewhere."""
        return np.empty(shape)

    def __init__(self, columns: int) -> None:
        self._data = self.allocate((columns, 1024))
        self.length = 0

    def append(self, block: FloatArray) -> None:
        """Append a block of shape (columns, n)."""
        end = self.length + block.shape[1]
        if end > self._data.shape[1]:
            grown = self.allocate((self._data.shape[0], max(end, 2 * self._data.shape[1])))
            grown[:, : self.length] = self._data[:, : self.length]
            self._data = grown
        self._data[:, self.length : end] = block
        self.length = end

    def cut(self, length: int) -> None:
        """Forget everything from row `length` on."""
        self.length = min(self.length, length)

    def drop(self, count: int) -> None:
        """Forget the first `count` rows; the others move up."""
        kept = self._data[:, count : self.length].copy()
        self.length -= count
        self._data[:, : self.length] = kept

    def column(self, index: int) -> FloatArray:
        """Return one column, shape (length,)."""
        return self._data[index, : self.length]

    def row(self, index: int) -> list[float]:
        """Return one row as floats."""
        values: list[float] = self._data[:, index].tolist()
        return values
