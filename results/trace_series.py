"""What a trace gives an evaluation: readings, air, and the phases its events name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from results.after_check import after_check_begin_s
from results.doubted import undoubted_status
from results.flow.grid import interval_count
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, AmbientSeries, FlowPhases, FlowSeries, Phase
from results.trace.phases import phase_intervals
from results.trace.reader import StreamTrace, Trace
from results.trace.schema import AMBIENT, MASS

_LATENESS_S = 1.0


def flow_series(trace: Trace, *, sample_interval_s: float) -> FlowSeries:
    """Return the flow series of a trace, its analysis phase a whole number of sample intervals (s) long."""
    return series_of_trace(trace, phases=flow_phases(trace, sample_interval_s=sample_interval_s))


def series_of_trace(trace: Trace, *, phases: FlowPhases) -> FlowSeries:
    """Return the readings and the air of a trace with the phases given; what follows the test is left out."""
    mass = trace.stream(MASS)
    ends_s = after_check_begin_s(trace)
    of_test = slice(None) if ends_s is None else slice(int(np.searchsorted(mass.time_s, ends_s)))
    return FlowSeries(
        time_s=mass.time_s[of_test],
        mass_g=numbers(mass, "mass_g")[of_test],
        status=undoubted_status(trace, mass)[of_test],
        phases=phases,
        ambient=_ambient(trace),
        tare_s=event_times_s(trace, "tare"),
        run_id=trace.run_id,
        title=str(trace.header.get("title", "Flow accuracy")),
        simulated=trace.simulated,
    )


def trace_phases(trace: Trace) -> dict[str, Phase]:
    """Return every completed phase of a trace by name, in order of its begin. Raises `EvaluationRefused`."""
    try:
        intervals = phase_intervals(trace.events)
    except ValueError as error:
        raise EvaluationRefused(f"the phases of the run are unusable: {error}") from error
    return {name: Phase(begin, end) for name, (begin, end) in intervals.items() if begin < end}


def numbered_phases(phases: Mapping[str, Phase], prefix: str) -> tuple[tuple[str, Phase], ...]:
    """Return the phases such as "step 1" or "day-step 2.4", by name, in order of time.

    Raises `EvaluationRefused` when there is none.
    """
    pattern = re.compile(rf"{re.escape(prefix)} \d+(\.\d+)*")
    found = [(name, phase) for name, phase in phases.items() if pattern.fullmatch(name)]
    if not found:
        raise EvaluationRefused(f"the run holds no completed phase {prefix!r} n; it holds {sorted(phases) or 'none'}")
    return tuple(sorted(found, key=lambda entry: entry[1].begin_s))


def required_phase(phases: Mapping[str, Phase], name: str) -> Phase:
    """Return a phase by name. Raises `EvaluationRefused` when the run holds no completed one."""
    if name not in phases:
        raise EvaluationRefused(f"the run holds no completed phase {name!r}; it holds {sorted(phases) or 'none'}")
    return phases[name]


def event_times_s(trace: Trace, kind: str) -> tuple[float, ...]:
    """Return when each event of a kind happened, s of station time."""
    return tuple(event.time_ns / 1e9 for event in trace.events if event.kind == kind)


def flow_phases(trace: Trace, *, sample_interval_s: float) -> FlowPhases:
    """Return the phases of a flow test. Raises `EvaluationRefused` without a completed analysis phase.

    Commands take effect a moment after they are due, so a phase is no exact multiple of S; the analysis period is the
    whole number of sample intervals that ends with the phase.
    """
    phases = trace_phases(trace)
    analysis = required_phase(phases, "analysis")
    stabilisation = phases.get("stabilisation")
    infusion = stabilisation or analysis
    starts = event_times_s(trace, "infusion_start")
    return FlowPhases(
        analysis=whole_intervals(analysis, sample_interval_s=sample_interval_s),
        stabilisation=stabilisation,
        blank_before=phases.get("blank_before"),
        blank_after=phases.get("blank_after"),
        infusion_start_s=max((start for start in starts if start <= infusion.begin_s + _LATENESS_S), default=None),
    )


def whole_intervals(phase: Phase, *, sample_interval_s: float) -> Phase:
    """Return the phase cut at its begin, or begun earlier, by at most 1 s so that it is a multiple of S."""
    count = round(phase.duration_s / sample_interval_s)
    period_s = count * sample_interval_s
    if count < 1 or abs(period_s - phase.duration_s) > _LATENESS_S:
        interval_count(duration_s=phase.duration_s, sample_interval_s=sample_interval_s)
    return Phase(phase.end_s - period_s, phase.end_s)


def numbers(stream: StreamTrace, name: str) -> NDArray[np.float64]:
    """Return a column as float64."""
    return np.asarray(stream.column(name), dtype=np.float64)


def _ambient(trace: Trace) -> AmbientSeries | None:
    if AMBIENT not in {spec.name for spec in trace.spec}:
        return None
    stream = trace.stream(AMBIENT)
    time_s = stream.time_s
    silent = ~np.isin(undoubted_status(trace, stream), NUMBER_CODES)
    if time_s.size == 0 or silent.all():
        return None

    def column(name: str) -> NDArray[np.float64]:
        return np.where(silent, np.nan, numbers(stream, name))

    return AmbientSeries(
        time_s=time_s,
        temperature_c=column("temperature_c"),
        humidity_percent=column("humidity_percent"),
        pressure_hpa=column("pressure_hpa"),
    )
