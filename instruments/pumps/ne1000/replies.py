"""What the NE-1000 says: a prompt or an alarm, then data. And how it writes numbers.

Source: New Era Pump Systems, NE-1000 user manual, chapter 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from instruments.links.link import Garbled, RefusedByDevice
from instruments.program import ProgramError
from instruments.pumps.ne1000.packets import Reassembly

_REPLY = re.compile(rb"([0-9]{2})(?:([IWSPTUX])(.*)|A\?([RSTEO]))", re.DOTALL)
_QUANTITY = re.compile(r"([0-9]{0,4}\.[0-9]{0,3}|[0-9]{1,4})(UL|ML|UM|MM|UH|MH)")
_DISPENSED = re.compile(r"I([0-9.]+)W([0-9.]+)(UL|ML)")
_VERSION = re.compile(r"(NE[0-9A-Z]+)V([0-9.]+[A-Z0-9]*)")
_UL_PER_H = {"UM": 60.0, "MM": 60_000.0, "UH": 1.0, "MH": 1000.0}
_UL = {"UL": 1.0, "ML": 1000.0}
_ROUNDING = 1e-3
_ERRORS = {
    "?": ("does not know the command", "Check that the driver fits the pump"),
    "?NA": ("cannot do that now", "Stop the pump first"),
    "?OOR": ("refuses the number as out of range", "Choose a flow, volume and syringe the pump has"),
    "?IGN": ("ignored the command", "Try again once the new phase has begun"),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `alarm` is a letter (R reset, S stalled, T time-out, E program, O phase), or empty."""

    prompt: str
    data: str
    alarm: str = ""


def read_reply(address: int, data: bytes) -> Reply | None:
    """Read the data of a packet; None when another pump says it; `RefusedByDevice` for an error of the command.

    `Garbled` for a damaged packet, which need not have been the command.
    """
    match = _REPLY.fullmatch(data)
    if match is None:
        raise Garbled("no NE-1000 reply")
    if int(match[1]) != address:
        return None
    if match[4] is not None:
        return Reply("", "", match[4].decode("ascii"))
    prompt, text = match[2].decode("ascii"), match[3].decode("latin-1")
    if text == "?COM":
        # Perhaps of noise before this command, which was carried out all the same.
        raise Garbled("the pump received a damaged packet (?COM)")
    if text.startswith("?"):
        words, remedy = _ERRORS.get(text, ("says something unknown", ""))
        raise RefusedByDevice(f"the pump {words} ({text})", remedy)
    return Reply(prompt, text)


class ReplyReader:
    """Puts the reply to one question together. `check` raises `Garbled` for data of another question's: passed over."""

    def __init__(self, address: int, check: Callable[[str], object]) -> None:
        self._address = address
        self._check = check
        self._packet = Reassembly()

    def __call__(self, unit: bytes) -> Reply | None:
        """Take a unit; return the reply, None while it has not come."""
        data = self._packet.add(unit)
        if data is None:
            return None
        self._packet = Reassembly()
        reply = read_reply(self._address, data)
        if reply is None or reply.alarm:
            return reply
        try:
            self._check(reply.data)
        except Garbled:
            return None
        return reply


def read_nothing(data: str) -> None:
    """Read the empty data of a command that has been carried out."""
    if data:
        raise Garbled(f"data where none belong: {data!r}")


def read_direction(data: str) -> str:
    """Return the direction in the answer to `DIR`: INF or WDR."""
    if data not in ("INF", "WDR"):
        raise Garbled(f"no direction: {data!r}")
    return data


def read_version(data: str) -> tuple[str, str]:
    """Return model and firmware from the answer to `VER`."""
    match = _VERSION.fullmatch(data)
    if match is None:
        raise Garbled(f"no version: {data!r}")
    return match[1], match[2]


def read_flow_ul_per_h(data: str) -> float:
    """Return the flow in the answer to `RAT`, uL/h."""
    return _quantity(data, _UL_PER_H)


def read_volume_ul(data: str) -> float:
    """Return the volume in the answer to `VOL`, uL."""
    return _quantity(data, _UL)


def read_infused_ul(data: str) -> float:
    """Return the infused volume in the answer to `DIS`, uL."""
    match = _DISPENSED.fullmatch(data)
    if match is None:
        raise Garbled(f"no dispensed volumes: {data!r}")
    return _quantity(f"{match[1]}{match[3]}", _UL)


def read_number(data: str) -> float:
    """Return a bare number."""
    return _quantity(f"{data}UL", _UL)


def format_number(value: float) -> str:
    """Return a number as the pump takes it: four digits and a point, three decimals at most.

    `ProgramError` where that changes it by more than 0.1 %.
    """
    decimals = next((n for n in (3, 2, 1, 0) if len(f"{value:.{n}f}".replace(".", "")) <= 4), None)
    text = "" if decimals is None else f"{value:.{decimals}f}"
    if not text or not abs(float(text) - value) <= _ROUNDING * abs(value):
        raise ProgramError(f"the pump takes four digits, three of them decimals: {value:g} does not fit")
    return text if "." in text else f"{text}."


def format_flow(flow_ul_per_h: float) -> str:
    """Return a flow with the smaller unit that holds it: uL/h, else mL/h."""
    if flow_ul_per_h < 9999.5:
        return f"{format_number(flow_ul_per_h)}UH"
    return f"{format_number(flow_ul_per_h / 1000.0)}MH"


def _quantity(text: str, units: dict[str, float]) -> float:
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in units or match[1] == ".":
        raise Garbled(f"no number with unit: {text!r}")
    return float(match[1]) * units[match[2]]
