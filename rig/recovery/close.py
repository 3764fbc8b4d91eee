"""Closing an orphaned run as ABORTED: its trace sealed, its record written, nothing of it changed or deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from results.decision import Verdict
from results.trace.errors import SealError, StorageError
from results.trace.journal_read import JournalReader
from results.trace.ownership import OwnerLock, has_owner
from results.trace.reader import Trace, read_trace
from results.trace.seal import seal
from rig.ownership.station import WATCHDOG_PATIENCE_S
from rig.record import CaseRecord, write_record
from rig.recovery.ended import ended_utc
from rig.recovery.missing import missing_samples
from rig.recovery.orphans import is_orphan
from rig.recovery.witnesses import Witnesses, witnesses_of
from rig.run_folder import RunFolder
from rig.run_header import TWIN_IN_PROCESS
from rig.safety.safe_state import SafeStateReport

_UNKNOWN = "unknown"
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Recovered:
    """An orphaned run after its closing. `is_safe`: its rig or its watchdog confirmed a safe bench."""

    folder: RunFolder
    record: CaseRecord
    is_safe: bool


def close_orphan(folder: RunFolder) -> Recovered | None:
    """Close an orphaned run; None where it is none, or another process is closing it.

    A crash in the middle leaves an orphan again. What is damaged is said in the record. Errors: SealError where a whole
    journal cannot be sealed now (a full disk), OSError where nothing can be written; it is an orphan still.
    """
    try:
        life = OwnerLock(folder.life, timeout_s=0.0)
    except BlockingIOError:
        return None
    try:
        if folder.record.exists() or not is_orphan(folder, owned=True):
            return None
        folder.ballast.unlink(missing_ok=True)
        _await_watchdog(folder)
        witnesses = witnesses_of(folder)
        trace, notes = _sealed(folder)
        notes = [*(f"torn by the crash: {torn}" for torn in witnesses.torn), *notes]
        if trace is not None:
            notes += [str(missing) for missing in missing_samples(trace, witnesses)]
        record = _record(folder, witnesses, notes, ended_utc(folder, witnesses, trace))
        write_record(folder, record)
        return Recovered(folder, record, witnesses.is_safe)
    finally:
        life.release()


def _await_watchdog(folder: RunFolder) -> None:
    """Let a watchdog that is at work finish, so that the record tells its end; one that hangs is not waited for."""
    until_s = host_monotonic_s() + WATCHDOG_PATIENCE_S
    while has_owner(folder.watchdog) and host_monotonic_s() < until_s:
        host_sleep(_LOOK_S)


def _sealed(folder: RunFolder) -> tuple[Trace | None, list[str]]:
    """Return the trace, None of a journal that cannot be read, and what to say of it; raises `SealError`."""
    try:
        report = seal(folder.journal, folder.trace)
        trace = read_trace(folder.trace)
    except SealError:
        raise
    except StorageError as error:
        return None, [f"no trace: {error}"]
    closed = ["the journal was not closed; everything it had committed is in the trace"]
    return trace, [
        *([] if report.closed_orderly else closed),
        *(f"lost in the journal: {damage}" for damage in report.damage),
    ]


def _record(folder: RunFolder, witnesses: Witnesses, notes: list[str], ended: datetime) -> CaseRecord:
    header = _header(folder)
    plan, station = _table(header, "plan"), _table(header, "station")
    _, of_station, of_plan, of_case, *_ = *folder.run_id.split("-"), _UNKNOWN, _UNKNOWN, _UNKNOWN
    during = f" in phase {witnesses.last_phase!r}" if witnesses.last_phase else ""
    return CaseRecord(
        run_id=folder.run_id,
        plan_id=str(plan.get("id", of_plan)),
        plan_revision=str(plan.get("revision", _UNKNOWN)),
        plan_sha256=str(plan.get("sha256", _UNKNOWN)),
        procedure=str(plan.get("procedure", _UNKNOWN)),
        case=str(plan.get("case", of_case)),
        station=str(station.get("id", of_station)),
        station_sha256=str(station.get("sha256", "")),
        simulated=bool(header.get("simulated", False)),
        simulation=_table(header, "simulation") or None,
        verdict=Verdict.ABORTED,
        reason=f"the rig died{during}; closed afterwards. {_bench(witnesses, header)}",
        safe_state=_safe_state(witnesses, header),
        watchdog=_watchdog(witnesses, header),
        notes=tuple(notes),
        outcome=None,
        ended_utc=ended.isoformat(),
    )


def _watchdog(witnesses: Witnesses, header: Mapping[str, Any]) -> Mapping[str, object] | str:
    if _was_twin_in_process(header):
        return TWIN_IN_PROCESS
    return {"log": list(witnesses.watchdog)} if witnesses.watchdog else "none left a word"


def _was_twin_in_process(header: Mapping[str, Any]) -> bool:
    return header.get("watchdog") == TWIN_IN_PROCESS


def _bench(witnesses: Witnesses, header: Mapping[str, Any]) -> str:
    if witnesses.rig_made_safe:
        return "The rig had made the bench safe"
    if witnesses.is_safe:
        return "Its watchdog made the bench safe"
    if _was_twin_in_process(header):
        return "Its bench was a twin in the same process, and ended with it"
    return "Nobody confirmed that the bench was made safe"


def _safe_state(witnesses: Witnesses, header: Mapping[str, Any]) -> SafeStateReport:
    reason = "the rig died"
    if witnesses.rig_made_safe:
        return SafeStateReport(reason, done=["by the rig, before it died"])
    if _was_twin_in_process(header):
        return SafeStateReport(reason, done=["the twin ended with the rig"])
    actions = [line for line in witnesses.deeds if line["kind"] == "action"]
    done = [str(action.get("name")) for action in actions if not action.get("error")]
    failed = [(str(action.get("name")), str(action["error"])) for action in actions if action.get("error")]
    if not witnesses.is_safe and not failed:
        failed = [("safe state", "nobody confirmed it")]
    return SafeStateReport(reason, done=done, failed=failed)


def _header(folder: RunFolder) -> Mapping[str, Any]:
    try:
        with JournalReader(folder.journal) as journal:
            return journal.header
    except StorageError:
        return {}


def _table(header: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = header.get(name)
    if isinstance(table, Mapping):
        return table
    text = header.get("station_toml") if name == "station" else None
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()} if isinstance(text, str) else {}
