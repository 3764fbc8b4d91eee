"""Instruments held by address: two stations that name the same one do not run at the same time."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

from pydantic import BaseModel

from rig.ownership.hold import Hold
from rig.ownership.state import state_root
from rig.stations.device import Device

_ADDRESSES = ("port", "address", "device")
"""The options of drivers that say where an instrument is."""

_VISA_SERIAL = re.compile(r"ASRL(?P<port>.+?)(::INSTR)?$", re.IGNORECASE)
_BOARD_0 = re.compile(r"^(TCPIP|USB|GPIB)0::")
"""The board VISA takes where none is named."""


def address_of(options: BaseModel, grpc_address: str | None = None) -> str | None:
    """Return where an instrument is, in one spelling; None where its driver has an address of another kind.

    A serial port is the device its name leads to, by pyserial or by VISA. A DAQ device belongs to its server.
    """
    told = next((str(value) for name in _ADDRESSES if (value := getattr(options, name, None)) is not None), None)
    if told is None:
        return None
    if grpc_address is not None:
        return f"{told}@{grpc_address}"
    visa = _VISA_SERIAL.match(told)
    port = visa["port"] if visa else told
    if port.startswith("/"):
        return os.path.realpath(port)
    if visa and port.isdecimal():
        return f"COM{port}"  # as VISA numbers them
    return _BOARD_0.sub(r"\1::", told.upper())


def hold_instruments(devices: Iterable[Device], *, run_on: str) -> list[Hold]:
    """Hold every instrument of a station, or none; HeldByAnother names the one that is held, and by whom."""
    names: dict[str, str] = {}
    for device in devices:
        address = address_of(device.options, device.grpc_address)
        if address is not None:
            names[address] = f"{names[address]} and {device.name}" if address in names else device.name
    held: list[Hold] = []
    try:
        for address, name in sorted(names.items()):
            key = hashlib.sha256(address.encode()).hexdigest()[:16]
            held.append(Hold(state_root() / "instruments" / key, f"{name} ({address})", program=f"rig at {run_on}"))
    except BaseException:
        release_all(held)
        raise
    return held


def release_all(held: Iterable[Hold]) -> None:
    """Give instruments up."""
    for one in held:
        one.release()
