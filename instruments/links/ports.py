"""Where a serial instrument may be when its port is gone: adapters are plugged into other sockets and get other names.

A port is a candidate when it belongs to the same USB adapter (by the adapter's own serial number), or fits a pattern of
the station file. Candidates are asked who they are; only the one with the expected serial number is kept.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from instruments.options import Text

MOST_CANDIDATES = 16
PortSearch = Annotated[tuple[Text, ...], Field(strict=False, max_length=8)]
"""Patterns of ports, as a shell writes them: `/dev/ttyUSB*`."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A USB adapter with a serial number of its own: it keeps that in whatever socket it is."""

    vendor: int
    product: int
    serial: str


def adapter_of(port: str, known: Iterable[ListPortInfo]) -> Adapter | None:
    """Return the adapter behind a port; None where the port is none of those known, or tells no serial number."""
    real = os.path.realpath(port)
    for info in known:
        if os.path.realpath(info.device) == real:
            return _adapter(info)
    return None


def ports_of(adapter: Adapter, known: Iterable[ListPortInfo]) -> list[str]:
    """Return the ports an adapter has now."""
    return [info.device for info in known if _adapter(info) == adapter]


def known_ports() -> list[ListPortInfo]:
    """Return what the system knows of its serial ports."""
    return list(list_ports.comports())


def candidates(port: str, *, adapter: Adapter | None, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return where else the device of a port may be: its adapter's ports first, then what the patterns find."""
    found = [] if adapter is None else ports_of(adapter, known_ports())
    for pattern in patterns:
        found += sorted(glob.glob(pattern))
    left_out = {os.path.realpath(port), os.path.abspath(port)}
    others = {os.path.realpath(one): one for one in found if os.path.realpath(one) not in left_out}
    return tuple(others.values())[:MOST_CANDIDATES]


def _adapter(info: ListPortInfo) -> Adapter | None:
    if info.vid is None or info.pid is None or not info.serial_number:
        return None
    return Adapter(info.vid, info.pid, info.serial_number)
