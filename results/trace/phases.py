"""The phases of a run, from the events that bound them."""

from __future__ import annotations

from collections.abc import Iterable

from results.trace.schema import TraceEvent

PHASE_BEGIN = "phase_begin"
PHASE_END = "phase_end"


def phase_intervals(events: Iterable[TraceEvent]) -> dict[str, tuple[float, float]]:
    """Return begin and end of every completed phase, s of station time, in order of their begin.

    A phase that began and never ended (an aborted run) is left out: see `open_phases`.
    Errors: ValueError when phases of one name are repeated, or end without having begun.
    """
    return {name: (begin, end) for name, (begin, end) in _phases(events).items() if end is not None}


def open_phases(events: Iterable[TraceEvent]) -> dict[str, float]:
    """Return the begin, s of station time, of every phase that never ended. Errors: as `phase_intervals`."""
    return {name: begin for name, (begin, end) in _phases(events).items() if end is None}


def _phases(events: Iterable[TraceEvent]) -> dict[str, tuple[float, float | None]]:
    phases: dict[str, tuple[float, float | None]] = {}
    for event in events:
        if event.kind not in (PHASE_BEGIN, PHASE_END):
            continue
        name = event.data.get("phase")
        at_s = event.time_ns / 1e9
        if not isinstance(name, str):
            raise ValueError(f"{event.kind} at {at_s} s names no phase: {dict(event.data)}")
        known = phases.get(name)
        if event.kind == PHASE_BEGIN:
            if known is not None:
                raise ValueError(f"phase {name!r} begins a second time at {at_s} s; number repeated phases")
            phases[name] = (at_s, None)
        elif known is None or known[1] is not None:
            raise ValueError(f"phase {name!r} ends at {at_s} s without having begun")
        elif at_s < known[0]:
            raise ValueError(f"phase {name!r} ends at {at_s} s, before its begin at {known[0]} s")
        else:
            phases[name] = (known[0], at_s)
    return phases
