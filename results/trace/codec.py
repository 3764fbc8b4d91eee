"""How samples become the bytes of one journal row, and back.

A row holds n consecutive samples of one stream: the arrays time (i8), status (u1), then the columns in the order of the
stream table. Each array is one code byte and its data, little-endian:

    0 raw       n items
    1 constant  1 item, n times the same bytes
    2 ramp      2 items of an i8 array: first value and step (a sample clock's times)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RAW, CONSTANT, RAMP = 0, 1, 2

_RAMP_DTYPE = np.dtype("<i8")
_META = struct.Struct("<6q")


def encode(arrays: Sequence[NDArray[np.generic]]) -> bytes:
    """Return the payload of equally long 1-D little-endian arrays."""
    parts: list[bytes] = []
    for array in arrays:
        raw = array.tobytes()
        item = array.itemsize
        if len(array) > 1 and raw == raw[:item] * len(array):
            parts.append(bytes((CONSTANT,)) + raw[:item])
        elif len(array) > 2 and array.dtype == _RAMP_DTYPE and _is_ramp(array):
            parts.append(bytes((RAMP,)) + raw[:item] + np.subtract(array[1:2], array[:1]).tobytes())
        else:
            parts.append(bytes((RAW,)) + raw)
    return b"".join(parts)


def _is_ramp(array: NDArray[np.generic]) -> bool:
    steps = np.diff(array.view(np.int64))
    return bool((steps == steps[0]).all())


def decode(dtypes: Sequence[np.dtype[np.generic]], count: int, payload: bytes) -> list[NDArray[np.generic]]:
    """Return the arrays of a payload, one of shape (count,) per dtype. Errors: ValueError when it does not fit."""
    arrays: list[NDArray[np.generic]] = []
    offset = 0
    for dtype in dtypes:
        code = payload[offset] if offset < len(payload) else -1
        offset += 1
        items = {RAW: count, CONSTANT: 1, RAMP: 2}.get(code)
        if items is None or (code == RAMP and dtype != _RAMP_DTYPE):
            raise ValueError(f"encoding {code} at byte {offset - 1} of the payload")
        end = offset + items * dtype.itemsize
        if end > len(payload):
            raise ValueError(f"payload of {len(payload)} bytes ends before byte {end}")
        stored = np.frombuffer(payload, dtype=dtype, count=items, offset=offset)
        arrays.append(_expand(code, stored, count))
        offset = end
    if offset != len(payload):
        raise ValueError(f"{len(payload) - offset} bytes too many in the payload")
    return arrays


def _expand(code: int, stored: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    if code == CONSTANT:
        return np.repeat(stored, count)
    if code == RAMP:
        first, step = stored.view(np.int64)
        ramp: NDArray[np.generic] = first + step * np.arange(count, dtype=np.int64)
        return ramp
    return stored


def block_crc(stream: int, seq: int, first_ns: int, last_ns: int, count: int, payload: bytes) -> int:
    """Return the CRC-32 (zlib's) of a block row: its numbers, then its payload."""
    return zlib.crc32(payload, zlib.crc32(_META.pack(0, stream, seq, first_ns, last_ns, count)))


def event_crc(seq: int, time_ns: int, kind: str, source: str, data: str) -> int:
    """Return the CRC-32 (zlib's) of an event row: its numbers, then its texts, separated by NUL."""
    texts = "\0".join((kind, source, data)).encode()
    return zlib.crc32(texts, zlib.crc32(_META.pack(1, 0, seq, time_ns, 0, 0)))
