"""A gap comes to its end whatever its beginning: each attempt is later than the last, and the end of the gap is one."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from instruments.clock import Clock
from instruments.errors import LinkLost
from results.trace.schema import MASS
from rig.acquisition.link_gaps import LinkGaps
from rig.cases.gaps import AllowedGaps
from rig.trip import Trip


class Stand:
    """A clock that stands where it is put."""

    now_s = 0.0

    def now(self) -> float:
        return self.now_s


@given(since_s=st.floats(0.0, 2e6), allowed_s=st.floats(0.1, 600.0))
@example(since_s=100.1, allowed_s=30.0)
@example(since_s=68.05, allowed_s=30.0)
def test_no_attempt_is_due_at_once_and_the_last_one_trips(since_s: float, allowed_s: float) -> None:
    clock, trips = Stand(), list[Trip]()
    gaps = LinkGaps(
        AllowedGaps(mass_s=allowed_s),
        clock=cast(Clock, clock),
        identify={},
        note_error=cast(Any, None),
        on_trip=trips.append,
    )
    clock.now_s = since_s
    while (again_s := gaps.note_fault(MASS, LinkLost("gone", instrument="balance"))) is not None:
        assert clock.now_s < again_s <= since_s + allowed_s
        clock.now_s = again_s
    assert clock.now_s == since_s + allowed_s
    assert len(trips) == 1
