"""What the header of a run must say, so that a trace can be made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from results.trace.schema import HEADER_REQUIRED


def check_header(header: Mapping[str, object]) -> None:
    """Refuse a header no trace can be made from. Errors: ValueError naming key and rule."""
    missing = [key for key in HEADER_REQUIRED if key not in header]
    if missing:
        raise ValueError(f"the run header lacks {missing}")
    run_id, simulated = header["run_id"], header["simulated"]
    if not (isinstance(run_id, str) and run_id):
        raise ValueError(f"run header: run_id is {run_id!r}, must be a text")
    if not isinstance(simulated, bool):
        raise ValueError(f"run header: simulated is {simulated!r}, must be true or false")
    parse_start(header["start_utc"])
    instruments = header.get("instruments", {})
    if not isinstance(instruments, Mapping):
        raise ValueError("run header: instruments must map names to identity and settings")
    for name in instruments:
        if not isinstance(name, str) or not name or "/" in name or name == "." or not name.isprintable():
            raise ValueError(f"run header: {name!r} cannot name an instrument")


def parse_start(value: object) -> datetime:
    """Return the instant of station time 0, UTC. Errors: ValueError unless ISO 8601 with a zone."""
    try:
        start = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise ValueError(f"run header: start_utc is {value!r}, must be ISO 8601 with its zone, as 2026-03-01T08:00:00Z")
    return start.astimezone(UTC)


def iso_utc(start: datetime, time_ns: int = 0) -> str:
    """Return the instant `time_ns` after `start` as ISO 8601 UTC, to the microsecond."""
    return (start + timedelta(microseconds=time_ns // 1000)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def header_digest(header: str, streams: str) -> str:
    """Return the SHA-256 that guards the header and the stream table of a journal."""
    return hashlib.sha256(f"{header}\0{streams}".encode()).hexdigest()
