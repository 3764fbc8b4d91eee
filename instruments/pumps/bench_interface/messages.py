"""Requests and replies of the bench interface: `SEQ COMMAND arguments` and `SEQ COMMAND OK|ERR ...`.

Grammar: docs/bench-interface.md, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

SEQUENCE_NUMBERS = 0x10000
UNKNOWN_SEQUENCE = "????"
NOTHING = "-"

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_WORD = re.compile(r"[!#-~]+")
_FIELD = re.compile(r'([A-Z][A-Z0-9_]*)=("[^"]*"|[!#-~]+)(?: |$)')
_REQUEST = re.compile(r"([0-9A-F]{4}) ([A-Z][A-Z0-9_]*\??)((?: [!#-~]+)*)")
_REPLY = re.compile(r"([0-9A-F]{4}|\?{4}) ([A-Z][A-Z0-9_]*\??|-) (?:(OK)(?: (.+))?|ERR ([0-9]{2}) (.+))")


class ErrorCode(IntEnum):
    """Why the pump refused."""

    BAD_FRAME = 1
    UNKNOWN_COMMAND = 10
    BAD_ARGUMENT = 11
    OUT_OF_RANGE = 12
    NOT_NOW = 20
    NO_PROGRAM = 21
    ALARM_STANDING = 22
    LOCKOUT = 23
    UPLOAD_INCOMPLETE = 24
    DEVICE_FAULT = 30


class MessageError(ValueError):
    """Data of a frame that is no message of the bench interface."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question or command; `sequence` is echoed in its reply."""

    sequence: int
    command: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `fields` of an OK, or `error` (code, words). `sequence` is None when the pump could not read it."""

    sequence: int | None
    command: str
    fields: Mapping[str, str]
    error: tuple[int, str] | None = None


def format_request(request: Request) -> str:
    """Return the data of a request's frame; `ValueError` for an argument with a space or none at all."""
    for argument in request.arguments:
        if not _WORD.fullmatch(argument):
            raise ValueError(f"{argument!r} is no argument of the bench interface")
    return " ".join((f"{request.sequence:04X}", request.command, *request.arguments))


def parse_request(data: str) -> Request:
    """Return the request in a frame's data, or raise `MessageError`."""
    match = _REQUEST.fullmatch(data)
    if match is None:
        raise MessageError(f"{data!r} is no request")
    return Request(int(match[1], 16), match[2], tuple(match[3].split()))


def format_ok(request: Request, fields: Mapping[str, str]) -> str:
    """Return the data of the reply that grants a request; a value with a space, or empty, is quoted."""
    return _joined(f"{request.sequence:04X} {request.command} OK", _format_fields(fields))


def format_error(request: Request | None, code: ErrorCode, words: str) -> str:
    """Return the data of the reply that refuses a request; None when the request could not be read."""
    head = f"{UNKNOWN_SEQUENCE} {NOTHING}" if request is None else f"{request.sequence:04X} {request.command}"
    return f"{head} ERR {code:02d} {words}"


def parse_reply(data: str) -> Reply:
    """Return the reply in a frame's data, or raise `MessageError`."""
    match = _REPLY.fullmatch(data)
    if match is None:
        raise MessageError(f"{data!r} is no reply")
    sequence = None if match[1] == UNKNOWN_SEQUENCE else int(match[1], 16)
    if match[3]:
        return Reply(sequence, match[2], _parse_fields(match[4] or ""))
    return Reply(sequence, match[2], {}, (int(match[5]), match[6]))


def format_number(value: float) -> str:
    """Return a number >= 0 with at most six decimals, no exponent and no trailing zeros: 9.0 is `9`."""
    text = f"{Decimal(repr(value)):.6f}".rstrip("0").rstrip(".")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{value!r} cannot be written in the bench interface")
    return text


def parse_number(text: str) -> Decimal:
    """Return the number written in `text` exactly, or raise `MessageError`."""
    if not _NUMBER.fullmatch(text):
        raise MessageError(f"{text!r} is no number")
    return Decimal(text)


def format_list(items: Sequence[str]) -> str:
    """Return a list of words as one field value; `-` when it is empty."""
    return ",".join(items) or NOTHING


def parse_list(text: str) -> tuple[str, ...]:
    """Return the words of a list."""
    return () if text == NOTHING else tuple(text.split(","))


def _format_fields(fields: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value if _WORD.fullmatch(value) else _quoted(value)}" for key, value in fields.items())


def _quoted(value: str) -> str:
    if '"' in value:
        raise ValueError(f"{value!r} cannot be quoted")
    return f'"{value}"'


def _parse_fields(text: str) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            raise MessageError(f"{text[position:]!r} is no field")
        if match[1] in fields:
            raise MessageError(f"field {match[1]} comes twice")
        fields[match[1]] = match[2].strip('"')
        position = match.end()
    return fields


def _joined(head: str, tail: str) -> str:
    return f"{head} {tail}" if tail else head
