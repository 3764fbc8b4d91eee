"""Strict reading: what is refused, and that the message tells everything that is wrong at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator

from rig.configuration import ConfigurationError, Fault, Listed, Section, load_toml, read_source
from tests.rig.toml_mutation import check_message


def _grows(vessel: Any) -> Any:
    if vessel.full_g <= vessel.empty_g:
        yield "full_g", f"{vessel.full_g:g} g is not more than empty_g = {vessel.empty_g:g} g"


def _label_is_no_number(vessel: Any) -> Any:
    if vessel.label.isdigit():
        yield "label", "is a number"


class Vessel(Section):
    label: Annotated[str, Field(min_length=1)]
    empty_g: float = Field(ge=0)
    full_g: float = Field(gt=0, lt=1000, description="load at which it overflows")
    lids: int = Field(default=1, ge=0, le=3)
    oiled: bool = False

    contradictions_of: ClassVar[Any] = (_grows, _label_is_no_number)

    @field_validator("label")
    @classmethod
    def _no_blank(cls, label: str) -> str:
        if label.isspace():
            raise ValueError("a label shows something")
        return label


class Loop(Section):
    kind: Literal["current"]
    points_ma: Annotated[tuple[float, float], Field(strict=False)]


class Bridge(Section):
    kind: Literal["bridge", "half bridge"]
    points_mv_per_v: Annotated[tuple[float, float], Field(strict=False)]


class Table(Section):
    delimiter: Literal[",", "\t"]


class Bench(Section):
    kind: Literal["simulated", "hardware"]
    vessel: Vessel
    spare: Listed[Vessel] = ()
    named: dict[Annotated[str, Field(pattern="^[a-z]+$", description="lower-case letters")], Vessel] = Field({})
    numbers: Annotated[Listed[Annotated[float, Field(gt=0)]], Field(min_length=1)] = (1.0,)
    gauge: Listed[Annotated[Loop | Bridge, Field(discriminator="kind")]] = ()
    comment: str | None = None


GOOD = """
kind = "simulated"
numbers = [1, 2.5]
[vessel]
label = "A"
empty_g = 50
full_g = 70.5
[[spare]]
label = "B"
empty_g = 1.0
full_g = 2.0
[named.small]
label = "C"
empty_g = 1.0
full_g = 2.0
[[gauge]]
kind = "current"
points_ma = [4, 20]
[[gauge]]
kind = "half bridge"
points_mv_per_v = [0, 3]
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "bench.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_toml(path, Bench, remedy="Give a bench file")
    check_message(caught.value, path)
    return caught.value


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    loaded = load_toml(write(tmp_path, GOOD), Bench)
    bench = loaded.value
    assert bench.kind == "simulated"
    assert bench.numbers == (1.0, 2.5)
    assert (bench.vessel.empty_g, bench.vessel.full_g, bench.vessel.lids, bench.vessel.oiled) == (50.0, 70.5, 1, False)
    assert [vessel.label for vessel in bench.spare] == ["B"]
    assert bench.named["small"].label == "C"
    assert loaded.source.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert loaded.source.text == GOOD
    with pytest.raises(ValidationError):
        bench.kind = "hardware"


def test_a_choice_that_no_terminal_shows_is_told_by_its_escape(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    with pytest.raises(ConfigurationError, match=r'wanted one of ",", "\\t"'):
        load_toml(path, Table)


def test_the_hash_is_that_of_the_bytes_and_a_mark_of_utf_8_does_no_harm(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    loaded = load_toml(write(tmp_path, data), Bench)
    assert loaded.source.sha256 == hashlib.sha256(data).hexdigest()
    assert loaded.value.kind == "simulated"


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('kind = "simulated"', 'kind = "simulator"', "kind", ['"simulator"', 'one of "simulated", "hardware"']),
        ('kind = "simulated"', "kind = 1", "kind", ["found 1", "one of"]),
        ('kind = "simulated"', "", "kind", ["missing", "one of"]),
        ("numbers = [1, 2.5]", "numbers = []", "numbers", ["a list of 0", "at least 1"]),
        ("numbers = [1, 2.5]", "numbers = 3", "numbers", ["found 3", "a list"]),
        ("numbers = [1, 2.5]", "numbers = [1, 0]", "numbers[2]", ["found 0", "a number > 0"]),
        ("numbers = [1, 2.5]", 'numbers = [1, "2"]', "numbers[2]", ['found "2"', "a number"]),
        ("numbers = [1, 2.5]", "nummbers = [1]", "nummbers", ["unknown key", "did you mean 'numbers'"]),
        ("numbers = [1, 2.5]", "zzz = 1", "zzz", ["unknown key", "known here: comment, gauge, kind,"]),
        ("full_g = 70.5", "full_g = nan", "vessel.full_g", ["found nan", "a finite number > 0 and < 1000"]),
        ("full_g = 70.5", "full_g = -inf", "vessel.full_g", ["found -inf", "a finite number"]),
        ("full_g = 70.5", "full_g = 1000", "vessel.full_g", ["found 1000", "< 1000", "load at which it overflows"]),
        ("full_g = 70.5", 'full_g = "70.5"', "vessel.full_g", ['found "70.5"', "a number"]),
        ("full_g = 70.5", "full_g = true", "vessel.full_g", ["found true", "a number"]),
        ("full_g = 70.5", f"full_g = 1{'0' * 400}", "vessel.full_g", ["too many digits", "a number"]),
        ("full_g = 70.5", "full_g = 50", "vessel.full_g", ["50 g is not more than empty_g = 50 g"]),
        ("full_g = 70.5", "full_g = 70.5\nlids = 1.0", "vessel.lids", ["found 1.0", "a whole number >= 0 and <= 3"]),
        ("full_g = 70.5", "full_g = 70.5\noiled = 1", "vessel.oiled", ["found 1", "true or false"]),
        ("full_g = 70.5", "full_g = 70.5\noiled = 2026-03-01", "vessel.oiled", ["found 2026-03-01", "true or false"]),
        ('label = "A"', 'label = ""', "vessel.label", ['found ""', "text that is not empty"]),
        ('label = "A"', 'label = "  "', "vessel.label", ['found "  "', "a label shows something"]),
        ('label = "A"', 'labels = "\u0080\\u001b[2J"', "vessel.label", ["missing"]),
        ('kind = "simulated"', 'kind = "\u0080\\u001b[2J"', "kind", [r'found "\u0080\u001b[2J"']),
        ('kind = "simulated"', '"\u0080" = 1', r'"\u0080"', ["unknown key"]),
        ('label = "B"', "", "spare[1].label", ["missing", "text"]),
        ('label = "B"', 'label = "7"', "spare[1].label", ["is a number"]),
        ("[named.small]", "[named.Small]", "named.Small", ["a name here is lower-case letters"]),
        ("[named.small]", '[named."a\\nb"]', 'named."a\\nb"', ["a name here is lower-case letters"]),
        ('label = "C"', "labels = 3", "named.small.labels", ["unknown key", "did you mean 'label'"]),
        ("[[spare]]", "[spare]", "spare", ["found a table", "a list"]),
        ("[vessel]", "[[vessel]]", "vessel", ["found a list of 1", "a table"]),
        ('kind = "current"', 'kind = "currant"', "gauge[1].kind", ['"currant"', '"current", "bridge", "half bridge"']),
        ('kind = "current"', "", "gauge[1].kind", ["missing", 'one of "current", "bridge", "half bridge"']),
        ('kind = "current"', "kind = [1]", "gauge[1].kind", ["found a list of 1", "one of"]),
        ("points_ma = [4, 20]", 'points_ma = [4, "20"]', "gauge[1].points_ma[2]", ['found "20"', "a number"]),
        ("points_ma = [4, 20]", "points_ma = [4]", "gauge[1].points_ma[2]", ["missing", "a number"]),
        ("points_ma = [4, 20]", "points_ma = [4, 5, 6]", "gauge[1].points_ma", ["found a list of 3", "a list of 2"]),
        ("points_ma", "points_mv", "gauge[1].points_ma", ["missing", "a list"]),
        ("points_mv_per_v", "points_ma", "gauge[2].points_ma", ["unknown key", "'points_mv_per_v'"]),
        ('kind = "simulated"', 'kind = "simulated"\ncomment = [1]', "comment", ["found a list of 1", "text"]),
    ],
)
def test_each_fault_is_told_with_its_key_what_was_found_and_what_is_wanted(
    tmp_path: Path, old: str, new: str, key: str, words: list[str]
) -> None:
    assert old in GOOD
    error = refusal(write(tmp_path, GOOD.replace(old, new)))
    fault = next((fault for fault in error.faults if fault.key == key), None)
    assert fault is not None, str(error)
    for word in words:
        assert word in fault.problem


def test_all_faults_are_told_at_once_contradictions_too(tmp_path: Path) -> None:
    text = (
        GOOD.replace('kind = "simulated"', "kinds = 1")
        .replace("empty_g = 50", "empty_g = nan\nlids = 9")
        .replace('label = "A"', 'label = "12"')
        .replace('label = "B"\nempty_g = 1.0', 'label = "B"\nempty_g = 3.0')
        .replace("[named.small]", "[named.small]\nlids = -1")
        .replace('label = "C"\nempty_g = 1.0', 'label = "C"\nempty_g = 4.0')
    )
    error = refusal(write(tmp_path, text))
    assert {fault.key for fault in error.faults} == {
        "kind",
        "kinds",
        "vessel.empty_g",
        "vessel.lids",
        "vessel.label",
        "spare[1].full_g",
        "named.small.lids",
        "named.small.full_g",
    }
    assert f"{len(error.faults)} faults" in str(error)


def test_a_check_that_fails_by_itself_is_not_mistaken_for_a_fault_of_the_file(tmp_path: Path) -> None:
    def broken(_section: Any) -> Any:
        raise AttributeError("no such attribute")
        yield "", ""

    class Broken(Section):
        x: int = 1
        contradictions_of: ClassVar[Any] = (broken,)

    with pytest.raises(AttributeError):
        load_toml(write(tmp_path, "x = 2"), Broken)


# ---- files that are no TOML


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'kind = "simulated\n', ["not valid TOML", "line 1, column 18"]),
        (b"kind = 1\nkind = 2\n", ["not valid TOML", "line 2"]),
        (b"[vessel]\n[vessel]\n", ["not valid TOML", "line 2"]),
        (b"kind = \n", ["not valid TOML", "line 1"]),
        (b"= 3\n", ["not valid TOML", "line 1"]),
        (b"x = " + b"[" * 100_000, ["nested too deeply"]),
        (b"x = 2026-02-31", ["not valid TOML"]),
        (GOOD.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
        (GOOD.encode("utf-16-be"), ["binary"]),
        (GOOD.encode("utf-32"), ["UTF-16 or UTF-32"]),
        (b"\x7fELF\x00\x01", ["binary"]),
        (b'\nlabel = "caf\xe9"\n', ["not UTF-8 text", "byte 0xe9 in line 2"]),
        (b"# " + b"x" * 1_000_000, ["larger than 1 MB"]),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(tmp_path: Path, data: bytes, words: list[str]) -> None:
    error = refusal(write(tmp_path, data))
    assert len(error.faults) == 1
    for word in words:
        assert word in str(error)


def test_an_integer_with_more_digits_than_the_interpreter_takes_is_a_fault_of_the_file(tmp_path: Path) -> None:
    assert "not valid TOML" in str(refusal(write(tmp_path, b"x = " + b"9" * 5000)))


def test_an_empty_file_lacks_what_is_required(tmp_path: Path) -> None:
    assert {fault.key for fault in refusal(write(tmp_path, "")).faults} == {"kind", "vessel"}


def test_a_missing_file_says_what_can_be_given(tmp_path: Path) -> None:
    error = refusal(tmp_path / "nowhere" / "bench.toml")
    assert str(error) == f"{error.path}: no such file. Give a bench file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "is a folder" in str(refusal(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this host has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "bench.toml"
    os.mkfifo(pipe)
    assert "is a named pipe" in str(refusal(pipe))


def test_a_path_no_host_accepts_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read|no such file"):
        read_source(Path("a\0b"))
    with pytest.raises(ConfigurationError, match=r"cannot be read|no such file"):
        read_source(tmp_path / ("x" * 5000))


@given(data=st.binary(max_size=300))
def test_no_bytes_get_past_as_an_error_of_the_program(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = write(tmp_path_factory.mktemp("bytes"), data)
    refusal(path)


def test_one_fault_stands_on_one_line() -> None:
    error = ConfigurationError(Path("a.toml"), [Fault("x.y", "found 1; wanted 2")])
    assert str(error) == "a.toml: x.y: found 1; wanted 2"
