"""What must hold of any damaged file, whatever the damage: no traceback, no hang, never silently another meaning."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from results.foreign.file_format import FileFormat
from results.foreign.table_file import ColumnWanted, read_table
from results.profiles.profile import ProfileError, parse_profile
from results.refusal import EvaluationRefused
from results.trace.reader import read_trace
from tests.proof.bad_input.kinds import KINDS, OTHER_STATIONS, Kind
from tests.proof.bad_input.mutations import damaged
from tests.proof.bad_input.outcome import Outcome, check_refusal, deadline, use
from tests.proof.bad_input.table_oracle import rows_by_hand
from tests.results.trace.runs import check_trace_content

ALL = (*KINDS, *OTHER_STATIONS)
TABLES = {"data file": ("balance", "g"), "pressure file": ("p", "mmHg")}


class Tally:
    """How many damaged files there were, and how many were refused, used with a loss told, or used as sound."""

    def __init__(self) -> None:
        self.refused = self.told = self.used = 0

    def count(self, outcome: Outcome) -> None:
        """Count one."""
        self.refused += outcome.refusal is not None
        self.told += outcome.lost is not None
        self.used += outcome.refusal is None and outcome.lost is None

    def __str__(self) -> str:
        return f"{self.refused + self.told + self.used} | {self.refused} | {self.told} | {self.used}"


def check_damaged(kind: Kind, folder: Path, *, examples: int) -> Tally:
    """Demand what must hold of so many damaged files of a kind; AssertionError with the smallest that fails."""
    path = kind.place(folder / "file")
    original = path.read_bytes()
    good = use(kind, path)
    tally = Tally()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(kind.form, original))
    def check(data: bytes) -> None:
        _put(path, data)
        outcome = use(kind, path)
        tally.count(outcome)
        _check(kind, data, original, outcome, good, path)

    check()
    return tally


def _put(path: Path, data: bytes) -> None:
    for left in (path.with_name("trace.h5"), *path.parent.glob("*-wal"), *path.parent.glob("*-shm")):
        left.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _check(kind: Kind, data: bytes, original: bytes, outcome: Outcome, good: Outcome, path: Path) -> None:
    if kind.always_refused:
        assert outcome.refusal is not None, f"{kind.name}: read as if all were well"
    if outcome.refusal is not None:
        check_refusal(outcome.refusal, path, kind)
    if kind.form == "csv":
        _check_table(kind, data, path)
    elif outcome.refusal is not None:
        return
    elif kind.form == "toml":
        mutated = tomllib.loads(data.decode("utf-8-sig"))
        if outcome.meaning == good.meaning:
            changed = list(_changed(mutated, tomllib.loads(original.decode())))
            assert not changed, f"silently passed over: {changed}"
    elif kind.form == "hdf5":
        assert outcome.meaning == good.meaning
    elif kind.form == "sqlite":
        check_trace_content(read_trace(path.with_name("trace.h5")))
        assert outcome.lost is not None or outcome.meaning == good.meaning


def _changed(mutated: Any, original: Any, at: str = "") -> Iterator[str]:
    """Yield the places that a changed table has and the original has not."""
    if isinstance(mutated, Mapping) and isinstance(original, Mapping):
        for key, value in mutated.items():
            if key not in original:
                yield f"{at}.{key}"
            else:
                yield from _changed(value, original[key], f"{at}.{key}")
    elif isinstance(mutated, list) and isinstance(original, list) and len(mutated) == len(original):
        for index, (one, other) in enumerate(zip(mutated, original, strict=True)):
            yield from _changed(one, other, f"{at}[{index}]")
    elif mutated != original:
        yield at


def _check_table(kind: Kind, data: bytes, path: Path) -> None:
    """Demand that every row that is used says what it says to another reader, and that every other is counted."""
    name, unit = TABLES[kind.name]
    layout = FileFormat(delimiter=";", decimal=".", bad_rows="exclude", most_bad_percent=50.0)
    time, wanted = ColumnWanted("t", "s"), {"value": ColumnWanted(name, unit)}
    try:
        table = read_table(path, layout, time=time, wanted=wanted)
    except EvaluationRefused:
        return
    good, bad = rows_by_hand(data, columns=("t", name), units=("s", unit))
    assert [list(row) for row in zip(table.time_s, table.columns["value"], strict=True)] == good
    assert table.bad_count == bad


def check_profiles(*, examples: int) -> Tally:
    """Demand that a damaged method profile is refused with its faults, or is a profile."""
    folder = Path(__file__).parents[3] / "results" / "profiles"
    original = min(folder.glob("*.toml")).read_bytes()
    tally = Tally()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damaged("toml", original))
    def check(data: bytes) -> None:
        with deadline():
            try:
                tally.count(Outcome(None, parse_profile(data)))
            except ProfileError as error:
                tally.count(Outcome(str(error)))

    check()
    return tally
