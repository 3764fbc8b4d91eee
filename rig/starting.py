"""How a session begins: it takes its station, and closes what a crash left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rig.ownership.station import StationClaim
from rig.recovery.at_start import close_orphans, settle_last_run
from rig.session import RigSession


@contextmanager
def station_taken(session: RigSession, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the station of a session within the block; `tell` is given a line for all that a crash had left.

    A twin in the rig's own process is nobody else's: there is nothing to hold. Errors: HeldByAnother; OSError where
    nothing can be kept of a station.
    """
    if not session.station.is_shared:
        for line in close_orphans(session.runs):
            tell(line)
        yield
        return
    claim = StationClaim(session.station.path, station_id=session.station.id)
    try:
        session.claim = claim
        for line in (*settle_last_run(claim.state), *close_orphans(session.runs)):
            tell(line)
        fault = claim.state.fault
        if fault is not None:
            remedy = f"look at the bench, then: rig clear-fault {session.station.path} --reason ..."
            session.broken = f"{fault}; {remedy}"
        yield
    finally:
        session.claim = None
        claim.release()
