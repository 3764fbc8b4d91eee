"""Lost links between samplers and interlocks: tried again with back-off while the plan allows a gap, then a trip."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

from instruments.clock import Clock
from instruments.errors import InstrumentError, InstrumentTimeout, LinkLost, SamplesLost
from instruments.interfaces import ValveLines
from instruments.readings import Identity
from results.trace.schema import AMBIENT, MASS, PUMP, TraceEvent
from rig.acquisition.acquisition import SampledInstruments
from rig.acquisition.stream import Item
from rig.cases.gaps import PRESSURE, AllowedGaps
from rig.trip import Trip

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 10.0
"""Between attempts, s of station time: doubled each time."""

Announce = Callable[[str, str, Mapping[str, object]], None]
_OF_THE_DAQ = (LinkLost, InstrumentTimeout, SamplesLost)


@dataclass(slots=True)
class _Gap:
    since_s: float
    until_s: float
    """As long as the plan allows. Only times are compared: a difference of times may be rounded to the other side."""
    error: InstrumentError
    attempts: int = 0
    wait_s: float = FIRST_WAIT_S


class LinkGaps:
    """Latches nothing itself: a gap that lasts too long is told as a trip, one that ends in time as an event."""

    def __init__(
        self,
        allowed: AllowedGaps,
        *,
        clock: Clock,
        identify: Mapping[str, Callable[[], Identity]],
        note_error: Callable[[str, InstrumentError], None],
        on_trip: Callable[[Trip], None],
    ) -> None:
        """`identify` asks the instrument of a sampler who it is; `note_error` gets what opens no gap, or follows it."""
        self._allowed_s = allowed.by_stream
        self._clock = clock
        self._identify = identify
        self._note_error = note_error
        self._on_trip = on_trip
        self._announce: Announce = lambda kind, source, data: None
        self._checks: list[tuple[str, Callable[[], None]]] = []
        self._lock = threading.Lock()
        self._gaps: dict[str, _Gap] = {}
        self._too_long: set[str] = set()

    def announce_to(self, announce: Announce) -> None:
        """Put the events `link_lost` and `link_restored` on record from now on."""
        self._announce = announce

    def check_after(self, source: str, check: Callable[[], None]) -> None:
        """Call a check when the link of a sampler is back; an `InstrumentError` of it trips."""
        self._checks.append((source, check))

    def note_fault(self, source: str, error: InstrumentError) -> float | None:
        """Take a failed read; return when (station time, s) to try again within a gap, None outside of one."""
        now_s, allowed_s = self._clock.now(), self._allowed_s.get(source, 0.0)
        with self._lock:
            gap = self._gaps.get(source)
            opens = isinstance(error, _OF_THE_DAQ if source == PRESSURE else LinkLost)
            if allowed_s <= 0.0 or source in self._too_long or (gap is None and not opens):
                gap = None
            elif gap is None:
                gap = self._gaps[source] = _Gap(now_s, now_s + allowed_s, error)
                is_new = True
            else:
                gap.error, is_new = error, False
        if gap is None:
            self._note_error(source, error)
            return None
        gap.attempts += 1
        if is_new:
            self._announce("link_lost", source, {"error": str(error), "allowed_s": allowed_s})
        if self._trip_if_over(source, gap, failed_again=True):
            return None
        wait_s, gap.wait_s = gap.wait_s, min(2.0 * gap.wait_s, LONGEST_WAIT_S)
        return min(now_s + wait_s, gap.until_s)

    def note_answer(self, source: str) -> None:
        """Take the first answer after a gap: prove again who gives it, and record the gap, which may be too long."""
        with self._lock:
            gap = self._gaps.get(source)
        if gap is None:
            return
        identity = self._identify[source]()
        duration_s = self._clock.now() - gap.since_s
        with self._lock:
            self._gaps.pop(source, None)
        data = {"duration_s": duration_s, "attempts": gap.attempts + 1, "identity": asdict(identity)}
        self._announce("link_restored", source, {**data, "allowed_s": self._allowed_s[source]})
        self._trip_if_over(source, gap)
        for checked, check in self._checks:
            if checked == source:
                try:
                    check()
                except InstrumentError as error:
                    self._on_trip(Trip(f"{source}: the link is back, but the bench is not as it was", error))

    def listen(self, item: Item) -> None:
        """Look with every sample whether a gap has lasted too long; an event is published under a lock."""
        if self._gaps and not isinstance(item, TraceEvent):
            with self._lock:
                gaps = list(self._gaps.items())
            for source, gap in gaps:
                self._trip_if_over(source, gap)

    def _trip_if_over(self, source: str, gap: _Gap, *, failed_again: bool = False) -> bool:
        now_s = self._clock.now()
        if now_s < gap.until_s or (now_s == gap.until_s and not failed_again):
            return False
        with self._lock:
            self._gaps.pop(source, None)
            self._too_long.add(source)
        lost_s = now_s - gap.since_s
        reason = f"{source}: the link was lost for {lost_s:.1f} s; the plan allows {self._allowed_s[source]:g} s"
        self._on_trip(Trip(reason, gap.error))
        return True


def link_gaps(
    allowed: AllowedGaps,
    sampled: SampledInstruments,
    lines: ValveLines,
    *,
    clock: Clock,
    note_error: Callable[[str, InstrumentError], None],
    on_trip: Callable[[Trip], None],
) -> LinkGaps:
    """Return the gaps of a run on a bench. When the DAQ is back, the lines must still stand as they were told."""
    gaps = LinkGaps(
        allowed,
        clock=clock,
        identify={
            MASS: sampled.balance.identify,
            AMBIENT: sampled.ambient.identify,
            PRESSURE: sampled.pressure.identify,
            PUMP: sampled.pump.identify,
        },
        note_error=note_error,
        on_trip=on_trip,
    )
    gaps.check_after(PRESSURE, partial(_read_lines, lines))
    return gaps


def _read_lines(lines: ValveLines) -> None:
    for line in lines.lines:
        try:
            lines.read(line)
        except LinkLost:
            lines.read(line)  # by the tasks it had; now by those made anew
