"""What a journal holds and what it has lost: counted row by row, nothing dropped without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from results.trace.journal_read import Closing, Damage, Entry
from results.trace.schema import Block, StreamSpec

EVENTS = "events"
_GAP_PERIODS = 1.5
"""An interval between samples longer than this many nominal periods counts as a gap."""


@dataclass(frozen=True, slots=True)
class StreamTally:
    """Counts of one stream (or of the events, one row each).

    `lost_rows` are rows known to have been committed that cannot be read. `gaps` counts intervals between samples
    longer than 1.5 nominal periods, `longest_interval_ns` is the longest of all.
    """

    stream: str
    rows: int
    samples: int
    lost_rows: int
    gaps: int
    longest_interval_ns: int


@dataclass(slots=True)
class _Counter:
    period_ns: float
    rows: int = 0
    samples: int = 0
    next_seq: int = 0
    lost: list[range] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)
    last_ns: int | None = None
    gaps: int = 0
    longest_ns: int = 0

    def interval(self, interval_ns: int) -> None:
        self.longest_ns = max(self.longest_ns, interval_ns)
        self.gaps += interval_ns > _GAP_PERIODS * self.period_ns


class Tally:
    """Takes the entries of a journal in order and finds what is missing between them."""

    def __init__(self, streams: Sequence[StreamSpec]) -> None:
        self._counters = {spec.name: _Counter(spec.period_s * 1e9) for spec in streams}
        self._counters[EVENTS] = _Counter(float("inf"))
        self._damage: list[Damage] = []

    def take(self, entry: Entry) -> bool:
        """Count an entry; True when its content is to be trusted and used."""
        item = entry.item
        if isinstance(item, Damage):
            self._damage.append(item)
            if item.stream in self._counters:
                self._counters[item.stream].claimed.add(item.seq)
            return False
        name = item.stream if isinstance(item, Block) else EVENTS
        counter = self._counters[name]
        if entry.seq < counter.next_seq:
            self._damage.append(Damage(entry.number, name, entry.seq, 0, 0, 0, "row out of order"))
            return False
        if entry.seq > counter.next_seq:
            counter.lost.append(range(counter.next_seq, entry.seq))
        counter.next_seq = entry.seq + 1
        counter.rows += 1
        if isinstance(item, Block):
            _count_samples(counter, item)
        else:
            counter.samples += 1
        return True

    def finish(self, closing: Closing | None) -> tuple[tuple[StreamTally, ...], tuple[Damage, ...]]:
        """Return the counts (streams in order of the table, then the events) and every damage found."""
        said = {} if closing is None else {**closing.blocks, EVENTS: closing.events}
        tallies = []
        for name, counter in self._counters.items():
            end = said.get(name, _plausible_end(counter))
            if end > counter.next_seq:
                counter.lost.append(range(counter.next_seq, end))
            for lost in counter.lost:
                missing = len(lost) - len(counter.claimed.intersection(lost))
                if missing:
                    reason = f"{missing} of the rows {lost.start} to {lost.stop - 1} are missing"
                    self._damage.append(Damage(0, name, lost.start, 0, 0, 0, reason))
            tallies.append(
                StreamTally(
                    stream=name,
                    rows=counter.rows,
                    samples=counter.samples,
                    lost_rows=sum(len(lost) for lost in counter.lost),
                    gaps=counter.gaps,
                    longest_interval_ns=counter.longest_ns,
                )
            )
        return tuple(tallies), tuple(self._damage)


def _count_samples(counter: _Counter, block: Block) -> None:
    times = block.time_ns
    counter.samples += len(times)
    if counter.last_ns is not None:
        counter.interval(int(times[0]) - counter.last_ns)
    if len(times) > 1:
        intervals = times[1:] - times[:-1]
        counter.longest_ns = max(counter.longest_ns, int(intervals.max()))
        counter.gaps += int((intervals > _GAP_PERIODS * counter.period_ns).sum())
    counter.last_ns = int(times[-1])


def _plausible_end(counter: _Counter) -> int:
    # After a crash nobody says how many rows there were; damaged rows at the end still claim their number.
    end = counter.next_seq
    while end in counter.claimed:
        end += 1
    return end
