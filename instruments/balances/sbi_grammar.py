"""Lines of the Sartorius SBI interface: 16 characters, or 22 where the balance puts an identifier before them.

Sign, nine columns of value, blank, three of unit, CR LF. The unit is blank while the weight is unstable. Instead of a
value there may be a status (High, Low, Cal., --) or an error. No line says which command it answers.
Source: Sartorius, Master series and ME operating instructions, data interface; Entris II, data output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from instruments.links.link import Garbled, RefusedByDevice
from instruments.readings import MassReading, ReadingState

_LINE = re.compile(rb"(?:([A-Za-z][A-Za-z0-9.% -]{5})|      )?([-+ ])([ 0-9.]{9}) ([A-Za-z/% ]{3})\r?\n")
_NUMBER = re.compile(rb"[0-9]+\.[0-9]+")
_STATUS = re.compile(rb"(?:Stat)? +([A-Za-z-][A-Za-z.-]*(?: [0-9]{1,3})?) *\r?\n")
_COMMA = re.compile(rb".*[0-9],[0-9].*\r?\n")
_ERROR = re.compile(rb"(?:ERR|Err)(?: [0-9]{1,3})?|APP\.ER|DIS\.ER|PRT\.ER")
_STATES = {
    b"High": ReadingState.OVERLOAD,
    b"H": ReadingState.OVERLOAD,
    b"HH": ReadingState.OVERLOAD,
    b"Low": ReadingState.UNDERLOAD,
    b"L": ReadingState.UNDERLOAD,
    b"LL": ReadingState.UNDERLOAD,
    b"Cal.Int.": ReadingState.BUSY,
    b"Cal.Ext.": ReadingState.BUSY,
    b"C": ReadingState.BUSY,
    b"--": ReadingState.BUSY,
}
_WEIGHTS = (b"", b"N", b"N1", b"G")
_EXPONENT_OF_GRAM = {"g": 0, "mg": -3, "kg": 3}
UNITS = tuple(_EXPONENT_OF_GRAM)


def weight_reader(unit: str) -> Callable[[bytes], MassReading]:
    """Return a reader of the answer to `ESC P`. `unit` is the balance's: an unstable line does not carry it.

    The reader raises `RefusedByDevice` for another unit or quantity than a weight, `Garbled` for what is no such line.
    """
    exponent = _EXPONENT_OF_GRAM[unit]

    def read(line: bytes) -> MassReading:
        match = _LINE.fullmatch(line)
        number = None if match is None else _NUMBER.fullmatch(match[3].strip())
        if match is None or number is None:
            return _read_status(line)
        identifier, symbol = (match[1] or b"").strip(), match[4].strip().decode("ascii")
        if identifier not in _WEIGHTS:
            raise RefusedByDevice(f"the balance sends {identifier.decode('ascii')!r}, no weight", _APPLICATION_REMEDY)
        if symbol not in ("", unit):
            raise RefusedByDevice(f"the balance weighs in {symbol!r}, not in {unit!r}", _UNIT_REMEDY)
        # The decimal shift is exact; a multiplication by 0.001 is not.
        mass_g = float(Decimal(number[0].decode("ascii")).scaleb(exponent))
        state = ReadingState.STABLE if symbol else ReadingState.DYNAMIC
        return MassReading(-mass_g if match[2] == b"-" else mass_g, state, _words(line))

    return read


_APPLICATION_REMEDY = "Set the balance to plain weighing at its menu"
_UNIT_REMEDY = "Set the balance's unit at its menu, or `unit` in the station file"


def read_text(line: bytes) -> str | None:
    """Read the answer to a question of identity; None for a weight or a status, which answers `ESC P`."""
    text = line.strip()
    if not text or not all(0x20 <= byte < 0x7F for byte in text):
        raise Garbled("no text")
    match = _LINE.fullmatch(line)
    if match is not None and _NUMBER.fullmatch(match[3].strip()) and match[2] != b" ":
        return None
    return None if _status_of(line) is not None else " ".join(text.decode("ascii").split())


def _read_status(line: bytes) -> MassReading:
    state = _status_of(line)
    if state is not None:
        return MassReading(None, state, _words(line))
    if _COMMA.fullmatch(line):
        raise Garbled("a decimal comma; set the balance to a decimal point")
    raise Garbled("no weight")


def _status_of(line: bytes) -> ReadingState | None:
    match = _STATUS.fullmatch(line)
    if match is None:
        return None
    return ReadingState.DEVICE_ERROR if _ERROR.fullmatch(match[1]) else _STATES.get(match[1])


def _words(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("ascii")
