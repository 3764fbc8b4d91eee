"""Every file the rig reads: a good one, and what the rig makes of it through the function its users reach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from instruments.clock import utc_now
from results.foreign.evaluate import evaluate_foreign
from results.input_file import UnreadableFile
from results.profiles.profile import ProfileError
from results.refusal import EvaluationRefused
from results.trace.errors import StorageError
from results.trace.events import EventLog, read_events
from results.trace.seal import seal
from rig.configuration import ConfigurationError
from rig.daily_gate import refuse_without_daily_check
from rig.faults import NotRun
from rig.foreign import load_conditions
from rig.ownership.hold import HeldByAnother
from rig.plan import load_plan
from rig.record import recorded_sha256
from rig.run_folder import RunFolder
from rig.station import StationError
from rig.stations.file import load_station_file
from rig.stations.twin import load_truth, read_addresses
from tests.end_to_end.bench_runs import ROOT, make_station
from tests.proof.bad_input.inspector import inspected
from tests.proof.bad_input.state_files import (
    begin_session,
    begin_session_after_death,
    begin_session_after_watchdog,
    broken,
    current_run,
    owner_note,
    take_what_is_held,
    watchdog_log,
)
from tests.results.trace.runs import event, write_run
from tests.rig.bench_sessions import trial_case

REFUSALS = (
    ConfigurationError,
    EvaluationRefused,
    StorageError,
    UnreadableFile,
    FileNotFoundError,
    NotRun,
    ProfileError,
    StationError,
    HeldByAnother,
)
"""What a user is told as a message, by the command line and by pytest."""

EXAMPLES = ROOT / "docs" / "examples"
ADDRESSES = {
    "pump": {"port": "/dev/pts/7"},
    "balance": {"visa": "TCPIP::127.0.0.1::40001::SOCKET"},
    "balance_serial": {"visa": "ASRL/dev/pts/8::INSTR"},
    "balance_sbi": {"visa": "TCPIP::127.0.0.1::40002::SOCKET"},
    "ambient": {"visa": "TCPIP::127.0.0.1::40003::SOCKET"},
    "daq": {"grpc": "127.0.0.1:40004", "device": "Dev1"},
    "ports": {"port": "/tmp/twin/*"},
}
SECONDS = 30


@dataclass(frozen=True)
class Kind:
    """A kind of file. `place` makes a good one with what it needs beside it; `use` returns what it means.

    A meaning that is a tuple ("lost", ...) was told to the user as damage. `always_refused`: also a good one forbids
    what is asked, and so must every damaged one. `named_by`: words of a refusal in the place of the file's name.
    """

    name: str
    form: str
    place: Callable[[Path], Path]
    use: Callable[[Path], Any]
    always_refused: bool = False
    named_by: str | None = None


def meaning(value: Any) -> Any:
    """Return a checked value without what only says where it was read."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: meaning(getattr(value, field.name))
            for field in fields(value)
            if field.name not in ("source", "text", "sha256", "path")
        }
    if isinstance(value, tuple | list):
        return [meaning(item) for item in value]
    return value.name if isinstance(value, Path) else value


def _station(base: str) -> Callable[[Path], Path]:
    return lambda folder: make_station(folder, base=base)


def _hardware(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(ROOT / "rig/stations/hardware-example/station.toml", folder))


def _plan(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(ROOT / "protocols/flow_accuracy.toml", folder))


def _addresses(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "addresses.json"
    path.write_text(json.dumps(ADDRESSES) + "\n", encoding="utf-8")
    return path


def _example(name: str) -> Callable[[Path], Path]:
    def place(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for file in EXAMPLES.iterdir():
            shutil.copy(file, folder)
        return folder / name

    return place


def _evaluated(folder: Path) -> Any:
    evaluation = evaluate_foreign(folder / "occlusion-balance.csv", load_conditions(folder / "occlusion.toml"))
    if evaluation.refusal is not None:
        raise EvaluationRefused(evaluation.refusal)
    record = evaluation.as_record()
    left_out = [file["rows_left_out"] for file in (record["file"], record["pressure_file"])]
    return ("lost", f"{sum(left_out)} rows left out, and listed") if any(left_out) else record["outcome"]


def _journal(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = RunFolder(folder).journal
    write_run(path, SECONDS)
    return path


def _trace(folder: Path) -> Path:
    trace = RunFolder(folder).trace
    seal(_journal(folder), trace)
    trace.chmod(0o644)
    return trace


def _sealed(path: Path) -> Any:
    trace = path.with_name("trace.h5")
    report = seal(path, trace)
    if not report.complete:
        told = [damage.reason for damage in report.damage] or ["the run ended without closing its journal"]
        return ("lost", told[0])
    return report.content_sha256


def _events(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with EventLog(RunFolder(folder).events) as log:
        for index in range(SECONDS):
            log.record(event(index))
    return RunFolder(folder).events


def _read_events(path: Path) -> Any:
    found = read_events(path)
    return ("lost", f"{len(found.torn)} lines that are no event, with their numbers") if found.torn else found.events


def _record(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "run_id": folder.name,
        "plan": {"id": "daily-check", "revision": "1", "procedure": "daily-check"},
        "station": "bench-1",
        "station_sha256": "0" * 64,
        "verdict": "FAIL",
        "ended_utc": (utc_now() - timedelta(hours=1)).isoformat(),
        "files": {"trace.h5": "1" * 64},
    }
    path = RunFolder(folder).record
    path.write_text(json.dumps(record, indent=2), encoding="utf-8")
    return path


def _gate(folder: Path) -> Path:
    """Place a failed daily check among the runs of a station that asks for a passed one."""
    station = make_station(folder / "bench")
    with station.open("a", encoding="utf-8") as file:
        file.write("\n[checks]\ndaily_check_valid_h = 12.0\n")
    loaded = load_station_file(station)
    path = _record(folder / "runs" / "R20260301T080000Z-x-daily_check-x-0")
    record = json.loads(path.read_text(encoding="utf-8"))
    record |= {"station": loaded.id, "station_sha256": loaded.sha256}
    path.write_text(json.dumps(record, indent=2), encoding="utf-8")
    return path


def _ask_gate(path: Path) -> Any:
    folder = path.parents[2]
    refuse_without_daily_check(load_station_file(folder / "bench" / "station.toml"), trial_case(), folder / "runs")
    return "the gate is open"


STATION = Kind("station.toml", "toml", _station("simulated"), lambda path: meaning(load_station_file(path)))
TWIN = Kind(
    "twin.toml",
    "toml",
    lambda folder: make_station(folder).with_name("twin.toml"),
    lambda path: meaning(load_truth(load_station_file(path.with_name("station.toml")))),
)
OTHER_STATIONS = (
    Kind(
        "station.toml (external)", "toml", _station("simulated-external"), lambda path: meaning(load_station_file(path))
    ),
    Kind("station.toml (hardware)", "toml", _hardware, lambda path: meaning(load_station_file(path))),
)
KINDS = (
    STATION,
    TWIN,
    Kind("addresses of a twin", "json", _addresses, read_addresses),
    Kind("plan", "toml", _plan, lambda path: meaning(load_plan(path))),
    Kind("conditions", "toml", _example("occlusion.toml"), lambda path: meaning(load_conditions(path))),
    Kind("data file", "csv", _example("occlusion-balance.csv"), lambda path: _evaluated(path.parent), named_by=""),
    Kind("pressure file", "csv", _example("occlusion-pressure.csv"), lambda path: _evaluated(path.parent), named_by=""),
    Kind("trace.h5", "hdf5", _trace, inspected),
    Kind("journal.sqlite", "sqlite", _journal, _sealed),
    Kind("events.jsonl", "json lines", _events, _read_events),
    Kind("record.json (evaluate)", "json", _record, lambda path: recorded_sha256(RunFolder(path.parent))),
    Kind("record.json (daily gate)", "json", _gate, _ask_gate, always_refused=True, named_by="daily"),
    Kind("broken.json", "json", broken, begin_session, always_refused=True, named_by="(left"),
    Kind(
        "current-run.json",
        "json",
        current_run,
        begin_session_after_death,
        always_refused=True,
        named_by="nobody confirmed",
    ),
    Kind("rig.owner.json", "json", owner_note, take_what_is_held, always_refused=True, named_by="is held by"),
    Kind(
        "watchdog.jsonl (safe)",
        "json lines",
        watchdog_log(safe=True),
        begin_session_after_watchdog,
        named_by="nobody confirm",
    ),
    Kind(
        "watchdog.jsonl (not safe)",
        "json lines",
        watchdog_log(safe=False),
        begin_session_after_watchdog,
        always_refused=True,
        named_by="nobody confirmed",
    ),
)
