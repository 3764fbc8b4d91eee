"""The claim of a session on its station: one owner at a time, rig and watchdog together."""

from __future__ import annotations

from pathlib import Path

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep
from rig.ownership.hold import HeldByAnother, Hold, is_held, owner_of
from rig.ownership.state import StationState, state_folder

WATCHDOG_PATIENCE_S = 20.0
"""Longer than a watchdog needs to make a bench safe whose rig has died."""
_LOOK_S = 0.1


def watchdog_lock(state: StationState) -> Path:
    """Return what the watchdog of a station holds while it lives."""
    return state.folder / "watchdog"


def rig_lock(state: StationState) -> Path:
    """Return what the session at a station holds while it lives."""
    return state.folder / "rig"


class StationClaim:
    """A station held by this process until `release` or its death.

    It is free when both its last rig and that rig's watchdog are gone; for a watchdog at its work one is waited for.
    Errors: HeldByAnother, which names the owner; OSError when nothing can be kept.
    """

    def __init__(self, station_file: Path, *, station_id: str) -> None:
        self.state = StationState(state_folder(station_file))
        self._hold = Hold(rig_lock(self.state), f"station {station_id!r}", program="rig")
        try:
            self._await_watchdog(station_id)
        except BaseException:
            self._hold.release()
            raise

    def _await_watchdog(self, station_id: str) -> None:
        guarded = watchdog_lock(self.state)
        until_s = host_monotonic_s() + WATCHDOG_PATIENCE_S
        while is_held(guarded):
            if host_monotonic_s() >= until_s:
                raise HeldByAnother(f"station {station_id!r} is still being made safe by {owner_of(guarded)}")
            host_sleep(_LOOK_S)

    def note_run(self, folder: Path) -> None:
        """Tell others which run it is held for; on disk before the pump is told anything."""
        self.state.begin_run(folder)
        self._hold.note_run(f"run {folder.name}")

    def release(self) -> None:
        """Give the station up; idempotent."""
        self._hold.release()
