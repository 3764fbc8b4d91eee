"""The gate of the day: where a station asks for it, nothing runs without a daily check that passed not long ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from instruments.clock import utc_now
from results.decision import Verdict
from results.input_file import read_json
from results.printable import on_one_line
from rig.cases.case import Case
from rig.faults import NotRun
from rig.record import MOST_RECORD_BYTES
from rig.run_folder import RunFolder, name_time, name_word
from rig.stations.file import StationFile

DAILY_CHECK = "daily-check"
"""The procedure that opens the gate."""


@dataclass(frozen=True, slots=True)
class _Check:
    run_id: str
    plan_id: str
    folder: str
    ended: datetime
    verdict: str
    station_sha256: str


def refuse_without_daily_check(station: StationFile, case: Case, runs: Path) -> None:
    """Raise `NotRun` unless the newest daily check of a station, among its runs, passed and is not too old.

    A daily check is of a station as its file describes it: after a change of the file it is done again. One that was
    begun later and left no record that can be read, because it was killed, closes the gate.
    """
    valid_h = station.checks.daily_check_valid_h
    if valid_h is None or case.plan.procedure == DAILY_CHECK:
        return
    checks = list(_checks(station, runs))
    newest = max(checks, key=lambda check: check.ended, default=None)
    problem = _problem(newest, station, valid_h) or _unfinished(checks, station, runs)
    if problem:
        raise NotRun([f"{problem}; station {station.id!r} asks for a passed one (run protocols/daily_check.py first)"])


def _problem(newest: _Check | None, station: StationFile, valid_h: float) -> str:
    if newest is None:
        return "no daily check has been made"
    age_h = (utc_now() - newest.ended).total_seconds() / 3600.0
    if newest.verdict != Verdict.PASS.value:
        return f"the last daily check, {newest.run_id}, ended in {newest.verdict}"
    if newest.station_sha256 != station.sha256:
        return f"the station file has changed since the last daily check, {newest.run_id}"
    if not 0.0 <= age_h <= valid_h:
        return f"the last daily check, {newest.run_id}, is {age_h:.1f} h old, and counts for {valid_h:g} h"
    return ""


def _unfinished(checks: list[_Check], station: StationFile, runs: Path) -> str:
    """Return what is wrong where a check of these plans was begun after the newest record and has none itself."""
    known = {check.folder for check in checks}
    plans = {name_word(check.plan_id) for check in checks}
    latest = name_time(max(check.ended for check in checks))
    for folder in sorted(runs.iterdir()):
        begun, of_station, plan, *_ = *folder.name.split("-"), "", ""
        if folder.name in known or begun < latest:
            continue
        if of_station == name_word(station.id) and plan in plans:
            return f"the last daily check, {folder.name}, left no record that can be read"
    return ""


def _checks(station: StationFile, runs: Path) -> Iterator[_Check]:
    for path in runs.glob(f"*/{RunFolder(runs).record.name}"):
        try:
            record = read_json(path, most_bytes=MOST_RECORD_BYTES)
            if record["plan"].get("procedure") == DAILY_CHECK and record["station"] == station.id:
                ended = datetime.fromisoformat(record["ended_utc"]).astimezone(UTC)
                plan_id, folder = record["plan"]["id"], path.parent.name
                run_id, verdict = (on_one_line(str(record[key])) for key in ("run_id", "verdict"))
                yield _Check(run_id, plan_id, folder, ended, verdict, record["station_sha256"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # no record of this rig: it opens no gate
