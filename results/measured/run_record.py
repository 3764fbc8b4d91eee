"""What one run recorded, as the evaluation of a measured test needs it: from a trace, or from arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from results.measured.pump_log import PumpLog, pump_log
from results.measured.weighing import weighed_phases
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, FlowSeries, Phase
from results.trace.reader import Trace
from results.trace.schema import PRESSURE_PREFIX, TraceEvent
from results.trace_series import numbered_phases, required_phase, series_of_trace, trace_phases

Samples = tuple[NDArray[np.float64], NDArray[np.float64]]


def _no_pump() -> PumpLog:
    raise EvaluationRefused("the run has no record of what the pump said")


def _no_pressure(channel: str, period: Phase) -> Samples:
    raise EvaluationRefused(f"the run has no record of the pressure channel {channel!r}")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Readings and air (`series`), the completed phases by name, the events, what the pump said, and the pressures.

    `pump` and `pressure` are asked when needed; `pressure` returns times (s) and gauge pressures (kPa) of a channel in
    a period, those that carry a number.
    """

    series: FlowSeries
    phases: Mapping[str, Phase]
    events: tuple[TraceEvent, ...] = ()
    pump: Callable[[], PumpLog] = _no_pump
    pressure: Callable[[str, Phase], Samples] = _no_pressure

    def phase(self, name: str) -> Phase:
        """Return a phase by its name. Raises `EvaluationRefused` when the run holds no completed one."""
        return required_phase(self.phases, name)

    def numbered(self, prefix: str, count: int | None = None) -> tuple[tuple[str, Phase], ...]:
        """Return the phases such as "step 1", in order of time. Raises `EvaluationRefused` unless there are `count`."""
        found = numbered_phases(self.phases, prefix)
        if count is not None and len(found) != count:
            raise EvaluationRefused(f"the run holds {len(found)} completed phases {prefix!r} n; the plan says {count}")
        return found

    def events_of(self, kind: str, within: Phase | None = None) -> tuple[TraceEvent, ...]:
        """Return the events of a kind, those in a period if one is given."""
        return tuple(
            event
            for event in self.events
            if event.kind == kind and (within is None or within.begin_s <= event.time_ns / 1e9 <= within.end_s)
        )

    def weighed_over(self, *parts: Phase) -> FlowSeries:
        """Return the readings to weigh given parts of the run by, between its blanks."""
        return replace(self.series, phases=weighed_phases(self.phases, parts))


def record_of(trace: Trace) -> RunRecord:
    """Return what a trace recorded. Raises `EvaluationRefused` when it holds no completed phase."""
    phases = trace_phases(trace)
    if not phases:
        raise EvaluationRefused("the run holds no completed phase")

    def pressure(channel: str, period: Phase) -> Samples:
        stream = trace.stream(PRESSURE_PREFIX + channel)
        rows = stream.rows_between(round(period.begin_s * 1e9), round(period.end_s * 1e9))
        time_s = np.asarray(stream.column("time", rows), dtype=np.float64) / 1e9
        good = np.isin(stream.column("status", rows), NUMBER_CODES)
        return time_s[good], np.asarray(stream.column("pressure_kpa", rows), dtype=np.float64)[good]

    return RunRecord(
        series=series_of_trace(trace, phases=weighed_phases(phases, phases.values())),
        phases=phases,
        events=trace.events,
        pump=lambda: pump_log(trace),
        pressure=pressure,
    )
