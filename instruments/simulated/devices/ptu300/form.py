"""Output formats (`FORM`): modifiers, texts and quantities, compiled once and filled with each reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

DEFAULT_FORM = '6.1 "P=" P " " U6 3.1 "T=" T " " U3 3.1 "RH=" RH " " U4 \\r \\n'
LONGEST_FORM = 150

_TOKEN = re.compile(
    r'\s*(?:(?P<width>\d)\.(?P<decimals>\d)|"(?P<text>[^"]*)"|[\\#](?P<control>[tTrRnN])|[\\#](?P<code>\d{3})'
    r"|[uU](?P<unit>\d?)(?![a-zA-Z])|(?P<name>[a-zA-Z]+\d?))"
)
_CONTROLS = {"t": "\t", "r": "\r", "n": "\n"}
_DEFAULT_DECIMALS = (3, 1)
_OTHERS = ("ADDR", "ERR", "SN", "OK", "CS2", "CS4", "CSX")
QUANTITIES = ("P", "P1", "T", "RH")


class FormError(ValueError):
    """A format the transmitter does not accept."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a format is filled with: quantity -> value (None: failed) and unit; other fields as text."""

    values: Mapping[str, float | None]
    units: Mapping[str, str]
    texts: Mapping[str, str]


_Part = Callable[[Output, str], str]


def compile_form(form: str) -> list[_Part]:
    """Return the parts of a format, or raise `FormError`."""
    if len(form) > LONGEST_FORM:
        raise FormError(f"longer than {LONGEST_FORM} characters")
    parts: list[_Part] = []
    digits, quantity = _DEFAULT_DECIMALS, ""
    position = 0
    text = form.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormError(f"not understood from character {position + 1}")
        position = match.end()
        if match["width"]:
            digits = (int(match["width"]), int(match["decimals"]))
        elif match["unit"] is not None:
            parts.append(_unit(quantity, int(match["unit"] or 0)))
        elif match["name"]:
            name = match["name"].upper()
            if name in QUANTITIES:
                quantity = name
                parts.append(_number(name, *digits))
            elif name in _OTHERS:
                parts.append(_other(name))
            else:
                raise FormError(f"no quantity {name}")
        else:
            parts.append(_constant(_text_of(match)))
    return parts


def fill(parts: list[_Part], output: Output) -> str:
    """Return one line of output."""
    line = ""
    for part in parts:
        line += part(output, line)
    return line


def _text_of(match: re.Match[str]) -> str:
    if match["control"]:
        return _CONTROLS[match["control"].lower()]
    if match["code"]:
        code = int(match["code"])
        if not 0 < code < 128:
            raise FormError(f"no character {code}")
        return chr(code)
    return match["text"] or ""


def _constant(text: str) -> _Part:
    return lambda output, before: text


def _number(name: str, whole: int, decimals: int) -> _Part:
    width = whole + (1 + decimals if decimals else 0)

    def write(output: Output, before: str) -> str:
        value = output.values[name]
        # A failed measurement is shown as stars.
        return "*" * width if value is None else f"{value:{width}.{decimals}f}"

    return write


def _unit(quantity: str, width: int) -> _Part:
    return lambda output, before: f"{output.units.get(quantity, ''):<{width}}"


def _other(name: str) -> _Part:
    if name == "CS2":
        return lambda output, before: f"{sum(before.encode('latin-1')) % 256:02X}"
    if name == "CS4":
        return lambda output, before: f"{sum(before.encode('latin-1')) % 65536:04X}"
    if name == "CSX":
        return lambda output, before: f"{_xor(before):02X}"
    return lambda output, before: output.texts[name]


def _xor(text: str) -> int:
    result = 0
    for byte in text.encode("latin-1"):
        result ^= byte
    return result
