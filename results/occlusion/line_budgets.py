"""What an occlusion test reports of its line, each value with its whole uncertainty budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from results.bench import GravimetricBench
from results.evaluation import VolumeEvaluation
from results.measured.weighing import Weighing
from results.occlusion.fixture import as_line
from results.occlusion.instants import Instant
from results.occlusion.pressure import Level, Peak, PressureRecord, Rise
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.lines import normal, rectangular

_S_PER_H = 3600.0


@dataclass(frozen=True, slots=True)
class Transducer:
    """How well pressures and their times are known: standard uncertainties of zero, span and sample clock."""

    zero_u_kpa: float
    span_u_percent: float
    clock_u_ppm: float
    coverage_percent: float

    def gauge(self, kpa: float, lines: Sequence[BudgetLine]) -> Budget:
        """Return a gauge pressure (kPa) with the lines of its own."""
        zero = normal("zero of the transducer", unit="kPa", u=self.zero_u_kpa, sensitivity=1.0, shared=True)
        return self.combined(kpa, "kPa", [zero, self.span(kpa), *lines])

    def span(self, kpa: float, *, per_kpa: float = 1.0) -> BudgetLine:
        """Return the line of the span for a pressure or a rise (kPa), of which the result changes by `per_kpa`."""
        return normal(
            "span of the transducer", unit="%", u=self.span_u_percent, sensitivity=per_kpa * kpa / 100.0, shared=True
        )

    def level(self, level: Level) -> Budget:
        """Return a mean pressure."""
        noise = normal("noise and ripple", unit="kPa", u=level.u_kpa, sensitivity=1.0, dof=level.degrees_of_freedom)
        return self.gauge(level.kpa, [noise])

    def peak(self, peak: Peak) -> Budget:
        """Return the highest pressure of a period."""
        tip = rectangular("noise and samples at the peak", unit="kPa", half_width=peak.half_width_kpa, sensitivity=1.0)
        return self.gauge(peak.kpa, [tip])

    def rise_rate(self, rise: Rise) -> Budget:
        """Return how fast the pressure rose (kPa/h)."""
        value = rise.kpa_per_s * _S_PER_H
        slope = normal(
            "slope of the pressure",
            unit="kPa/s",
            u=rise.u_kpa_per_s,
            sensitivity=_S_PER_H,
            dof=rise.degrees_of_freedom,
        )
        return self.combined(value, "kPa/h", [slope, self.span(value)])

    def at(self, record: PressureRecord, instant: Instant, *, delay_u_s: float = 0.0) -> Budget:
        """Return the pressure when something happened: anything the record held between the instant's bounds."""
        low, high = record.between(instant)
        around = max(instant.half_width_s, record.period_s, 0.05)
        slope = (record.near(instant.at_s) - record.near(max(instant.at_s - around, float(record.time_s[0])))) / around
        noise_kpa = record.noise_sd_kpa / record.smoothed**0.5
        return self.gauge(
            (low + high) / 2.0,
            [
                rectangular("when it happened", unit="kPa", half_width=(high - low) / 2.0, sensitivity=1.0),
                normal("delay of its record", unit="s", u=delay_u_s, sensitivity=slope),
                normal("noise", unit="kPa", u=noise_kpa, sensitivity=1.0),
            ],
        )

    def difference(self, high: Budget, low: Budget) -> Budget:
        """Return the difference of two pressures: the zero cancels, the span acts on the difference alone."""
        value = high.measured.value - low.measured.value
        own = [line for line in high.lines if not line.shared]
        own += [line.scaled(-1.0) for line in low.lines if not line.shared]
        return self.combined(value, "kPa", [*own, self.span(value)])

    def duration(self, begin: Instant, end: Instant, *, more: Sequence[BudgetLine] = ()) -> Budget:
        """Return the time (s) between two instants."""
        duration_s = end.at_s - begin.at_s
        clock = normal("sample clock", unit="ppm", u=self.clock_u_ppm, sensitivity=duration_s * 1e-6, shared=True)
        lines = [begin.line("when it began", unit_per_s=-1.0), end.line("when it ended", unit_per_s=1.0), clock, *more]
        return self.combined(duration_s, "s", lines)

    def combined(self, value: float, unit: str, lines: Sequence[BudgetLine]) -> Budget:
        """Return a budget at the coverage of the test."""
        return combine(value=value, unit=unit, lines=lines, coverage_percent=self.coverage_percent)


def transducer_of(bench: GravimetricBench, *, coverage_percent: float) -> Transducer:
    """Return what the bench states of its transducers. Raises `EvaluationRefused` where it states nothing."""
    zero, span = bench.transducer_zero_u_kpa, bench.transducer_span_u_percent
    if zero is None or span is None:
        raise EvaluationRefused(
            "the bench does not state how well its pressure is known; state transducer_zero_u_kpa and "
            "transducer_span_u_percent"
        )
    return Transducer(zero, span, bench.sample_clock_u_ppm, coverage_percent)


def steady_flow(weighing: Weighing, steady: Phase, evaluation: VolumeEvaluation) -> Budget:
    """Return the pump's flow (uL/h), weighed over a period; whether a stroke more or less fell into it is in doubt."""
    flow = weighing.mean_flow(steady)
    stroke_ul = evaluation.stroke_volume_ul
    if stroke_ul is None:
        return flow
    per_ul = _S_PER_H / steady.duration_s
    # Both ends fall anywhere into a stroke's cycle: the difference has a triangular distribution.
    strokes = normal("strokes at the ends of the period", unit="uL", u=stroke_ul / math.sqrt(6.0), sensitivity=per_ul)
    measured = flow.measured
    lines = [*flow.lines, strokes]
    return combine(value=measured.value, unit="uL/h", lines=lines, coverage_percent=flow.coverage_percent)


def flow_against(steady: Budget, *, rise_kpa: float, percent_per_kpa: float, u_percent_per_kpa: float) -> Budget:
    """Return the pump's flow (uL/h) against a pressure higher by `rise_kpa` than the one it was weighed at."""
    factor = 1.0 + percent_per_kpa * rise_kpa / 100.0
    flow = steady.measured.value
    lines = [line.scaled(factor) for line in steady.lines]
    lines.append(
        normal(
            "flow against pressure",
            value=percent_per_kpa,
            unit="%/kPa",
            u=u_percent_per_kpa,
            sensitivity=flow * rise_kpa / 100.0,
        )
    )
    return combine(value=flow * factor, unit="uL/h", lines=lines, coverage_percent=steady.coverage_percent)


def compliance_by_rise(flow: Budget, rise: Rise, transducer: Transducer) -> Budget:
    """Return the compliance (uL/kPa) of a line: the flow into it over the slope of its pressure."""
    per_h = rise.kpa_per_s * _S_PER_H
    value = flow.measured.value / per_h
    lines = [
        as_line("flow into the line", flow, sensitivity=1.0 / per_h),
        normal(
            "slope of the pressure",
            value=rise.kpa_per_s,
            unit="kPa/s",
            u=rise.u_kpa_per_s,
            sensitivity=-value / rise.kpa_per_s,
            dof=rise.degrees_of_freedom,
        ),
        transducer.span(1.0, per_kpa=-value),
    ]
    return transducer.combined(value, "uL/kPa", lines)


def stored_volume(flow: Budget, duration: Budget, transducer: Transducer, *, stroke_ul: float | None) -> Budget:
    """Return the volume (uL) pumped into a closed line in a measured time, a stroke (uL) more or less."""
    flow_ul_per_s = flow.measured.value / _S_PER_H
    lines = [
        as_line("flow into the line", flow, sensitivity=duration.measured.value / _S_PER_H),
        as_line("time", duration, sensitivity=flow_ul_per_s),
        *strokes(stroke_ul, per_ul=1.0),
    ]
    return transducer.combined(flow_ul_per_s * duration.measured.value, "uL", lines)


def strokes(stroke_ul: float | None, *, per_ul: float) -> list[BudgetLine]:
    """Return the line of a pump that delivers in strokes: one more or less, as a result changes with a volume."""
    if stroke_ul is None:
        return []
    return [rectangular("a stroke more or less", unit="uL", half_width=stroke_ul, sensitivity=per_ul)]


def without_fixture_s(
    time: Budget,
    *,
    flow: Budget,
    rise: Budget,
    compliance: Budget,
    displacement: Budget,
    transducer: Transducer,
    stroke_ul: float | None,
) -> Budget:
    """Return the time to the alarm (s) that the line would have had without the fixture.

    What filled the fixture took C_fixture dP / Q longer; what the valve pushed in came without the pump.
    """
    flow_ul_per_s = flow.measured.value / _S_PER_H
    rise_kpa, per_kpa = rise.measured.value, compliance.measured.value
    shift_s = (displacement.measured.value - per_kpa * rise_kpa) / flow_ul_per_s
    lines = [
        *time.lines,
        as_line("fixture compliance", compliance, sensitivity=-rise_kpa / flow_ul_per_s),
        as_line("valve displacement", displacement, sensitivity=1.0 / flow_ul_per_s),
        as_line("rise of the pressure", rise, sensitivity=-per_kpa / flow_ul_per_s),
        as_line("flow into the line", flow, sensitivity=-shift_s / flow.measured.value),
        *strokes(stroke_ul, per_ul=1.0 / flow_ul_per_s),
    ]
    return transducer.combined(time.measured.value + shift_s, "s", lines)


def without_fixture_ul(
    bolus: Budget, *, fall: Budget, compliance: Budget, displacement: Budget, transducer: Transducer
) -> Budget:
    """Return the unintended bolus (uL) without what the fixture had stored, and what the opening valve took back."""
    value = bolus.measured.value - compliance.measured.value * fall.measured.value + displacement.measured.value
    lines = [
        *bolus.lines,
        as_line("fixture compliance", compliance, sensitivity=-fall.measured.value),
        as_line("fall of the pressure", fall, sensitivity=-compliance.measured.value),
        as_line("valve displacement", displacement, sensitivity=1.0),
    ]
    return transducer.combined(value, "uL", lines)
