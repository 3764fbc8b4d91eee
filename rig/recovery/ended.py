"""When a run ended that nobody could close: by what its rig and its watchdog had written until then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from instruments.clock import utc_now
from results.trace.reader import Trace
from rig.recovery.missing import last_sign_of_life_s
from rig.recovery.witnesses import Witnesses
from rig.run_folder import RunFolder

_NS_PER_S = 1e9


def ended_utc(folder: RunFolder, witnesses: Witnesses, trace: Trace | None) -> datetime:
    """Return the last sign of life of a run, or the end of its watchdog's work, in UTC.

    Samples and events bear station time: the last pair of both clocks (`clock_anchor`) leads from there to UTC. Where
    time had jumped no such pair does, and the log of events was written last when its file says.
    """
    told = list(_told(witnesses, trace))
    if told:
        return max(told)
    try:
        return datetime.fromtimestamp(folder.events.stat().st_mtime, UTC)
    except OSError:
        return utc_now()


def _told(witnesses: Witnesses, trace: Trace | None) -> Iterator[datetime]:
    anchor = witnesses.anchor
    if anchor is not None and anchor.data.get("virtual") is False and (utc := _time(anchor.data.get("utc"))):
        yield utc + timedelta(seconds=last_sign_of_life_s(trace, witnesses) - anchor.time_ns / _NS_PER_S)
    if witnesses.watchdog and (utc := _time(witnesses.watchdog[-1].get("utc"))):
        yield utc


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None
