"""What a crash has cost: samples that were taken and are not in the trace, counted stream by stream."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from results.trace.reader import StreamTrace, Trace
from results.trace.schema import SAMPLE_CLOCK
from rig.recovery.witnesses import Witnesses

_NS_PER_S = 1e9
_ROUNDING = 1e-6
"""Of a period: a tick due at the very last sign of life counts as due."""


@dataclass(frozen=True, slots=True)
class MissingSamples:
    """Samples of one stream: how many are in the trace, until when (s of station time), and how many are missing.

    `missing` is None where nobody can count them; `basis` says how they were counted.
    """

    stream: str
    recorded: int
    until_s: float | None
    missing: int | None
    basis: str

    def __str__(self) -> str:
        until = "no sample" if self.until_s is None else f"{self.recorded} samples until {self.until_s:.3f} s"
        missing = "an unknown number" if self.missing is None else str(self.missing)
        return f"{self.stream}: {until}, {missing} missing ({self.basis})"


def missing_samples(trace: Trace, witnesses: Witnesses) -> Iterator[MissingSamples]:
    """Yield every stream of a trace that a crash ended.

    With a watchdog: what the rig had published by its last heartbeat, which is sent for every block. Without one: what
    was due by the clock until the last sign of life, the latest event or sample on the disk; what was taken after that
    nobody can count.
    """
    life_s = last_sign_of_life_s(trace, witnesses)
    for spec in trace.spec:
        stream = trace.stream(spec.name)
        until_s = _time_s(stream, stream.count - 1) if stream.count else None
        missing: int | None
        if witnesses.published is not None:
            missing, basis = max(0, witnesses.published.get(spec.name, 0) - stream.count), "by the last heartbeat"
        elif spec.name == SAMPLE_CLOCK:
            missing, basis = None, "written whenever a block is read, not by a clock"
        else:
            missing = max(0, _due(stream, spec.period_s, life_s) - stream.count)
            basis = f"due by the clock until the last sign of life at {life_s:.3f} s; later ones cannot be counted"
        yield MissingSamples(spec.name, stream.count, until_s, missing, basis)


def last_sign_of_life_s(trace: Trace | None, witnesses: Witnesses) -> float:
    """Return the station time of the latest event or sample on the disk, s; 0 where there is none."""
    streams = [trace.stream(spec.name) for spec in trace.spec] if trace is not None else []
    times_s = [_time_s(stream, stream.count - 1) for stream in streams if stream.count]
    if witnesses.last_event is not None:
        times_s.append(witnesses.last_event.time_ns / _NS_PER_S)
    return max(times_s, default=0.0)


def _due(stream: StreamTrace, period_s: float, until_s: float) -> int:
    """Return how many samples were due: one each period from 0 on, a sample clock's from its own first one."""
    first_s = _time_s(stream, 0) if stream.spec.hardware_timed and stream.count else 0.0
    return math.floor((until_s - first_s) / period_s + _ROUNDING) + 1


def _time_s(stream: StreamTrace, row: int) -> float:
    # One row: the times of two weeks are many.
    return int(stream.column("time", slice(row, row + 1))[0]) / _NS_PER_S
