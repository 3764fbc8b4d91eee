"""What an occlusion test of a pump with an alarm measures, one thing at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

from results.decision import MeasuredValue, Verdict
from results.measured.measurand import Measurand, Observation
from results.occlusion.absent import Absent
from results.occlusion.collection import before_reduction, collected
from results.occlusion.fixture import as_line, fixture_dominates
from results.occlusion.instants import Instant
from results.occlusion.line_budgets import (
    stored_volume,
    without_fixture_s,
    without_fixture_ul,
)
from results.occlusion.line_measurands import NO_FIXTURE, LineMeasurands
from results.occlusion.model import OcclusionEvaluation
from results.occlusion.outcome import Mark
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


_RELEASE_S = 1.0
_FEW_SAMPLES = 4.0


class TrialMeasurands(LineMeasurands[OcclusionTrial, OcclusionEvaluation]):
    """The measurands of one test, in the order of `MEASURANDS`."""

    @cached_property
    def all(self) -> tuple[Measurand, ...]:
        """Every measurand; those that could not be measured say why."""
        ways: dict[str, Callable[[], Budget]] = {
            "steady flow": lambda: self.weighed_flow,
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
            "time until pressure is back": lambda: self.transducer.duration(self.released, self.back),
            "pressure at restart": self._at_restart,
        }
        budgets = {one.name: one for one in self.gathered([name for name in MEASURANDS if name in ways], ways)}
        restarts = Measurand("restarts", _count(len(self.record.restarts)))
        return tuple(budgets.get(name, restarts) for name in MEASURANDS)

    # ---- the steady pump, and the pressure against the dead end

    @cached_property
    def maximum(self) -> Budget:
        """The highest pressure (kPa) while the line was closed."""
        return self.transducer.peak(self.peak)

    # ---- the alarm

    @property
    def _alarm(self) -> Instant:
        """When the pump alarmed, without the delay of its record."""
        alarm, delay_s = self.record.alarm, self.evaluation.alarm_delay_s
        if alarm is None:
            raise Absent(self.record.no_alarm, Verdict.FAIL)
        return Instant(alarm.after_s - delay_s, alarm.by_s - delay_s)

    @cached_property
    def at_alarm(self) -> Budget:
        """The pressure (kPa) at the alarm."""
        return self.transducer.at(self.record.pressure, self._alarm, delay_u_s=self.evaluation.alarm_delay_u_s)

    @cached_property
    def time(self) -> Budget:
        """The time (s) from closing the line to the alarm."""
        delay = normal(
            "delay of the alarm's record",
            value=self.evaluation.alarm_delay_s,
            unit="s",
            u=self.evaluation.alarm_delay_u_s,
            sensitivity=-1.0,
        )
        return self.transducer.duration(self.record.closed, self._alarm, more=[delay])

    def _less_threshold(self) -> Budget:
        if self.evaluation.threshold_kpa is None:
            raise Absent("the pump offers no choice of thresholds, and states none")
        at = self.at_alarm
        value = at.measured.value - self.evaluation.threshold_kpa
        return self.transducer.combined(value, "kPa", at.lines)

    @cached_property
    def _rise_to_alarm(self) -> Budget:
        return self.transducer.difference(self.at_alarm, self.before)

    def _stored(self) -> Budget:
        flow = self.flow_against(self._rise_to_alarm.measured.value / 2.0)
        return stored_volume(flow, self.time, self.transducer, stroke_ul=self.evaluation.stroke_volume_ul)

    # ---- the line

    @property
    def risen_s(self) -> float:
        """Until when (s) the pump raised the pressure: its alarm, or the highest pressure."""
        return self.peak.at_s if self.record.alarm is None else min(self._alarm.by_s, self.peak.at_s)

    # ---- the fixture

    def _fixture(self) -> tuple[Budget, Budget]:
        fixture = self.record.fixture
        if fixture.compliance is None or fixture.displacement is None:
            raise Absent(NO_FIXTURE)
        return fixture.compliance, fixture.displacement

    def _usable_fixture(self) -> tuple[Budget, Budget]:
        """Return compliance and displacement, unless the fixture drowns what is to be measured."""
        compliance, displacement = self._fixture()
        fixture_ul_per_kpa = compliance.measured.value
        problem = fixture_dominates(
            fixture_ul_per_kpa=fixture_ul_per_kpa,
            pump_and_set_ul_per_kpa=self.compliance.measured.value - fixture_ul_per_kpa,
            largest_share=self.evaluation.largest_fixture_share,
        )
        if problem:
            raise Absent(problem, Verdict.INVALID)
        return compliance, displacement

    def _time_corrected(self) -> Budget:
        time, (compliance, displacement) = self.time, self._usable_fixture()
        rise = self._rise_to_alarm
        return without_fixture_s(
            time,
            flow=self.flow_against(rise.measured.value / 2.0),
            rise=rise,
            compliance=compliance,
            displacement=displacement,
            transducer=self.transducer,
            stroke_ul=self.evaluation.stroke_volume_ul,
        )

    def _compliance_corrected(self) -> Budget:
        return self.compliance_without(self._usable_fixture()[0])

    # ---- the release

    @cached_property
    def at_release(self) -> Budget:
        """The pressure (kPa) the line was let go from, after any reduction."""
        self._refuse_drawn_empty()
        at_s, pressure = self.released.after_s, self.record.pressure
        return self.transducer.level(pressure.level(at_s - max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s), at_s))

    @cached_property
    def bolus(self) -> Budget:
        """The unintended bolus (uL), as collected."""
        self._refuse_drawn_empty()
        trial = self.record
        bolus = collected(
            trial.weighing, released=self.released, until_s=self.until_s, running=trial.running, flow=self.flow
        )
        with suppress(Absent, EvaluationRefused):
            return self.stored_and_let_go(bolus, self._fall)
        return bolus

    def _refuse_drawn_empty(self) -> None:
        if self.record.pressure.is_below(self.released.after_s):
            raise Absent(
                f"the line was let go at {self.released.at_s:.0f} s from below the range of the channel: the pump had "
                "drawn it empty. What it takes back is no bolus, and on the balance like a touch of the pan",
                Verdict.INCONCLUSIVE,
            )

    @cached_property
    def _fall(self) -> Budget:
        """How far (kPa) the pressure fell while the bolus was collected."""
        pressure, until_s = self.record.pressure, self.until_s
        end = pressure.level(until_s - max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s), until_s)
        return self.transducer.difference(self.at_release, self.transducer.level(end))

    def _settled_before(self, released_s: float) -> bool:
        """Return whether the pressure had come to rest before the release."""
        pressure = self.record.pressure
        band_kpa = self.evaluation.back_band_kpa
        try:
            still_s = pressure.plateau_from(self.record.closed.by_s, released_s, band_kpa=band_kpa)
        except EvaluationRefused:
            return False
        return released_s - still_s >= max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s)

    def _bolus_corrected(self) -> Budget:
        bolus, (compliance, displacement) = self.bolus, self._usable_fixture()
        return without_fixture_ul(
            bolus, fall=self._fall, compliance=compliance, displacement=displacement, transducer=self.transducer
        )

    def _bolus_before_reduction(self) -> Budget:
        fall = self.transducer.difference(self.maximum, self.at_release)
        return before_reduction(self.bolus, fall=fall, compliance=self.compliance)

    def _compliance_by_release(self) -> Budget:
        bolus, fall_kpa = self.bolus, self._fall.measured.value
        if not fall_kpa > self._fall.measured.expanded_uncertainty:
            raise Absent(f"the pressure fell by {fall_kpa:.3g} kPa: too little to tell a compliance")
        displacement = self.record.fixture.displacement
        stored_ul = bolus.measured.value + (0.0 if displacement is None else displacement.measured.value)
        lines = [
            *(line.scaled(1.0 / fall_kpa) for line in bolus.lines),
            as_line("fall of the pressure", self._fall, sensitivity=-stored_ul / fall_kpa**2),
        ]
        if displacement is not None:
            lines.append(as_line("valve displacement", displacement, sensitivity=1.0 / fall_kpa))
        return self.transducer.combined(stored_ul / fall_kpa, "uL/kPa", lines)

    # ---- restarts

    def _at_restart(self) -> Budget:
        if not self.record.restarts:
            raise Absent("the pump did not go on by itself", Verdict.FAIL)
        return max(
            (self.transducer.at(self.record.pressure, restart) for restart in self.record.restarts),
            key=lambda at: at.measured.value,
        )

    # ---- for the reader

    def observations(self) -> tuple[Observation, ...]:
        """Return what happened and when, in order of time."""
        return tuple(Observation(mark.at_s, mark.name) for mark in self.marks)

    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know, gravest first."""
        trial, notes = self.record, []
        if trial.simulated:
            notes.append("SIMULATED: no pump was measured; not to be used as verification evidence")
        if trial.alarm is None and not trial.restarts:
            notes.append(trial.no_alarm)
        if self.evaluation.threshold_kpa is None:
            notes.append("the pump offers no choice of occlusion thresholds")
        if trial.released is not None and not self._settled_before(trial.released.after_s):
            notes.append(
                "the pressure still moved when the line was let go: a reduction had not finished, or the pump ran on"
            )
        return (*notes, *self.unexplained_notes(), *trial.weighing.notes())

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """What happened and when, in order of time."""
        trial = self.record
        marks = [Mark(trial.closed.at_s, "line closed")]
        if trial.alarm is not None:
            marks.append(Mark(self._alarm.at_s, "alarm"))
        marks += [Mark(restart.at_s, f"restart {n}") for n, restart in enumerate(trial.restarts, start=1)]
        if trial.released is not None:
            marks.append(Mark(trial.released.at_s, "released"))
            with suppress(Absent, EvaluationRefused):
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
