"""Reading text files: every good number exactly, every bad row named, whatever stands in the file."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.foreign.file_format import FileFormat
from results.foreign.table_file import ColumnWanted, TableData, read_table
from results.refusal import EvaluationRefused

TIME = ColumnWanted(name="t", unit="s")
MASS = {"mass": ColumnWanted(name="m", unit="g")}


def layout_of(**changes: Any) -> FileFormat:
    usual: dict[str, Any] = {"delimiter": ",", "decimal": ".", "bad_rows": "exclude", "most_bad_percent": 50.0}
    return FileFormat(**usual | changes)


def read(folder: Path, content: bytes, *, wanted: dict[str, ColumnWanted] = MASS, **changes: Any) -> TableData:
    path = folder / "data.csv"
    path.write_bytes(content)
    return read_table(path, layout_of(**changes), time=TIME, wanted=wanted)


def test_numbers_are_read_to_their_last_digit(tmp_path: Path) -> None:
    table = read(tmp_path, b"t,m\n0.1,5.012345678901234\n0.2,-1e-3\n0.30000000000000004,7\n")
    assert table.time_s.tolist() == [0.1, 0.2, 0.30000000000000004]
    assert table.columns["mass"].tolist() == [5.012345678901234, -1e-3, 7.0]
    assert (table.rows, table.bad_count) == (3, 0)
    assert table.sha256 == hashlib.sha256((tmp_path / "data.csv").read_bytes()).hexdigest()


BAD = {
    "a word": ("0.5,------", "mass is '------'"),
    "nothing": ("0.5,", "mass is empty"),
    "not a number": ("0.5,nan", "mass is 'nan'"),
    "infinite": ("0.5,-inf", "mass is '-inf'"),
    "underscore": ("0.5,1_000", "mass is '1_000'"),
    "another unit": ("0.5,5012.3 mg", "mass is '5012.3 mg', the conditions say 'g'"),
    "one cell": ("0.5", "1 cells instead of 2"),
    "three cells": ("0.5,5.0,6.0", "3 cells instead of 2"),
    "torn quote": ('0.5,"5.0', "quotes do not match"),
    "no time": (",5.0", "time is empty"),
    "binary": ("0.5,\x07\x1b5", "mass is '\\x07\\x1b5'"),
    "decimal comma": ("0,5,5,0", "4 cells instead of 2"),
    "thousands": ("0.5,5 012.3", "mass is '5 012.3'"),
    "two points": ("0.5,5.0.1", "mass is '5.0.1'"),
    "hexadecimal": ("0.5,0x1F", "mass is '0x1F'"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_row_is_refused_or_left_out_as_told(tmp_path: Path, name: str) -> None:
    row, reason = BAD[name]
    content = f"t,m\n0,5.0\n{row}\n1,5.1\n2,5.2\n".encode()
    table = read(tmp_path, content)
    assert table.time_s.tolist() == [0.0, 1.0, 2.0]
    assert table.columns["mass"].tolist() == [5.0, 5.1, 5.2]
    (bad,) = table.bad_rows
    assert (bad.line, bad.after_s) == (3, 0.0)
    assert reason in bad.reason
    with pytest.raises(EvaluationRefused, match=r"1 of 4 rows are unusable \(line 3: ") as refusal:
        read(tmp_path, content, bad_rows="refuse")
    assert reason in str(refusal.value)


def test_too_many_bad_rows_are_refused_even_when_they_may_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(EvaluationRefused, match="more than 10 %"):
        read(tmp_path, b"t,m\n0,5\nx,5\n1,5\n2,5\n3,5\n", most_bad_percent=10.0)


def test_the_unit_a_logger_writes_is_accepted_when_it_is_the_stated_one(tmp_path: Path) -> None:
    table = read(tmp_path, b"t,m\n0 s,5.0 g\n1 s,+ 5.1  g\n")
    assert table.columns["mass"].tolist() == [5.0, 5.1]


def test_a_column_of_units_is_checked_in_every_row(tmp_path: Path) -> None:
    wanted = {"mass": ColumnWanted(name="m", unit="g", unit_column="u")}
    table = read(tmp_path, b"t,m,u\n0,5.0,g\n1,5100.0,mg\n2,5.2,g\n", wanted=wanted)
    assert table.columns["mass"].tolist() == [5.0, 5.2]
    assert table.bad_rows[0].reason == "mass is in 'mg', the conditions say 'g'"


def test_a_last_line_without_an_end_may_be_cut_short(tmp_path: Path) -> None:
    table = read(tmp_path, b"t,m\n0,5.0\n1,5.1\n2,5.1", bad_rows="refuse")
    assert table.time_s.tolist() == [0.0, 1.0]
    assert (table.bad_rows[0].line, table.bad_rows[0].after_s) == (4, 1.0)
    assert "cut short" in table.bad_rows[0].reason


def test_empty_cells_of_slower_sensors_are_no_numbers(tmp_path: Path) -> None:
    wanted = {**MASS, "air": ColumnWanted(name="a", unit="degC", may_be_empty=True)}
    table = read(tmp_path, b"t,m,a\n0,5.0,20.5\n1,5.1,\n2,5.2,broken\n3,5.3,20.6\n", wanted=wanted)
    assert table.columns["air"][0] == 20.5
    assert math.isnan(table.columns["air"][1])
    assert table.time_s.tolist() == [0.0, 1.0, 3.0]


def test_comments_blank_lines_marks_and_quotes(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf# made by a logger\r\n"t","m"\r\n(s),(g)\r\n"0","5.0"\r\n\r\n# door\r\n1,5.1\r\n'
    table = read(tmp_path, content, header_line=2, first_line=4, comment="#", bad_rows="refuse")
    assert table.time_s.tolist() == [0.0, 1.0]
    assert table.columns["mass"].tolist() == [5.0, 5.1]


def test_columns_by_number_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"x;0,5;5,25\nx;1,5;5,5\n")
    time, mass = ColumnWanted(name=2, unit="s"), ColumnWanted(name=3, unit="g")
    table = read_table(path, layout_of(delimiter=";", decimal=",", header_line=0), time=time, wanted={"mass": mass})
    assert table.time_s.tolist() == [0.5, 1.5]
    assert table.columns["mass"].tolist() == [5.25, 5.5]


@pytest.mark.parametrize(
    ("content", "changes", "problem"),
    [
        (b"", {}, "has no line 1"),
        (b"t,m\n", {}, "holds 0 usable rows"),
        (b"t,m\n0,5\n", {}, "holds 1 usable rows"),
        (b"t,mass\n0,5\n1,5\n", {}, "mass: no column is named 'm'; line 1 names 't', 'mass'"),
        (b"t,m,m\n0,5,6\n1,5,6\n", {}, "several columns are named 'm'"),
        (b"0,5\n1,5\n", {"header_line": 0}, "without a header line, give the number of the column"),
        (b"\xff\xfet\x00,\x00m\x00\n\x00", {}, "UTF-16"),
        (b"t,m\n0,5\n1,\x00\n", {}, "holds a byte 0x00"),
        (b"t;m\n0,5;5,0\n1,5;5,1\n", {"delimiter": ";"}, "holds 0 usable rows: line 2: time is '0,5'"),
        (b"t;m\n0.5;5.0\n1.5;5.1\n", {"delimiter": ";", "decimal": ","}, "time is '0.5'"),
        (b"t,m\n0,5\n1,5\n", {"header_line": 9}, "has no line 9"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        read(tmp_path, content, **changes)
    assert problem in str(refusal.value)


def test_a_column_beyond_the_last_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationRefused, match="there is no column 7; line 1 has 2"):
        read(tmp_path, b"t,m\n0,5\n1,5\n", wanted={"mass": ColumnWanted(name=7, unit="g")})


def read_times(folder: Path, rows: list[str]) -> TableData:
    path = folder / "data.csv"
    path.write_text("t,m\n" + "".join(f"{row},5.0\n" for row in rows), encoding="utf-8")
    return read_table(path, layout_of(), time=ColumnWanted(name="t", unit="iso8601"), wanted=MASS)


def test_date_times_of_one_zone_or_none(tmp_path: Path) -> None:
    rows = ["2026-03-29T00:59:59.5Z", "2026-03-29T03:00:00+02:00", "2026-03-29 01:00:01+00:00"]
    table = read_times(tmp_path, rows)
    assert table.time_s.tolist() == [0.0, 0.5, 1.5]
    assert table.zoned
    table = read_times(tmp_path, ["2026-03-29T00:00:00", "2026-03-29T00:00:01Z", "29.03.2026", "2026-03-29T00:00:02"])
    assert table.time_s.tolist() == [0.0, 2.0]
    assert [bad.line for bad in table.bad_rows] == [3, 4]
    assert "with a time zone, unlike others" in table.bad_rows[0].reason


def test_long_files_are_read_in_pieces_with_true_line_numbers(tmp_path: Path) -> None:
    count = 300_000
    rows = [f"{second}.25,{5.0 + 1e-6 * second:.6f}\n" for second in range(count)]
    rows[250_000] = "damaged\n"
    content = ("t,m\n" + "".join(rows)).encode()
    assert len(content) > 4_000_000
    table = read(tmp_path, content)
    assert table.time_s.size == count - 1
    assert np.array_equal(np.delete(np.arange(count) + 0.25, 250_000), table.time_s)
    assert (table.bad_rows[0].line, table.bad_rows[0].after_s) == (250_002, 249_999.25)


NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
JUNK = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=20)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=30),
    junk=st.lists(st.tuples(st.integers(0, 30), JUNK), max_size=6),
    decimal=st.sampled_from([".", ","]),
)
def test_junk_between_rows_never_changes_a_number(
    tmp_path: Path, rows: list[tuple[float, float]], junk: list[tuple[int, str]], decimal: str
) -> None:
    """Whatever stands between them, the good rows are read exactly, and nothing else is."""
    lines = [";".join(repr(value).replace(".", decimal) for value in row) for row in rows]
    for place, text in junk:
        lines.insert(place, "!" + text)
    content = ("t;m\n" + "".join(f"{line}\n" for line in lines)).encode()
    layout: dict[str, Any] = {"delimiter": ";", "decimal": decimal}
    if 2 * len(junk) > len(lines):
        with pytest.raises(EvaluationRefused, match="more than 50 %"):
            read(tmp_path, content, **layout)
        return
    table = read(tmp_path, content, **layout)
    assert list(zip(table.time_s.tolist(), table.columns["mass"].tolist(), strict=True)) == rows
    assert table.bad_count == len(junk)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), header=st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, header: bool) -> None:
    try:
        table = read(tmp_path, (b"t,m\n" if header else b"") + content)
    except EvaluationRefused:
        return
    assert np.isfinite(table.time_s).all()
    assert np.isfinite(table.columns["mass"]).all()
