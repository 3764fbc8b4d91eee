"""The gate of the day: what opens it, and what does not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import utc_now
from rig.cases.case import Case
from rig.daily_gate import refuse_without_daily_check
from rig.faults import NotRun
from rig.plan import load_plan
from rig.run_folder import name_time, name_word, new_run_folder
from rig.stations.file import StationFile
from tests.end_to_end.bench_runs import ROOT
from tests.rig.bench_sessions import session_on, trial_case

GATE = "[checks]\ndaily_check_valid_h = 12.0\n"


@pytest.fixture
def station(tmp_path: Path) -> StationFile:
    return session_on(tmp_path, checks=GATE).session.station


def write(runs: Path, of: StationFile, /, *, hours_ago: float = 1.0, **changes: Any) -> None:
    record: dict[str, Any] = {
        "run_id": f"R-{hours_ago}",
        "plan": {"id": "daily-check", "revision": "1", "procedure": "daily-check"},
        "station": of.id,
        "station_sha256": of.sha256,
        "verdict": "PASS",
        "ended_utc": (utc_now() - timedelta(hours=hours_ago)).isoformat(),
    }
    folder = runs / f"R-{hours_ago}-{len(list(runs.iterdir()))}"
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps({**record, **changes}), encoding="utf-8")


def refusal(station: StationFile, runs: Path, case: Case | None = None) -> str:
    with pytest.raises(NotRun) as caught:
        refuse_without_daily_check(station, case or trial_case(), runs)
    assert "daily_check.py first" in str(caught.value)
    return str(caught.value)


def test_a_check_of_this_morning_opens_it(station: StationFile, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write(runs, station, hours_ago=11.9)
    refuse_without_daily_check(station, trial_case(), runs)


def test_a_station_that_asks_for_none_needs_none(tmp_path: Path) -> None:
    station = session_on(tmp_path).session.station
    refuse_without_daily_check(station, trial_case(), tmp_path / "runs")


def test_the_daily_check_itself_needs_none(station: StationFile, tmp_path: Path) -> None:
    for case in load_plan(ROOT / "protocols" / "daily_check.toml").cases:
        refuse_without_daily_check(station, case, tmp_path / "runs")


def test_without_a_check_nothing_runs(station: StationFile, tmp_path: Path) -> None:
    assert "no daily check has been made" in refusal(station, tmp_path / "runs")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hours_ago": 12.1}, "is 12.1 h old, and counts for 12 h"),
        ({"hours_ago": -1.0}, "old"),
        ({"verdict": "FAIL"}, "ended in FAIL"),
        ({"verdict": "INCONCLUSIVE"}, "ended in INCONCLUSIVE"),
        ({"station_sha256": "0" * 64}, "station file has changed"),
        ({"station": "another"}, "no daily check has been made"),
        ({"plan": {"procedure": "flow-accuracy"}}, "no daily check has been made"),
        ({"plan": "daily-check"}, "no daily check has been made"),
        ({"ended_utc": "yesterday"}, "no daily check has been made"),
    ],
)
def test_what_opens_no_gate(station: StationFile, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    runs = tmp_path / "runs"
    write(runs, station, **changes)
    assert words in refusal(station, runs)


def test_what_a_record_says_reaches_the_terminal_on_one_line_and_is_not_obeyed_there(
    station: StationFile, tmp_path: Path
) -> None:
    write(tmp_path / "runs", station, run_id="R\u0000\u001b[2J", verdict="FAIL\n")
    assert refusal(station, tmp_path / "runs").isprintable()


def test_the_newest_check_counts(station: StationFile, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write(runs, station, hours_ago=2.0)
    write(runs, station, hours_ago=1.0, verdict="FAIL")
    assert "ended in FAIL" in refusal(station, runs)
    write(runs, station, hours_ago=0.5)
    refuse_without_daily_check(station, trial_case(), runs)


@pytest.mark.parametrize("text", [None, "{", "{}"], ids=["killed", "torn", "of another kind"])
def test_a_check_without_a_usable_record_closes_the_gate_an_older_one_opened(
    station: StationFile, tmp_path: Path, text: str | None
) -> None:
    runs = tmp_path / "runs"
    write(runs, station, hours_ago=1.0)
    killed = new_run_folder(runs, station=station.id, plan="daily-check", case="morning")
    if text is not None:
        killed.record.write_text(text, encoding="utf-8")
    assert f"{killed.run_id}, left no record that can be read" in refusal(station, runs)


def test_a_check_that_passed_after_a_killed_one_opens_the_gate(station: StationFile, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    begun = name_time(utc_now() - timedelta(hours=2.0))
    (runs / f"{begun}-{name_word(station.id)}-daily_check-morning-0000abcd").mkdir()
    write(runs, station, hours_ago=1.0)
    refuse_without_daily_check(station, trial_case(), runs)


@pytest.mark.parametrize(("of", "plan"), [("another", "daily-check"), ("", "flow-accuracy")])
def test_other_runs_without_a_record_are_passed_over(station: StationFile, tmp_path: Path, of: str, plan: str) -> None:
    runs = tmp_path / "runs"
    (runs / "notes").mkdir()
    new_run_folder(runs, station=of or station.id, plan=plan, case="morning")
    write(runs, station)
    refuse_without_daily_check(station, trial_case(), runs)
