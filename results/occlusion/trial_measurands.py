"""What an occlusion test of a pump with an alarm measures, one thing at a time."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cached_property

from results.decision import MeasuredValue, Verdict
from results.measured.measurand import Measurand, Observation, measured, not_measured
from results.occlusion.absent import Absent
from results.occlusion.collection import before_reduction, collected
from results.occlusion.fixture import as_line, fixture_dominates
from results.occlusion.instants import Instant
from results.occlusion.line_budgets import (
    Transducer,
    compliance_by_rise,
    flow_against,
    steady_flow,
    stored_volume,
    without_fixture_s,
    without_fixture_ul,
)
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import Course, Mark, course_of
from results.occlusion.pressure import Peak
from results.occlusion.trial_record import OcclusionTrial
from results.refusal import EvaluationRefused
from results.uncertainty.budget import Budget
from results.uncertainty.lines import normal

MEASURANDS = (
    "steady flow",
    "pressure before occlusion",
    "pressure at alarm",
    "pressure at alarm less threshold",
    "maximum pressure",
    "time to alarm",
    "time to alarm, corrected",
    "fixture compliance",
    "valve displacement",
    "line compliance",
    "line compliance, corrected",
    "line compliance by release",
    "stored volume at alarm",
    "pressure at release",
    "unintended bolus",
    "unintended bolus, corrected",
    "unintended bolus before reduction",
    "time until pressure is back",
    "restarts",
    "pressure at restart",
)
"""Names a criterion of an occlusion test may use."""


_NO_FIXTURE = "the fixture was neither measured in this run nor stated"
_RELEASE_S = 1.0
_FEW_SAMPLES = 4.0


class TrialMeasurands:
    """The measurands of one test, in the order of `MEASURANDS`."""

    def __init__(self, trial: OcclusionTrial, evaluation: OcclusionEvaluation, transducer: Transducer) -> None:
        self._trial = trial
        self._evaluation = evaluation
        self._transducer = transducer

    @cached_property
    def all(self) -> tuple[Measurand, ...]:
        """Every measurand; those that could not be measured say why."""
        ways = {
            "steady flow": lambda: self.flow,
            "pressure before occlusion": lambda: self.before,
            "pressure at alarm": lambda: self.at_alarm,
            "pressure at alarm less threshold": self._less_threshold,
            "maximum pressure": lambda: self.maximum,
            "time to alarm": lambda: self.time,
            "time to alarm, corrected": self._time_corrected,
            "fixture compliance": lambda: self._fixture()[0],
            "valve displacement": lambda: self._fixture()[1],
            "line compliance": lambda: self.compliance,
            "line compliance, corrected": self._compliance_corrected,
            "line compliance by release": self._compliance_by_release,
            "stored volume at alarm": self._stored,
            "pressure at release": lambda: self.at_release,
            "unintended bolus": lambda: self.bolus,
            "unintended bolus, corrected": self._bolus_corrected,
            "unintended bolus before reduction": self._bolus_before_reduction,
            "time until pressure is back": lambda: self._transducer.duration(self._released, self.back),
            "pressure at restart": self._at_restart,
        }
        found = []
        for name in MEASURANDS:
            if name == "restarts":
                found.append(Measurand(name, _count(len(self._trial.restarts))))
                continue
            try:
                found.append(measured(name, ways[name]()))
            except Absent as absent:
                found.append(not_measured(name, str(absent), absent.verdict))
        return tuple(found)

    # ---- the steady pump, and the pressure against the dead end

    @cached_property
    def flow(self) -> Budget:
        """The weighed steady flow (uL/h)."""
        return steady_flow(self._trial.weighing, self._trial.steady, self._evaluation)

    @cached_property
    def before(self) -> Budget:
        """The pressure (kPa) before the line was closed."""
        closed_s = self._trial.closed.after_s
        return self._transducer.level(self._trial.pressure.level(closed_s - self._evaluation.level_s, closed_s))

    @cached_property
    def _peak(self) -> Peak:
        trial = self._trial
        return trial.pressure.peak(trial.closed.after_s, trial.released.after_s if trial.released else trial.end_s)

    @cached_property
    def maximum(self) -> Budget:
        """The highest pressure (kPa) while the line was closed."""
        return self._transducer.peak(self._peak)

    # ---- the alarm

    @property
    def _alarm(self) -> Instant:
        """When the pump alarmed, without the delay of its record."""
        alarm, delay_s = self._trial.alarm, self._evaluation.alarm_delay_s
        if alarm is None:
            raise Absent(self._trial.no_alarm, Verdict.FAIL)
        return Instant(alarm.after_s - delay_s, alarm.by_s - delay_s)

    @cached_property
    def at_alarm(self) -> Budget:
        """The pressure (kPa) at the alarm."""
        return self._transducer.at(self._trial.pressure, self._alarm, delay_u_s=self._evaluation.alarm_delay_u_s)

    @cached_property
    def time(self) -> Budget:
        """The time (s) from closing the line to the alarm."""
        delay = normal(
            "delay of the alarm's record",
            value=self._evaluation.alarm_delay_s,
            unit="s",
            u=self._evaluation.alarm_delay_u_s,
            sensitivity=-1.0,
        )
        return self._transducer.duration(self._trial.closed, self._alarm, more=[delay])

    def _less_threshold(self) -> Budget:
        if self._evaluation.threshold_kpa is None:
            raise Absent("the pump offers no choice of thresholds, and states none")
        at = self.at_alarm
        value = at.measured.value - self._evaluation.threshold_kpa
        return self._transducer.combined(value, "kPa", at.lines)

    @cached_property
    def _rise_to_alarm(self) -> Budget:
        return self._transducer.difference(self.at_alarm, self.before)

    def _stored(self) -> Budget:
        flow = self._flow_against(self._rise_to_alarm.measured.value / 2.0)
        return stored_volume(flow, self.time, self._transducer, stroke_ul=self._evaluation.stroke_volume_ul)

    # ---- the line

    @cached_property
    def compliance(self) -> Budget:
        """The compliance (uL/kPa) of the whole line, fixture included, by its rise."""
        trial = self._trial
        end_s = self._peak.at_s if trial.alarm is None else min(self._alarm.by_s, self._peak.at_s)
        try:
            rise = trial.pressure.rise(trial.closed.by_s, end_s, stroke_s=self._stroke_s)
        except EvaluationRefused as refused:
            raise Absent(str(refused)) from refused
        flow = self._flow_against(rise.mean_kpa - self.before.measured.value)
        return compliance_by_rise(flow, rise, self._transducer)

    @property
    def _stroke_s(self) -> float:
        """The time (s) between strokes of the steady flow; 0 of a pump that makes none."""
        return (self._evaluation.stroke_volume_ul or 0.0) / self.flow.measured.value * 3600.0

    def _flow_against(self, rise_kpa: float) -> Budget:
        return flow_against(
            self.flow,
            rise_kpa=rise_kpa,
            percent_per_kpa=self._evaluation.flow_per_pressure_percent_per_kpa,
            u_percent_per_kpa=self._evaluation.flow_per_pressure_u_percent_per_kpa,
        )

    # ---- the fixture

    def _fixture(self) -> tuple[Budget, Budget]:
        fixture = self._trial.fixture
        if fixture.compliance is None or fixture.displacement is None:
            raise Absent(_NO_FIXTURE)
        return fixture.compliance, fixture.displacement

    def _usable_fixture(self) -> tuple[Budget, Budget]:
        """Return compliance and displacement, unless the fixture drowns what is to be measured."""
        compliance, displacement = self._fixture()
        fixture_ul_per_kpa = compliance.measured.value
        problem = fixture_dominates(
            fixture_ul_per_kpa=fixture_ul_per_kpa,
            pump_and_set_ul_per_kpa=self.compliance.measured.value - fixture_ul_per_kpa,
            largest_share=self._evaluation.largest_fixture_share,
        )
        if problem:
            raise Absent(problem, Verdict.INVALID)
        return compliance, displacement

    def _time_corrected(self) -> Budget:
        time, (compliance, displacement) = self.time, self._usable_fixture()
        rise = self._rise_to_alarm
        return without_fixture_s(
            time,
            flow=self._flow_against(rise.measured.value / 2.0),
            rise=rise,
            compliance=compliance,
            displacement=displacement,
            transducer=self._transducer,
            stroke_ul=self._evaluation.stroke_volume_ul,
        )

    def _compliance_corrected(self) -> Budget:
        fixture, _ = self._usable_fixture()
        whole = self.compliance
        lines = [*whole.lines, as_line("fixture compliance", fixture, sensitivity=-1.0)]
        return self._transducer.combined(whole.measured.value - fixture.measured.value, "uL/kPa", lines)

    # ---- the release

    @property
    def _released(self) -> Instant:
        if self._trial.released is None:
            raise Absent("the line was not let go")
        return self._trial.released

    @cached_property
    def at_release(self) -> Budget:
        """The pressure (kPa) the line was let go from, after any reduction."""
        at_s, pressure = self._released.after_s, self._trial.pressure
        return self._transducer.level(pressure.level(at_s - max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s), at_s))

    @cached_property
    def back(self) -> Instant:
        """When the pressure was back."""
        trial, below = self._trial, self.before.measured.value + self._evaluation.back_band_kpa
        back = trial.pressure.back_at(self._released.after_s, trial.end_s, below_kpa=below)
        if back is None:
            raise Absent(f"the pressure did not come back to {below:.4g} kPa within the record")
        return Instant(back.after_s, max(back.by_s, self._released.by_s))

    @property
    def _until_s(self) -> float:
        until_s = self.back.by_s + self._evaluation.settle_s
        if until_s > self._trial.end_s:
            raise Absent(f"the record ends {self._trial.end_s - self.back.by_s:g} s after the pressure was back")
        return until_s

    @cached_property
    def bolus(self) -> Budget:
        """The unintended bolus (uL), as collected."""
        trial = self._trial
        return collected(
            trial.weighing, released=self._released, until_s=self._until_s, running=trial.running, flow=self.flow
        )

    @cached_property
    def _fall(self) -> Budget:
        """How far (kPa) the pressure fell while the bolus was collected."""
        pressure, until_s = self._trial.pressure, self._until_s
        end = pressure.level(until_s - max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s), until_s)
        return self._transducer.difference(self.at_release, self._transducer.level(end))

    def _settled_before(self, released_s: float) -> bool:
        """Return whether the pressure had come to rest before the release."""
        pressure = self._trial.pressure
        still_s = pressure.plateau_from(self._peak.at_s, released_s, band_kpa=self._evaluation.back_band_kpa)
        return released_s - still_s >= max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s)

    def _bolus_corrected(self) -> Budget:
        bolus, (compliance, displacement) = self.bolus, self._usable_fixture()
        return without_fixture_ul(
            bolus, fall=self._fall, compliance=compliance, displacement=displacement, transducer=self._transducer
        )

    def _bolus_before_reduction(self) -> Budget:
        fall = self._transducer.difference(self.maximum, self.at_release)
        return before_reduction(self.bolus, fall=fall, compliance=self.compliance)

    def _compliance_by_release(self) -> Budget:
        bolus, fall_kpa = self.bolus, self._fall.measured.value
        if not fall_kpa > self._fall.measured.expanded_uncertainty:
            raise Absent(f"the pressure fell by {fall_kpa:.3g} kPa: too little to tell a compliance")
        displacement = self._trial.fixture.displacement
        stored_ul = bolus.measured.value + (0.0 if displacement is None else displacement.measured.value)
        lines = [
            *(line.scaled(1.0 / fall_kpa) for line in bolus.lines),
            as_line("fall of the pressure", self._fall, sensitivity=-stored_ul / fall_kpa**2),
        ]
        if displacement is not None:
            lines.append(as_line("valve displacement", displacement, sensitivity=1.0 / fall_kpa))
        return self._transducer.combined(stored_ul / fall_kpa, "uL/kPa", lines)

    # ---- restarts

    def _at_restart(self) -> Budget:
        if not self._trial.restarts:
            raise Absent("the pump did not go on by itself", Verdict.FAIL)
        return max(
            (self._transducer.at(self._trial.pressure, restart) for restart in self._trial.restarts),
            key=lambda at: at.measured.value,
        )

    # ---- for the reader

    def observations(self) -> tuple[Observation, ...]:
        """Return what happened and when, in order of time."""
        return tuple(Observation(mark.at_s, mark.name) for mark in self._marks())

    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know, gravest first."""
        trial, notes = self._trial, []
        if trial.simulated:
            notes.append("SIMULATED: no pump was measured; not to be used as verification evidence")
        if trial.alarm is None:
            notes.append(trial.no_alarm)
        if self._evaluation.threshold_kpa is None:
            notes.append("the pump offers no choice of occlusion thresholds")
        if trial.released is not None and not self._settled_before(trial.released.after_s):
            notes.append(
                "the pressure still moved when the line was let go: a reduction had not finished, or the pump ran on"
            )
        by_rise, by_release = self._value("line compliance"), self._value("line compliance by release")
        if by_rise is not None and by_release is not None:
            apart = by_release.value - by_rise.value
            if not abs(apart) <= math.hypot(by_rise.expanded_uncertainty, by_release.expanded_uncertainty):
                notes.append(
                    f"the line gave back {by_release.value:.4g} uL/kPa and took up {by_rise.value:.4g} uL/kPa: they "
                    "differ by more than their uncertainties; look for a leak, air, or a pump that slips"
                )
        return (*notes, *trial.weighing.notes())

    def course(self) -> Course:
        """Return the course of the test."""
        trial = self._trial
        return course_of(
            trial.pressure,
            trial.weighing,
            closed=trial.closed,
            released=trial.released,
            begin_s=trial.steady.begin_s,
            end_s=trial.end_s,
            marks=self._marks(),
            threshold_kpa=self._evaluation.threshold_kpa,
        )

    def _value(self, name: str) -> MeasuredValue | None:
        return next(one.value for one in self.all if one.name == name)

    def _marks(self) -> tuple[Mark, ...]:
        trial = self._trial
        marks = [Mark(trial.closed.at_s, "line closed")]
        if trial.alarm is not None:
            marks.append(Mark(self._alarm.at_s, "alarm"))
        marks += [Mark(restart.at_s, f"restart {n}") for n, restart in enumerate(trial.restarts, start=1)]
        if trial.released is not None:
            marks.append(Mark(trial.released.at_s, "released"))
            with suppress(Absent):
                marks.append(Mark(self.back.at_s, "pressure back"))
        return tuple(sorted(marks, key=lambda mark: mark.at_s))


def _count(number: int) -> MeasuredValue:
    return MeasuredValue(
        value=float(number),
        unit="1",
        standard_uncertainty=0.0,
        degrees_of_freedom=math.inf,
        coverage_factor=2.0,
        expanded_uncertainty=0.0,
    )
