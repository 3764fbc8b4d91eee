"""What a crash has cost: samples that were taken and are not in the trace, counted stream by stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from results.trace.reader import Trace
from rig.recovery.witnesses import Witnesses

_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class MissingSamples:
    """Samples of one stream: how many are in the trace, until when (s of station time), and how many are missing.

    `basis` says how they were counted.
    """

    stream: str
    recorded: int
    until_s: float | None
    missing: int
    basis: str

    def __str__(self) -> str:
        until = "no sample" if self.until_s is None else f"{self.recorded} samples until {self.until_s:.3f} s"
        return f"{self.stream}: {until}, {self.missing} missing ({self.basis})"


def missing_samples(trace: Trace, witnesses: Witnesses) -> Iterator[MissingSamples]:
    """Yield every stream of a trace that a crash ended.

    With a watchdog: what the rig had published by its last heartbeat, which is sent for every block. Without one: what
    was due, by the nominal period, between the last sample and the last event on the disk; what was taken after that
    nobody can count.
    """
    for spec in trace.spec:
        stream = trace.stream(spec.name)
        last_ns = int(stream.time_ns[-1]) if stream.count else None
        if witnesses.published is not None:
            published = witnesses.published.get(spec.name, 0)
            missing, basis = max(0, published - stream.count), "by the last heartbeat"
        else:
            last_event_ns = witnesses.last_event.time_ns if witnesses.last_event is not None else 0
            since_s = (last_event_ns - (last_ns or 0)) / _NS_PER_S
            missing, basis = max(0, int(since_s / spec.period_s)), "due by the last event; later ones cannot be counted"
        yield MissingSamples(spec.name, stream.count, None if last_ns is None else last_ns / _NS_PER_S, missing, basis)
