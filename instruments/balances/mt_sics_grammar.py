"""Replies of the Mettler-Toledo Standard Interface Command Set, one line each.

Weight: `S S     100.0000 g`; status letters S stable, D dynamic, I not now, + overload, - underload, A executed, B more
lines follow, L wrong parameter; ES, ET, EL stand alone. Source: METTLER TOLEDO, MT-SICS reference manual 11780711.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from instruments.links.link import Garbled, RefusedByDevice
from instruments.readings import MassReading, ReadingState

_WEIGHT = re.compile(rb"S ([SD]) +([-+]?[0-9]+(?:\.[0-9]+)?) ([A-Za-z]+) *\r?\n")
_COMMA = re.compile(rb"S [SD] +[-+]?[0-9]+,[0-9]+ .*\r?\n")
_DEVICE_ERROR = re.compile(rb"S S Error +([0-9]+)([bt])\r?\n")
_ANY = re.compile(rb"(@|[A-Z]{1,3}[0-9]{0,3}) ([A-Z+-])(?: (.*))?\r?\n")
_PARAMETER = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_GENERAL_ERRORS = {
    b"ES": ("the balance does not know the command", "Use a balance with MT-SICS level 0 to 2, or another driver"),
    b"EL": ("the balance cannot execute the command", "Check the balance's mode and menu"),
}
_WITHOUT_NUMBER = {
    b"S I": ReadingState.BUSY,
    b"S +": ReadingState.OVERLOAD,
    b"S -": ReadingState.UNDERLOAD,
}
_EXPONENT_OF_GRAM = {b"g": 0, b"mg": -3, b"kg": 3}
_STABLE, _DYNAMIC = ReadingState.STABLE, ReadingState.DYNAMIC


def read_weight(unit: bytes) -> MassReading | None:
    """Read the answer to `SI`; None for a line that answers something else."""
    match = _WEIGHT.fullmatch(unit)
    if match is None:
        return _read_weightless(unit)
    letter, digits, symbol = match.groups()
    return MassReading(
        _mass_g(digits, symbol),
        _STABLE if letter == b"S" else _DYNAMIC,
        unit.rstrip().decode("ascii"),
    )


def answer_to(command: str) -> Callable[[bytes], tuple[str, ...] | None]:
    """Return a reader of the answer to `command`: its parameters, without quotes.

    The reader returns None for a line that answers another command, and raises `RefusedByDevice` for the letters
    I, L, + and - and the general errors, `Garbled` for what is no reply at all.
    """
    identifier = command.encode("ascii")

    def read(unit: bytes) -> tuple[str, ...] | None:
        _raise_general_error(unit)
        match = _ANY.fullmatch(unit)
        if match is None:
            raise Garbled("no MT-SICS reply")
        if match[1] != identifier:
            return None
        status = match[2].decode("ascii")
        if status in _REFUSALS:
            raise RefusedByDevice(*_REFUSALS[status])
        text = (match[3] or b"").decode("latin-1")
        return tuple(quoted or bare for quoted, bare in _PARAMETER.findall(text))

    return read


_REFUSALS = {
    "I": ("the balance understood but cannot execute it now", "Wait until the balance is ready, and try again"),
    "L": ("the balance refuses the parameter", "Choose a setting this balance has"),
    "+": ("the balance is overloaded", "Take the load off"),
    "-": ("the balance is underloaded", "Put the pan in place"),
}


def _read_weightless(unit: bytes) -> MassReading | None:
    line = unit.rstrip()
    state = _WITHOUT_NUMBER.get(line)
    if state is None and _DEVICE_ERROR.fullmatch(unit):
        state = ReadingState.DEVICE_ERROR
    if state is not None:
        return MassReading(None, state, line.decode("ascii"))
    _raise_general_error(unit)
    if _COMMA.fullmatch(unit):
        raise Garbled("a decimal comma; set the balance to a decimal point")
    match = _ANY.fullmatch(unit)
    if match is None or match[1] == b"S":
        raise Garbled("no weight")
    return None


def _mass_g(digits: bytes, symbol: bytes) -> float:
    exponent = _EXPONENT_OF_GRAM.get(symbol)
    if exponent is None:
        raise RefusedByDevice(
            f"the balance weighs in {symbol.decode('ascii')!r}", "Set the host unit of the balance to g, mg or kg"
        )
    # The decimal shift is exact; a multiplication by 0.001 is not.
    return float(digits) if exponent == 0 else float(Decimal(digits.decode("ascii")).scaleb(exponent))


def _raise_general_error(unit: bytes) -> None:
    error = _GENERAL_ERRORS.get(unit.rstrip())
    if error is not None:
        raise RefusedByDevice(*error)
    if unit.rstrip() == b"ET":
        # Perhaps of noise before this command, which was carried out all the same.
        raise Garbled("the balance received a damaged command")
