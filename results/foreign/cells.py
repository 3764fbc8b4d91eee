"""One row of a text file, read with care: what it says, or why it cannot be used."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NUMBER_AND_UNIT = re.compile(r"([+-]?\s*\d[\d.,]*)\s*([^\d\s.,+-]\S*)", re.ASCII)
_LONGEST_SHOWN = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)


class BadCell(ValueError):
    """A cell that does not say what it should; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column to read: its place (from 0), the unit as the file writes it, whether it may be empty.

    `unit_place` is the place of the column with the unit of each row.
    """

    name: str
    place: int
    unit: str
    may_be_empty: bool = False
    unit_place: int | None = None


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows of one file: `cells` cells each, the wanted columns in order; the first is the time."""

    delimiter: str
    decimal: str
    cells: int
    wanted: tuple[Wanted, ...]

    @property
    def times_are_iso(self) -> bool:
        """Whether the first column holds ISO 8601 date-times."""
        return self.wanted[0].unit == "iso8601"

    @property
    def plain_numbers(self) -> bool:
        """Whether nothing but numbers is wanted."""
        return not self.times_are_iso and all(wanted.unit_place is None for wanted in self.wanted)

    def split(self, line: str) -> list[str]:
        """Return the cells of a line. Raises `BadCell` for the wrong number of them."""
        cells = split_line(line, self.delimiter)
        if len(cells) != self.cells:
            raise BadCell(f"{len(cells)} cells instead of {self.cells}")
        return cells

    def values(self, line: str, *, zoned: bool | None = None) -> list[float]:
        """Return the numbers of a line; a date-time as microseconds from 1970. Raises `BadCell`.

        `zoned` says whether date-times must have a time zone; None when either will do.
        """
        cells = self.split(line)
        return [self._value(cells, wanted, zoned) for wanted in self.wanted]

    def _value(self, cells: Sequence[str], wanted: Wanted, zoned: bool | None) -> float:
        text = cells[wanted.place].strip()
        if wanted.unit_place is not None:
            unit = cells[wanted.unit_place].strip()
            if unit != wanted.unit:
                raise BadCell(f"{wanted.name} is in {shown(unit)}, the conditions say {shown(wanted.unit)}")
        if wanted.unit == "iso8601":
            return float(iso_microseconds(text, zoned=zoned))
        if not text and wanted.may_be_empty:
            return math.nan
        return self._number(text, wanted)

    def _number(self, text: str, wanted: Wanted) -> float:
        value = self._float(text)
        match = None if math.isfinite(value) else _NUMBER_AND_UNIT.fullmatch(text)
        if match:
            if match[2] != wanted.unit:
                raise BadCell(f"{wanted.name} is {shown(text)}, the conditions say {shown(wanted.unit)}")
            value = self._float(match[1].replace(" ", ""))
        if not math.isfinite(value):
            raise BadCell(f"{wanted.name} is {shown(text)}" if text else f"{wanted.name} is empty")
        return value

    def _float(self, text: str) -> float:
        """Return the number that a text is, NaN when it is none."""
        if "_" in text or not text.isascii() or (self.decimal == "," and "." in text):
            return math.nan
        try:
            return float(text.replace(",", ".") if self.decimal == "," else text)
        except ValueError:
            return math.nan


def split_line(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, in quotes or not. Raises `BadCell` where quotes do not match."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        (cells,) = csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise BadCell(f"its quotes do not match ({error})") from error
    return cells


def iso_microseconds(text: str, *, zoned: bool | None) -> int:
    """Return the microseconds from 1970 of an ISO 8601 date-time. Raises `BadCell`.

    `zoned` says whether it must have a time zone; None when either will do.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadCell(f"the time is {shown(text)}, no ISO 8601 date-time") from None
    if zoned is not None and zoned is (instant.tzinfo is None):
        raise BadCell(f"the time is {shown(text)}, {'without' if zoned else 'with'} a time zone, unlike others")
    return microseconds(instant)


def iso_is_zoned(text: str) -> bool:
    """Return whether an ISO 8601 date-time has a time zone. Raises `BadCell`."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        raise BadCell(f"the time is {shown(text)}, no ISO 8601 date-time") from None


def microseconds(instant: datetime) -> int:
    """Return the microseconds from 1970: of a zoned date-time in UTC, of another as its clock shows it."""
    return (instant - (_LOCAL_EPOCH if instant.tzinfo is None else _EPOCH)) // _MICROSECOND


def shown(text: str) -> str:
    """Return a text in quotes, shortened."""
    return ascii(text) if len(text) <= _LONGEST_SHOWN else ascii(text[: _LONGEST_SHOWN - 3] + "...")
