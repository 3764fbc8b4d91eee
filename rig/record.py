"""The record of a case: its verdict, its outcome, what was done to end safely, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from instruments.clock import utc_now
from results.after_check import AfterCheckOutcome
from results.decision import Verdict
from results.input_file import UnreadableFile, read_json
from results.measured.outcome import Outcome
from results.outcome import as_json
from results.printable import on_one_line
from results.refusal import EvaluationRefused
from results.trace.durable import write_whole
from rig.run_folder import RunFolder
from rig.safety.safe_state import SafeStateReport
from rig.trip import Trip

RECORD_SCHEMA = "case-record/1.3.0"
MOST_RECORD_BYTES = 50_000_000
"""No record is larger: curves of a run of two weeks take a few MB."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What `record.json` says. `evidence` tells whether the run may serve as verification evidence, and why not.

    `simulation`: seed and clock of a twin; `ended_utc`: when the run ended, "" for as its record is written.
    """

    run_id: str
    plan_id: str
    plan_revision: str
    plan_sha256: str
    procedure: str
    case: str
    station: str
    station_sha256: str
    simulated: bool
    simulation: Mapping[str, object] | None
    verdict: Verdict
    reason: str
    safe_state: SafeStateReport
    watchdog: Mapping[str, object] | str
    notes: tuple[str, ...]
    outcome: Outcome | None
    after_check: AfterCheckOutcome | None = None
    interlock: Trip | None = None
    ended_utc: str = ""

    def as_json(self, files: Mapping[str, str]) -> dict[str, object]:
        """Return the record as JSON types; `files` maps names to SHA-256."""
        now_utc = utc_now().isoformat()
        plan = {"id": self.plan_id, "revision": self.plan_revision, "procedure": self.procedure}
        return {
            "schema": RECORD_SCHEMA,
            "run_id": self.run_id,
            "plan": {**plan, "sha256": self.plan_sha256},
            "case": self.case,
            "station": self.station,
            "station_sha256": self.station_sha256,
            "simulated": self.simulated,
            "simulation": as_json(self.simulation),
            "evidence": "refused: the station is simulated" if self.simulated else "engineering run",
            "verdict": self.verdict.value,
            "reason": self.reason,
            "ended_utc": self.ended_utc or now_utc,
            "recorded_utc": now_utc,
            "safe_state": as_json(self.safe_state),
            "watchdog": as_json(self.watchdog),
            "interlock": self.interlock.as_record() if self.interlock is not None else None,
            "notes": list(self.notes),
            "files": dict(files),
            "outcome": self.outcome.as_record() if self.outcome is not None else None,
            "after_check": as_json(self.after_check),
        }


def write_record(folder: RunFolder, record: CaseRecord) -> None:
    """Write `record.json` in one piece: it is there whole, or not at all, also after a power cut.

    The log of a watchdog that was left in charge of an unsafe bench has no hash in it: that log goes on.
    """
    named = [folder.trace, folder.events, folder.figure]
    if record.safe_state.is_safe:
        named.append(folder.watchdog)
    files = {path.name: _sha256(path) for path in named if path.exists()}
    text = json.dumps(record.as_json(files), indent=2, allow_nan=False) + "\n"
    write_whole(folder.record, text.encode())


def recorded_end(folder: RunFolder) -> str:
    """Return verdict and reason as the record has them; "" where there is none that can be read."""
    try:
        record = read_json(folder.record, most_bytes=MOST_RECORD_BYTES)
    except (FileNotFoundError, UnreadableFile):
        return ""
    if not isinstance(record, dict):
        return ""
    return on_one_line(f"{record.get('verdict')}: {record.get('reason')}")


def recorded_sha256(folder: RunFolder) -> str | None:
    """Return the SHA-256 of the trace as the record of a run has it; None where there is no record, or no trace in it.

    Raises `EvaluationRefused` for a record that cannot be read.
    """
    remedy = f"to evaluate the trace by what it says of itself, give {folder.trace}"
    try:
        record = read_json(folder.record, most_bytes=MOST_RECORD_BYTES)
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        raise EvaluationRefused(f"{error}; {remedy}") from error
    files = record.get("files") if isinstance(record, dict) else None
    if not isinstance(files, dict):
        raise EvaluationRefused(f"{folder.record}: files: names no files; {remedy}")
    sha256 = files.get(folder.trace.name)
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise EvaluationRefused(f"{folder.record}: files.{folder.trace.name}: is no SHA-256; {remedy}")
    return sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
