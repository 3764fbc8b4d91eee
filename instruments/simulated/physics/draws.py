"""Random numbers that belong to an index, not to a call.

Every random process has its own key, made of the bench's seed, its device and its own name. Its numbers are drawn in
chunks of fixed length, each from a counter-based generator set to the chunk's number (Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", SC11). So number k is the same whoever asks for it, when, and in which order.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

CHUNK = 8192
KEPT_CHUNKS = 4


class NormalTrack:
    """Standard normal numbers of one process, by absolute index."""

    def __init__(self, seed: int, device: str, process: str) -> None:
        entropy = (seed, zlib.crc32(device.encode()), zlib.crc32(process.encode()))
        self._key = np.random.SeedSequence(entropy).generate_state(2, np.uint64)
        self._chunks: dict[int, NDArray[np.float64]] = {}

    def numbers(self, first: int, count: int) -> NDArray[np.float64]:
        """Return numbers `first` to `first + count - 1`."""
        parts: list[NDArray[np.float64]] = []
        index, end = first, first + count
        while index < end:
            chunk, offset = divmod(index, CHUNK)
            length = min(CHUNK - offset, end - index)
            parts.append(self._chunk(chunk)[offset : offset + length])
            index += length
        return np.concatenate(parts) if parts else np.empty(0)

    def _chunk(self, chunk: int) -> NDArray[np.float64]:
        kept = self._chunks.get(chunk)
        if kept is None:
            if len(self._chunks) >= KEPT_CHUNKS:
                self._chunks.pop(next(iter(self._chunks)))
            kept = self.generator(chunk).standard_normal(CHUNK)
            self._chunks[chunk] = kept
        return kept

    def generator(self, number: int) -> np.random.Generator:
        """Return a fresh generator of this process for chunk (or event) `number`."""
        # The lowest word counts within the chunk; 2**64 draws never reach the next word.
        return np.random.Generator(np.random.Philox(key=self._key, counter=np.array([0, number, 0, 0], np.uint64)))
