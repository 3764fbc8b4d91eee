"""What all occlusion tests measure of a line: the steady flow, the pressure against the dead end, its way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from results.decision import Verdict
from results.measured.measurand import Measurand, measured, not_measured
from results.occlusion.absent import Absent
from results.occlusion.fixture import as_line
from results.occlusion.instants import Instant
from results.occlusion.line_budgets import Transducer, compliance_by_rise, flow_against, steady_flow
from results.occlusion.model import LineEvaluation
from results.occlusion.outcome import Course, Mark, course_of
from results.occlusion.pressure import Peak, PressureGap, Rise
from results.occlusion.trial_record import LineRecord
from results.refusal import EvaluationRefused
from results.uncertainty.budget import Budget
from results.uncertainty.lines import normal

_S_PER_H = 3600.0
_SURELY = 1.5
_VALVE_UL = 1.0
_EITHER_OR = math.sqrt(0.5)
UNEXPLAINED = "bolus that the line did not hold"
NO_FIXTURE = "the fixture was neither measured in this run nor stated"
Record = TypeVar("Record", bound=LineRecord)
Evaluation = TypeVar("Evaluation", bound=LineEvaluation)


class LineMeasurands(Generic[Record, Evaluation]):
    """Measures one thing at a time; `Absent` is raised for what could not be measured."""

    def __init__(self, record: Record, evaluation: Evaluation, transducer: Transducer) -> None:
        self.record = record
        self.evaluation = evaluation
        self.transducer = transducer
        self.unexplained_ul: float | None = None

    @cached_property
    def weighed_flow(self) -> Budget:
        """The weighed steady flow (uL/h), whatever it is."""
        return steady_flow(self.record.weighing, self.record.steady, self.evaluation)

    @cached_property
    def flow(self) -> Budget:
        """The steady flow (uL/h) to compute with: there is one."""
        return self.flowing(self.weighed_flow, "before the occlusion")

    def flowing(self, flow: Budget, when: str) -> Budget:
        """Return a flow (uL/h) that differs from none. Raises `Absent`: the pump's fault where it is surely too low."""
        value, expanded = flow.measured.value, flow.measured.expanded_uncertainty
        if value > expanded:
            return flow
        dead = value + expanded < self.evaluation.set_flow_ul_per_h
        why = f"no flow {when}: {value:.4g} uL/h, U = {expanded:.2g} uL/h"
        raise Absent(why, Verdict.FAIL if dead else Verdict.INCONCLUSIVE)

    @cached_property
    def before(self) -> Budget:
        """The pressure (kPa) before the line was closed."""
        closed_s = self.record.closed.after_s
        return self.transducer.level(self.record.pressure.level(closed_s - self.evaluation.level_s, closed_s))

    @cached_property
    def peak(self) -> Peak:
        """The highest pressure while the line was closed."""
        return self.record.pressure.peak(self.record.closed.after_s, self.closed_until_s)

    @property
    def closed_until_s(self) -> float:
        """Until when (s) the line was closed for certain."""
        released = self.record.released
        return self.record.end_s if released is None else released.after_s

    @property
    def risen_s(self) -> float:
        """Until when (s) the pump raised the pressure."""
        return self.closed_until_s

    @cached_property
    def rise(self) -> Rise:
        """The rise of the pressure."""
        try:
            return self.record.pressure.rise(self.record.closed.by_s, self.risen_s, stroke_s=self.stroke_s)
        except PressureGap:
            raise
        except EvaluationRefused as refused:
            raise Absent(str(refused)) from refused

    @cached_property
    def compliance(self) -> Budget:
        """The compliance (uL/kPa) of the whole line, fixture included, by its rise."""
        flow = self.flow_against(self.rise.mean_kpa - self.before.measured.value)
        return compliance_by_rise(flow, self.rise, self.transducer)

    def compliance_without(self, fixture: Budget) -> Budget:
        """Return the compliance (uL/kPa) of pump and set."""
        whole = self.compliance
        lines = [*whole.lines, as_line("fixture compliance", fixture, sensitivity=-1.0)]
        return self.transducer.combined(whole.measured.value - fixture.measured.value, "uL/kPa", lines)

    def flow_against(self, rise_kpa: float) -> Budget:
        """Return the pump's flow (uL/h) against a pressure higher by so much (kPa) than it was weighed at."""
        return flow_against(
            self.flow,
            rise_kpa=rise_kpa,
            percent_per_kpa=self.evaluation.flow_per_pressure_percent_per_kpa,
            u_percent_per_kpa=self.evaluation.flow_per_pressure_u_percent_per_kpa,
        )

    @property
    def stroke_s(self) -> float:
        """The time (s) between strokes of the steady flow; 0 of a pump that makes none."""
        return (self.evaluation.stroke_volume_ul or 0.0) / self.flow.measured.value * _S_PER_H

    @property
    def released(self) -> Instant:
        """When the line was let go."""
        if self.record.released is None:
            raise Absent("the line was not let go")
        return self.record.released

    @cached_property
    def back(self) -> Instant:
        """When the pressure was back."""
        record, below = self.record, self.before.measured.value + self.evaluation.back_band_kpa
        back = record.pressure.back_at(self.released.after_s, record.end_s, below_kpa=below)
        if back is None:
            raise Absent(f"the pressure did not come back to {below:.4g} kPa within the record")
        return Instant(back.after_s, max(back.by_s, self.released.by_s))

    @property
    def until_s(self) -> float:
        """Until when (s) the bolus is collected."""
        until_s = self.back.by_s + self.evaluation.settle_s
        if until_s > self.record.end_s:
            raise Absent(f"the record ends {self.record.end_s - self.back.by_s:g} s after the pressure was back")
        return until_s

    def stored_and_let_go(self, bolus: Budget, fall: Budget) -> Budget:
        """Return a bolus (uL) with U widened where it is not what the line held.

        By weighing alone a load laid on the pan as the line is let go, or taken off, is a bolus. What the line held is
        its compliance by the rise times the fall of its pressure, less what the opening valve takes back.
        """
        displacement = self.record.fixture.displacement
        takes_ul = 0.0 if displacement is None else displacement.measured.value
        compliance = self.compliance.measured
        held_ul = compliance.value * fall.measured.value - takes_ul
        off_ul = bolus.measured.value - held_ul
        doubts_ul = (
            bolus.measured.expanded_uncertainty,
            compliance.expanded_uncertainty * fall.measured.value,
            fall.measured.expanded_uncertainty * compliance.value,
            _VALVE_UL if displacement is None else displacement.measured.expanded_uncertainty,
            self.evaluation.stroke_volume_ul or 0.0,
        )
        if not abs(off_ul) > _SURELY * math.hypot(*doubts_ul):
            return bolus
        self.unexplained_ul = off_ul
        line = normal(UNEXPLAINED, unit="uL", u=abs(off_ul) * _EITHER_OR, sensitivity=1.0)
        return self.transducer.combined(bolus.measured.value, "uL", [*bolus.lines, line])

    def unexplained_notes(self) -> tuple[str, ...]:
        """Return what to say of a bolus that is not what the line held."""
        if self.unexplained_ul is None:
            return ()
        return (
            f"the line let go at {self.released.at_s:.0f} s gave {self.unexplained_ul:+.3g} uL against what it held by "
            "its pressure: look for a leak, for air, or for a touch of the pan then; U is widened by it",
        )

    def gathered(self, names: Sequence[str], ways: Mapping[str, Callable[[], Budget]]) -> tuple[Measurand, ...]:
        """Return a measurand for every name; those that could not be measured say why."""
        found = []
        for name in names:
            try:
                found.append(measured(name, ways[name]()))
            except Absent as absent:
                found.append(not_measured(name, str(absent), absent.verdict))
            except EvaluationRefused as refused:
                found.append(not_measured(name, str(refused), Verdict.INVALID))
        return tuple(found)

    def course(self, marks: tuple[Mark, ...], threshold_kpa: float | None = None) -> Course:
        """Return the course of the test, with its marks."""
        record = self.record
        return course_of(
            record.pressure,
            record.weighing,
            closed=record.closed,
            released=record.released,
            begin_s=record.steady.begin_s,
            end_s=record.end_s,
            marks=tuple(sorted(marks, key=lambda mark: mark.at_s)),
            threshold_kpa=threshold_kpa,
        )
