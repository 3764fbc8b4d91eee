"""What the rows of a table say, read a second time by other means: the standard csv module and a strict grammar."""

from __future__ import annotations

import csv
import re

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def rows_by_hand(data: bytes, *, columns: tuple[str, str], units: tuple[str, str]) -> tuple[list[list[float]], int]:
    """Return the good rows of a table with delimiter `;` and a header in line 1, and the number of bad ones."""
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").decode(errors="replace").split("\n")
    header = [cell.strip() for cell in _cells(lines[0])]
    places = [header.index(name) for name in columns]
    good: list[list[float]] = []
    bad = 1 if lines[-1].strip() else 0  # without its line end it may be cut short
    for line in lines[1:-1]:
        if not line.strip():
            continue
        try:
            cells = _cells(line)
            if len(cells) != len(header):
                raise ValueError
            good.append([_number(cells[place].strip(), unit) for place, unit in zip(places, units, strict=True)])
        except (ValueError, csv.Error):
            bad += 1
    return good, bad


def _cells(line: str) -> list[str]:
    """Only quotes need the module, and it takes no carriage return within a line: a blank like any other, here."""
    return next(csv.reader([line], delimiter=";", strict=True)) if '"' in line else line.split(";")


def _number(text: str, unit: str) -> float:
    bare = text if NUMBER.fullmatch(text) else text.removesuffix(unit).strip()
    if not NUMBER.fullmatch(bare):
        raise ValueError(text)
    value = float(bare)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value
