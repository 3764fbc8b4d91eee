"""Packets of the NE-1000: basic ones end with a character, safe ones carry their length and a CRC.

    basic   to the pump: `address command CR`            from it: `STX address status [data] ETX`
    safe    both ways:   `STX length data CRC-high CRC-low ETX`, length = all bytes after STX

The CRC is CRC-16/XMODEM over the data: "SAF0" is 0x5543. Source: New Era Pump Systems, NE-1000 user manual, chapter 10.
"""

from __future__ import annotations

import binascii

from instruments.links.link import Garbled

STX, ETX = b"\x02", b"\x03"
_OVERHEAD_BYTES = 4  # length, CRC and ETX
_LONGEST_DATA = 255 - _OVERHEAD_BYTES


def crc16(data: bytes) -> int:
    """Return the CRC-16/XMODEM (polynomial 0x1021, start 0); of b"123456789" it is 0x31C3."""
    return binascii.crc_hqx(data, 0)


def encode_basic(address: int, command: str) -> bytes:
    """Return a basic packet to the pump."""
    return f"{address:02d}{command}\r".encode("ascii")


def encode_safe(data: bytes) -> bytes:
    """Return a safe packet, either way; `ValueError` for data it cannot hold."""
    if not 1 <= len(data) <= _LONGEST_DATA:
        raise ValueError(f"a packet carries 1 to {_LONGEST_DATA} bytes, not {len(data)}")
    return STX + bytes([len(data) + _OVERHEAD_BYTES]) + data + crc16(data).to_bytes(2, "big") + ETX


class Reassembly:
    """Puts one reply together from units cut at every ETX: a safe packet's length or CRC may hold that byte, too."""

    def __init__(self) -> None:
        self._held = b""

    def add(self, unit: bytes) -> bytes | None:
        """Take a unit; return the data of the packet it completes, None while there is none, or raise `Garbled`.

        A reply begins with the address, two digits: a byte in the place of the length that is a digit means basic
        mode, for no reply is 48 bytes long.
        """
        self._held += unit
        held = self._held
        if held[:1] != STX or len(held) < 3:
            raise Garbled("no packet")
        if held[1:2].isdigit():
            return held[1:-1]
        length = held[1]
        if length <= _OVERHEAD_BYTES:
            raise Garbled("a packet without data")
        if len(held) < length + 1:
            return None
        data, crc = held[2 : length - 2], held[length - 2 : length]
        if len(held) > length + 1 or int.from_bytes(crc, "big") != crc16(data):
            raise Garbled("the CRC does not match")
        return data
