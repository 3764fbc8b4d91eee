"""What can be told of a station without touching it."""

from __future__ import annotations

from collections.abc import Iterator

from results.printable import on_one_line
from rig.ownership.hold import is_held, owner_of
from rig.ownership.state import StationState, state_folder
from rig.ownership.station import rig_lock, watchdog_lock
from rig.stations.file import StationFile


def state_of(station: StationFile) -> StationState:
    """Return the state of a station's bench."""
    return StationState(state_folder(station.path))


def status_lines(station: StationFile) -> Iterator[str]:
    """Yield in words who holds a station, which run is at it, and whether it is broken."""
    yield f"station {station.id!r} ({station.path})"
    if not station.is_shared:
        yield "its bench is a twin in the rig's own process, a new one in every session: nothing is held, or kept"
        return
    state = state_of(station)
    rig, watchdog = rig_lock(state), watchdog_lock(state)
    yield f"held by {owner_of(rig)}" if is_held(rig) else "held by nobody"
    if is_held(watchdog):
        yield f"guarded by {owner_of(watchdog)}"
    current = state.current_run
    if current is not None and is_held(rig):
        yield f"current run: {on_one_line(str(current.folder))}, since {current.since_utc}"
    elif current is not None:
        run = on_one_line(str(current.folder))
        yield f"left by a crash: {run}, begun {current.since_utc}; the next session closes it"
    fault = state.fault
    yield "sound" if fault is None else f"BROKEN: {fault}. Look at the bench, then: rig clear-fault"
    yield f"its state is kept in {state.folder}"
