"""Frames of the bench interface: `STX LL data CCCC ETX`, and a decoder that survives a bad line.

LL is the number of data bytes and CCCC the CRC-16/CCITT-FALSE over `LL data`, both in upper-case hexadecimal digits.
STX and ETX never occur inside a frame, so a decoder that lost its place finds it again at the next STX.
Layout, limits and test vectors: docs/bench-interface.md, section 2.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import Enum

STX = 0x02
ETX = 0x03
MAXIMUM_DATA_BYTES = 240
_OVERHEAD_BYTES = 6  # LL and CCCC, between STX and ETX
_MAXIMUM_BODY_BYTES = MAXIMUM_DATA_BYTES + _OVERHEAD_BYTES
_CRC_START = 0xFFFF


class Damage(Enum):
    """What is wrong with something that began like a frame."""

    CRC = "the CRC does not match"
    LENGTH = "the length does not match"
    CHARACTER = "a byte that is not printable ASCII"
    OVERSIZE = "longer than a frame may be"
    INTERRUPTED = "a new frame began before this one ended"


@dataclass(frozen=True, slots=True)
class DamagedFrame:
    """Bytes that began like a frame and are not one; `raw` starts with STX."""

    damage: Damage
    raw: bytes


def crc16(covered: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF); of b"123456789" it is 0x29B1."""
    return binascii.crc_hqx(covered, _CRC_START)


def encode_frame(data: str) -> bytes:
    """Return the frame that carries `data`: 1 to 240 printable ASCII characters, else `ValueError`."""
    if not 1 <= len(data) <= MAXIMUM_DATA_BYTES:
        raise ValueError(f"a frame carries 1 to {MAXIMUM_DATA_BYTES} characters, not {len(data)}")
    if not _is_printable(data):
        raise ValueError(f"a frame carries printable ASCII only, not {data!r}")
    covered = b"%02X%b" % (len(data), data.encode("ascii"))
    return b"\x02%b%04X\x03" % (covered, crc16(covered))


def decode_body(body: bytes) -> str | Damage:
    """Return the data of the bytes between STX and ETX, or what is wrong with them."""
    if len(body) > _MAXIMUM_BODY_BYTES:
        return Damage.OVERSIZE
    covered, crc = body[:-4], body[-4:]
    if len(body) <= _OVERHEAD_BYTES or covered[:2] != b"%02X" % (len(body) - _OVERHEAD_BYTES):
        return Damage.LENGTH
    if crc != b"%04X" % crc16(covered):
        return Damage.CRC
    data = covered[2:].decode("latin-1")
    return data if _is_printable(data) else Damage.CHARACTER


class FrameDecoder:
    """Turns a stream of bytes, cut anywhere, into the data of frames; whatever lies outside a frame is dropped."""

    def __init__(self) -> None:
        self._body: bytearray | None = None  # None between frames

    def feed(self, chunk: bytes) -> list[str | DamagedFrame]:
        """Take the next bytes; return the data of the frames they complete and the damaged ones, in order."""
        found: list[str | DamagedFrame] = []
        for byte in chunk:
            if byte == STX:
                if self._body is not None:
                    found.append(self._damaged(Damage.INTERRUPTED, b""))
                self._body = bytearray()
            elif self._body is None:
                continue
            elif byte == ETX:
                result = decode_body(bytes(self._body))
                found.append(self._damaged(result, b"\x03") if isinstance(result, Damage) else result)
                self._body = None
            else:
                self._body.append(byte)
                if len(self._body) > _MAXIMUM_BODY_BYTES:
                    found.append(self._damaged(Damage.OVERSIZE, b""))
                    self._body = None
        return found

    def reset(self) -> None:
        """Forget a frame begun and not ended."""
        self._body = None

    def _damaged(self, damage: Damage, end: bytes) -> DamagedFrame:
        return DamagedFrame(damage, b"\x02" + bytes(self._body or b"") + end)


def _is_printable(data: str) -> bool:
    return data.isascii() and data.isprintable()
