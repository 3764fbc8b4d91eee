"""UTC beside the host's monotonic clock: pairs of both for the record, and what moved one against the other.

No sample time and no duration comes from UTC. A step of it is recorded, so that nobody wonders years later why the
times of day in a record do not agree; a suspended host is recorded, because nothing was measured meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from instruments.clock import Clock, Event, host_asleep_s, host_monotonic_s, utc_now

ANCHOR_PERIOD_S = 60.0
LOOK_PERIOD_S = 1.0
SMALLEST_STEP_S = 0.05
"""More than NTP slews in a period of the anchors: 500 ppm of 60 s are 30 ms."""


class Recorder(Protocol):
    """Records an event that happens now."""

    def __call__(self, kind: str, source: str, data: Mapping[str, object] | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """The clocks at one instant: UTC within `u_s`, host time (monotonic, asleep), station time; all s but UTC."""

    utc: datetime
    monotonic_s: float
    asleep_s: float
    station_s: float
    u_s: float


class ClockWatch:
    """Looks at the clocks each second of host time, records an anchor each minute and whatever moved UTC.

    In virtual time it looks at begin and end only: nothing there may depend on the host's time. Used by one thread at
    a time.
    """

    name = "clock-watch"

    def __init__(self, clock: Clock, record: Recorder) -> None:
        self.notes: list[str] = []
        self._clock = clock
        self._record = record
        self._origin_s = 0.0
        self._anchored: _Look | None = None
        self._seen: _Look | None = None

    def begin(self, origin_s: float) -> None:
        """Record the first anchor; station time of the record counts from `origin_s`."""
        self._origin_s = origin_s
        self._seen = self._anchor(self._look())

    def run(self, stop: Event) -> None:
        """Look and record until the event is set."""
        while not self._clock.wait(stop, self._clock.now() + LOOK_PERIOD_S):
            look = self._compare()
            if self._anchored is None or look.monotonic_s - self._anchored.monotonic_s >= ANCHOR_PERIOD_S:
                self._anchor(look)

    def end(self) -> None:
        """Record the last anchor."""
        look = self._compare()
        if look is not self._anchored:
            self._anchor(look)

    def _look(self) -> _Look:
        before_s = host_monotonic_s()
        utc, asleep_s, station_s = utc_now(), host_asleep_s(), self._clock.now() - self._origin_s
        after_s = host_monotonic_s()
        return _Look(utc, 0.5 * (before_s + after_s), asleep_s, station_s, 0.5 * (after_s - before_s))

    def _anchor(self, look: _Look) -> _Look:
        self._anchored = look
        data = {"utc": look.utc.isoformat(), "virtual": self._clock.is_virtual, "u_s": look.u_s}
        self._record("clock_anchor", "clock", data)
        return look

    def _compare(self) -> _Look:
        """Compare with the last look, and with the last anchor for what crept; record what moved."""
        now, seen, anchored = self._look(), self._seen, self._anchored
        self._seen = now
        if seen is None or anchored is None:
            return now
        asleep_s = now.asleep_s - seen.asleep_s
        if asleep_s > SMALLEST_STEP_S + now.u_s + seen.u_s:
            self._tell("suspend", asleep_s, seen, now)
        for cause, then in (("step", seen), ("slew", anchored)):
            size_s, u_s = _moved_s(then, now), now.u_s + then.u_s
            if abs(size_s) > SMALLEST_STEP_S + u_s:
                self._tell(cause, size_s, then, now)
                self._anchor(now)
                break
        return now

    def _tell(self, cause: str, size_s: float, then: _Look, now: _Look) -> None:
        u_s = now.u_s + then.u_s
        bounds = {"not_before_s": then.station_s, "not_after_s": now.station_s}
        self._record("clock_step", "clock", {"cause": cause, "size_s": size_s, "u_s": u_s, **bounds})
        between = f"between {then.station_s:.1f} s and {now.station_s:.1f} s of the record"
        if cause == "suspend":
            self.notes.append(f"the host was suspended for {size_s:.1f} s {between}: nothing was measured meanwhile")
        else:
            what = "was set" if cause == "step" else "crept"
            self.notes.append(f"the host's UTC {what} by {size_s:+.3f} s {between}; no sample time comes from it")


def _moved_s(then: _Look, now: _Look) -> float:
    """Return how far UTC went beyond the time that truly passed, s."""
    passed_s = now.monotonic_s - then.monotonic_s + now.asleep_s - then.asleep_s
    return (now.utc - then.utc).total_seconds() - passed_s
