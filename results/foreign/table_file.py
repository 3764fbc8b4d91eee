"""Reading the columns of a text file of any length: fast where it is in order, row by row where it is not."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from results.foreign.cells import BadCell, RowReader, Wanted, iso_is_zoned, shown, split_line
from results.foreign.file_format import FileFormat
from results.input_file import open_regular
from results.refusal import EvaluationRefused

_CHUNK_BYTES = 4_000_000
_TOLD = 10
LISTED_ROWS = 50
"""Most bad rows listed; the count is always complete."""
_UNUSABLE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class ColumnWanted:
    """A column to read: its name or number, the unit the file writes, the factor to the unit wanted."""

    name: str | int
    unit: str
    factor: float = 1.0
    may_be_empty: bool = False
    unit_column: str | int | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row left out: its line (from 1), why, and the time (s) of the last good row before it, None at the start."""

    line: int
    reason: str
    after_s: float | None


@dataclass(frozen=True, slots=True)
class TableData:
    """The columns of a file, shape (n,) each: time (s) and what was wanted, in the units wanted.

    `origin_us`: with ISO 8601 times, the microseconds from 1970 of second 0; `zoned`: whether they have a time zone.
    `rows`: rows of data in the file, good and bad. `bad_rows` lists the first of `bad_count`. `sha256`: of the file.
    """

    time_s: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]
    origin_us: int | None
    zoned: bool
    rows: int
    bad_count: int
    bad_rows: tuple[BadRow, ...]
    sha256: str


def read_table(
    path: Path,
    layout: FileFormat,
    *,
    time: ColumnWanted,
    wanted: Mapping[str, ColumnWanted],
    origin_us: int | None = None,
) -> TableData:
    """Return the wanted columns of a text file; ISO 8601 times count from `origin_us`, or from the first good row.

    Raises `EvaluationRefused`, naming lines, where the header lacks a column, or a row is bad and the layout does not
    allow to exclude it, or more rows are bad than it allows; `OSError` where the file cannot be read. A last line
    without a line end may be cut short and is left out, whatever the layout says.
    """
    digest = hashlib.sha256()
    collected = _Collected(columns=1 + len(wanted))
    reader: RowReader | None = None
    with open_regular(path) as file:
        for chunk, line, whole in _chunks(path, file, digest):
            if reader is None:
                reader = _row_reader(path, layout, chunk, {"time": time, **wanted})
                first = layout.first_line or layout.header_line + 1
                chunk, line = _without_lines(chunk, first - line), first
            if not whole:
                if chunk.strip():
                    collected.add_bad(line, "the last line has no line end: it may be cut short")
                continue
            _read_chunk(chunk, line, reader, layout, collected)
    _judge(path, layout, collected)
    arrays = collected.arrays()
    if time.unit == "iso8601":
        origin_us = int(arrays[0][0]) if origin_us is None else origin_us
        arrays[0] -= origin_us
        arrays[0] /= 1e6
    else:
        origin_us = None
    for values, column in zip(arrays, (time, *wanted.values()), strict=True):
        if column.factor != 1.0:
            values *= column.factor
    bad = tuple(
        BadRow(at_line, reason, float(arrays[0][after - 1]) if after else None)
        for at_line, reason, after in collected.bad
    )
    return TableData(
        time_s=arrays[0],
        columns=dict(zip(wanted, arrays[1:], strict=True)),
        origin_us=origin_us,
        zoned=bool(collected.zoned),
        rows=collected.good + collected.bad_count,
        bad_count=collected.bad_count,
        bad_rows=bad,
        sha256=digest.hexdigest(),
    )


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(slots=True)
class _Collected:
    """What has been read so far; `bad` holds (line, reason, good rows before it)."""

    columns: int
    parts: list[NDArray[np.float64]] = field(default_factory=list)
    good: int = 0
    bad: list[tuple[int, str, int]] = field(default_factory=list)
    bad_count: int = 0
    unfinished: bool = False
    zoned: bool | None = None

    def add(self, rows: NDArray[np.float64]) -> None:
        self.parts.append(rows)
        self.good += rows.shape[0]

    def add_bad(self, line: int, reason: str, *, good: int | None = None) -> None:
        self.bad_count += 1
        self.unfinished = "no line end" in reason
        if len(self.bad) < LISTED_ROWS:
            self.bad.append((line, reason, self.good if good is None else good))

    def arrays(self) -> list[NDArray[np.float64]]:
        """Return one array per column; what was collected is given up on the way."""
        arrays = [np.empty(self.good) for _ in range(self.columns)]
        at = 0
        for index, part in enumerate(self.parts):
            for column, values in enumerate(arrays):
                values[at : at + part.shape[0]] = part[:, column]
            at += part.shape[0]
            self.parts[index] = part[:0]
        return arrays


def _chunks(path: Path, file: BinaryIO, digest: _Digest) -> Iterator[tuple[bytes, int, bool]]:
    """Yield whole lines with the number of the first, and at the end what has no line end; CRLF becomes LF."""
    rest, line = b"", 1
    while block := file.read(_CHUNK_BYTES):
        digest.update(block)
        if line == 1 and not rest:
            _refuse_no_text(path, block)
            block = block.removeprefix(b"\xef\xbb\xbf")
        if b"\x00" in block:
            raise EvaluationRefused(f"{path}: holds a byte 0x00: it is damaged, or no text file")
        whole, found, tail = (rest + block).rpartition(b"\n")
        rest = tail
        if found:
            chunk = (whole + found).replace(b"\r\n", b"\n")
            yield chunk, line, True
            line += chunk.count(b"\n")
        if len(rest) > _CHUNK_BYTES:
            raise EvaluationRefused(f"{path}: line {line} is longer than {_CHUNK_BYTES} bytes; this is no such file")
    if rest or line == 1:
        yield rest, line, False


def _refuse_no_text(path: Path, block: bytes) -> None:
    if block.startswith(_UNUSABLE):
        raise EvaluationRefused(f"{path}: is UTF-16 text; save it as UTF-8")


def _without_lines(chunk: bytes, count: int) -> bytes:
    for _ in range(count):
        chunk = chunk.partition(b"\n")[2]
    return chunk


def _text(chunk: bytes, layout: FileFormat) -> str:
    return chunk.decode(layout.encoding, errors="replace")


def _row_reader(path: Path, layout: FileFormat, chunk: bytes, columns: Mapping[str, ColumnWanted]) -> RowReader:
    """Return what reads the rows, from the header and the first row."""
    lines = _text(chunk, layout).split("\n")
    row_line = layout.header_line or layout.first_line or 1
    if row_line > len(lines) or not lines[row_line - 1].strip():
        raise EvaluationRefused(f"{path}: has no line {row_line} with text in its first {_CHUNK_BYTES} bytes")
    try:
        first = [cell.strip() for cell in split_line(lines[row_line - 1], layout.delimiter)]
    except BadCell as error:
        raise EvaluationRefused(f"{path}: line {row_line}: {error}") from error
    header = first if layout.header_line else None

    def place(name: str | int, wanted: str) -> int:
        if isinstance(name, int):
            if name > len(first):
                raise EvaluationRefused(
                    f"{path}: {wanted}: there is no column {name}; line {row_line} has {len(first)}"
                )
            return name - 1
        known = ", ".join(shown(cell) for cell in header or ())
        if header is None:
            raise EvaluationRefused(f"{path}: {wanted}: without a header line, give the number of the column")
        if header.count(name) != 1:
            problem = "several columns are named" if name in header else "no column is named"
            raise EvaluationRefused(
                f"{path}: {wanted}: {problem} {shown(name)}; line {row_line} names {known}. "
                "Correct the column in the conditions file"
            )
        return header.index(name)

    return RowReader(
        delimiter=layout.delimiter,
        decimal=layout.decimal,
        cells=len(first),
        wanted=tuple(
            Wanted(
                name=name,
                place=place(column.name, name),
                unit=column.unit,
                may_be_empty=column.may_be_empty,
                unit_place=None if column.unit_column is None else place(column.unit_column, f"unit of {name}"),
            )
            for name, column in columns.items()
        ),
    )


def _read_chunk(chunk: bytes, line: int, reader: RowReader, layout: FileFormat, collected: _Collected) -> None:
    rows = _fast_rows(chunk, reader, layout)
    if rows is not None:
        collected.add(rows)
        return
    good: list[list[float]] = []
    for number, text in enumerate(_text(chunk, layout).split("\n"), start=line):
        if not text.strip() or (layout.comment and text.startswith(layout.comment)):
            continue
        try:
            if reader.times_are_iso and collected.zoned is None:
                collected.zoned = iso_is_zoned(reader.split(text)[reader.wanted[0].place].strip())
            good.append(reader.values(text, zoned=collected.zoned))
        except BadCell as error:
            collected.add_bad(number, str(error), good=collected.good + len(good))
    if good:
        collected.add(np.array(good, dtype=np.float64))


def _fast_rows(chunk: bytes, reader: RowReader, layout: FileFormat) -> NDArray[np.float64] | None:
    """Return the numbers of a chunk in which every row is in order and plain, else None."""
    plain = b'"' not in chunk and (layout.comment is None or layout.comment.encode() not in chunk)
    if not (plain and chunk and reader.plain_numbers):
        return None
    raw = np.frombuffer(chunk, dtype=np.uint8)
    ends = np.flatnonzero(raw == ord("\n"))
    delimiters = np.searchsorted(np.flatnonzero(raw == ord(reader.delimiter)), ends)
    if not np.all(np.diff(delimiters, prepend=0) == reader.cells - 1):
        return None
    if reader.decimal == ",":
        if b"." in chunk:
            return None
        chunk = chunk.replace(b",", b".")
    try:
        rows = np.loadtxt(
            io.BytesIO(chunk),
            delimiter=reader.delimiter,
            comments=None,
            usecols=[wanted.place for wanted in reader.wanted],
            ndmin=2,
            encoding="latin-1",
        )
    except ValueError:
        return None
    sound = rows.shape[0] == ends.size and bool(np.isfinite(rows).all())
    return np.asarray(rows, dtype=np.float64) if sound else None


def _judge(path: Path, layout: FileFormat, collected: _Collected) -> None:
    """Raise `EvaluationRefused` unless what was read may be used."""
    rows = collected.good + collected.bad_count
    told = "; ".join(f"line {line}: {reason}" for line, reason, _ in collected.bad[:_TOLD])
    more = f"; and {collected.bad_count - _TOLD} more" if collected.bad_count > _TOLD else ""
    if collected.good < 2:
        raise EvaluationRefused(f"{path}: holds {collected.good} usable rows{': ' if told else ''}{told}{more}")
    counted = collected.bad_count - collected.unfinished
    if counted and layout.bad_rows == "refuse":
        raise EvaluationRefused(
            f"{path}: {counted} of {rows} rows are unusable ({told}{more}); mend the file, or say "
            'bad_rows = "exclude" to leave such rows out'
        )
    if counted > layout.most_bad_percent / 100.0 * rows:
        raise EvaluationRefused(
            f"{path}: {counted} of {rows} rows are unusable, more than {layout.most_bad_percent:g} % ({told}{more})"
        )
