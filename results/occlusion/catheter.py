"""Evaluation of the occluded catheter of a pump that raises no alarm, from arrays: what the balance alone can tell."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

import numpy as np

from results.bench import GravimetricBench
from results.decision import Verdict, combined_verdict
from results.measured.decide import decide_all
from results.measured.measurand import Measurand, Observation
from results.occlusion.absent import Absent
from results.occlusion.collection import Running, collected, last_still_s, untimed
from results.occlusion.fixture import as_line
from results.occlusion.instants import Instant
from results.occlusion.line_budgets import steady_flow, strokes, transducer_of
from results.occlusion.line_measurands import NO_FIXTURE, LineMeasurands
from results.occlusion.model import CatheterEvaluation
from results.occlusion.outcome import OCCLUSION_OUTCOME_SCHEMA, Mark, OcclusionOutcome
from results.occlusion.pressure import Level
from results.occlusion.trial_record import CatheterTrial
from results.occlusion.under_delivery import UnderDelivery, interval_sd_ul, under_delivery
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import Budget
from results.uncertainty.lines import normal, rectangular

MEASURANDS = (
    "steady flow",
    "pressure before occlusion",
    "pressure rise rate",
    "maximum pressure",
    "slip pressure",
    "fixture compliance",
    "line compliance",
    "line compliance, corrected",
    "onset of under-delivery",
    "detection delay",
    "missed volume",
    "post-release bolus",
    "volume not returned",
    "time until pressure is back",
    "recovery time",
    "mean flow error after release",
)
"""Names a criterion of a catheter occlusion may use."""

_S_PER_H = 3600.0
_SLIP_PART = 0.2
_FILTERS = 3.0
_RELEASE_S, _FEW_SAMPLES = 1.0, 4.0


def evaluate_catheter(
    trial: CatheterTrial, evaluation: CatheterEvaluation, *, bench: GravimetricBench
) -> OcclusionOutcome:
    """Return the outcome of an occluded catheter. Raises `EvaluationRefused` where no honest number can be computed."""
    work = _Catheter(trial, evaluation, transducer_of(bench, coverage_percent=evaluation.coverage_percent))
    measurands = work.all()
    decisions = decide_all(evaluation.criteria, evaluation.decision_rule, measurands)
    marks = work.marks()
    return OcclusionOutcome(
        schema=OCCLUSION_OUTCOME_SCHEMA,
        kind="catheter_occlusion",
        run_id=trial.run_id,
        title=trial.title,
        simulated=trial.simulated,
        wording=evaluation.wording,
        measurands=measurands,
        observations=tuple(Observation(mark.at_s, mark.name) for mark in marks),
        findings=trial.weighing.readings.findings,
        exclusions=(*trial.weighing.readings.exclusions, *trial.pressure.exclusions),
        decisions=decisions,
        verdict=combined_verdict(decision.verdict for decision in decisions),
        notes=work.notes(),
        course=work.course(marks),
    )


class _Catheter(LineMeasurands[CatheterTrial, CatheterEvaluation]):
    """The measurands of one test, in the order of `MEASURANDS`."""

    def all(self) -> tuple[Measurand, ...]:
        """Return every measurand; those that could not be measured say why."""
        ways: dict[str, Callable[[], Budget]] = {
            "steady flow": lambda: self.weighed_flow,
            "pressure before occlusion": lambda: self.before,
            "pressure rise rate": self._rise_rate,
            "maximum pressure": lambda: self.transducer.peak(self.peak),
            "slip pressure": self._slip_pressure,
            "fixture compliance": self._fixture,
            "line compliance": lambda: self.compliance,
            "line compliance, corrected": self._compliance_corrected,
            "onset of under-delivery": self._onset,
            "detection delay": self._detection_delay,
            "missed volume": lambda: self.missed,
            "post-release bolus": lambda: self.bolus,
            "volume not returned": self._not_returned,
            "time until pressure is back": lambda: self.transducer.duration(self.released, self.back),
            "recovery time": self._recovery_time,
            "mean flow error after release": self._flow_error,
        }
        return self.gathered(MEASURANDS, ways)

    # ---- pressure

    @property
    def risen_s(self) -> float:
        """Until when (s) the pump raised the pressure: it may have slipped from then on."""
        begin_s, end_s = self.record.closed.by_s, self.closed_until_s
        risen_s = self.record.pressure.plateau_from(begin_s, end_s, band_kpa=self.evaluation.back_band_kpa)
        return risen_s if risen_s - begin_s > 3.0 * self.stroke_s else end_s

    def _rise_rate(self) -> Budget:
        return self.transducer.rise_rate(self.rise)

    def _slip_pressure(self) -> Budget:
        """Return the pressure at which the pump slips: the rise has all but ended while the pump still runs."""
        trial = self.record
        begin_s, end_s = trial.closed.by_s, self.released.after_s
        part_s = max(_SLIP_PART * (end_s - begin_s), 2.0 * self.stroke_s)
        record, middle_s = trial.pressure, end_s - part_s / 2.0
        late_kpa = record.level(middle_s, end_s).kpa - record.level(end_s - part_s, middle_s).kpa
        if not late_kpa / (part_s / 2.0) < self.evaluation.slip_share * self.rise.kpa_per_s:
            highest = self.peak.kpa
            raise Absent(f"the pump did not slip: the pressure still rose at {highest:.4g} kPa")
        return self.transducer.level(record.level(end_s - part_s, end_s))

    # ---- the line

    def _fixture(self) -> Budget:
        if self.record.fixture.compliance is None:
            raise Absent(NO_FIXTURE)
        return self.record.fixture.compliance

    def _compliance_corrected(self) -> Budget:
        return self.compliance_without(self._fixture())

    # ---- what the balance sees

    @cached_property
    def told(self) -> UnderDelivery:
        """What the sequential test tells of the occluded time."""
        trial, evaluation = self.record, self.evaluation
        steady_s = np.arange(trial.steady.begin_s, trial.steady.end_s, evaluation.test_interval_s)
        closed_s = np.arange(trial.closed.at_s, self.released.after_s, evaluation.test_interval_s)
        if steady_s.size < 4 or closed_s.size < 2:
            raise Absent(f"too few intervals of {evaluation.test_interval_s:g} s in the steady or the occluded time")
        scatter = interval_sd_ul(trial.weighing.volumes_ul(steady_s))
        return under_delivery(
            closed_s,
            trial.weighing.volumes_ul(closed_s),
            flow_ul_per_h=self.flow.measured.value,
            interval_sd_ul=max(scatter, 2.0**0.5 * trial.weighing.reading_sd_ul),
            false_alarm_probability=evaluation.false_alarm_probability,
        )

    @property
    def _detected_s(self) -> float:
        if self.told.detected_s is None:
            raise Absent("the balance did not tell of an under-delivery while the catheter was closed", Verdict.FAIL)
        return self.told.detected_s

    def _detection_delay(self) -> Budget:
        told = Instant(self._detected_s, self._detected_s)
        timing = normal("timing of the readings", unit="s", u=self.record.weighing.bench.timing_u_s, sensitivity=1.0)
        return self.transducer.duration(self.record.closed, told, more=[timing])

    def _onset(self) -> Budget:
        """Return how long after closing delivery went on: what still came, over the steady flow."""
        closed_s = self.record.closed.at_s
        came = untimed(self.record.weighing).volume(Phase(closed_s, self._detected_s))
        per_ul = _S_PER_H / self.flow.measured.value
        value_s = came.measured.value * per_ul
        lines = [
            *(line.scaled(per_ul) for line in came.lines),
            *strokes(self.evaluation.stroke_volume_ul, per_ul=per_ul),
            self.record.closed.line("when the catheter was closed", unit_per_s=-1.0),
            as_line("steady flow", self.flow, sensitivity=-value_s / self.flow.measured.value),
        ]
        return self.transducer.combined(value_s, "s", lines)

    @cached_property
    def missed(self) -> Budget:
        """The volume (uL) that did not come while the catheter was closed, against the steady flow."""
        trial = self.record
        period = Phase(trial.closed.at_s, self.released.at_s)
        came = untimed(trial.weighing).volume(Phase(period.begin_s, last_still_s(trial.weighing, self.released)))
        hours = period.duration_s / _S_PER_H
        flow = self.flow.measured.value
        lines = [
            *(line.scaled(-1.0) for line in came.lines),
            as_line("steady flow", self.flow, sensitivity=hours),
            *strokes(self.evaluation.stroke_volume_ul, per_ul=1.0),
        ]
        return self.transducer.combined(flow * hours - came.measured.value, "uL", lines)

    # ---- the release

    @cached_property
    def bolus(self) -> Budget:
        """The volume (uL) that came with the release, beyond the pump's own flow."""
        trial = self.record
        until_s = self.until_s
        whole = Instant(self.released.after_s, self.released.after_s), Instant(until_s, until_s)
        bolus = collected(
            trial.weighing, released=self.released, until_s=until_s, running=[Running(*whole)], flow=self.flow
        )
        with suppress(Absent, EvaluationRefused):
            highest = self.transducer.level(self._level(self.released.after_s))
            return self.stored_and_let_go(bolus, self.transducer.difference(highest, self.before))
        return bolus

    def _level(self, until_s: float) -> Level:
        pressure = self.record.pressure
        return pressure.level(until_s - max(_RELEASE_S, _FEW_SAMPLES * pressure.period_s), until_s)

    def _not_returned(self) -> Budget:
        missed, bolus = self.missed, self.bolus
        lines = [as_line("missed volume", missed, sensitivity=1.0), as_line("bolus", bolus, sensitivity=-1.0)]
        return self.transducer.combined(missed.measured.value - bolus.measured.value, "uL", lines)

    @property
    def _recovered(self) -> Phase:
        if self.record.recovered is None:
            raise Absent("the run holds no phase 'recovery', in which the flow is steady again")
        return self.record.recovered

    def _flow_error(self) -> Budget:
        flow = steady_flow(self.record.weighing, self._recovered, self.evaluation)
        per = 100.0 / self.evaluation.set_flow_ul_per_h
        lines = [line.scaled(per) for line in flow.lines]
        return self.transducer.combined(flow.measured.value * per - 100.0, "%", lines)

    def _recovery_time(self) -> Budget:
        """Return from when on the delivered volume keeps to the line of the recovered flow."""
        trial, recovered = self.record, self._recovered
        readings = trial.weighing.collection
        inside = (readings.time_s >= self.released.by_s) & (readings.time_s <= recovered.end_s)
        times, volumes = readings.time_s[inside], readings.volume_ul[inside]
        steady = times >= recovered.begin_s
        if not steady.any():
            raise EvaluationRefused("no reading of the balance while the flow was to be steady again")
        flow = self.flowing(trial.weighing.mean_flow(recovered), "after the release").measured.value / _S_PER_H
        off_ul = volumes - flow * times
        off_ul = np.abs(off_ul - float(np.mean(off_ul[steady])))
        outside = np.flatnonzero(~(off_ul <= self.evaluation.recovery_band_ul))
        if outside.size and outside[-1] == times.size - 1:
            raise Absent("the delivered volume did not come to keep to the line of its flow", Verdict.FAIL)
        first = outside[-1] + 1 if outside.size else 0
        after_s = float(times[first - 1]) if first else self.released.by_s
        lag_s = trial.weighing.reading_period_s + _FILTERS * trial.weighing.bench.balance_response_s
        lines = [rectangular("lag of the balance", unit="s", half_width=lag_s, sensitivity=1.0)]
        return self.transducer.duration(self.released, Instant(after_s, float(times[first])), more=lines)

    # ---- for the reader

    def marks(self) -> tuple[Mark, ...]:
        """Return what happened and when."""
        trial = self.record
        marks = [Mark(trial.closed.at_s, "catheter closed")]
        if trial.released is not None:
            marks.append(Mark(trial.released.at_s, "released"))
        with suppress(Absent, EvaluationRefused):
            marks.append(Mark(self._detected_s, "under-delivery told by the balance"))
        with suppress(Absent, EvaluationRefused):
            marks.append(Mark(self.back.at_s, "pressure back"))
        return tuple(sorted(marks, key=lambda mark: mark.at_s))

    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know, gravest first."""
        trial, notes = self.record, []
        if trial.simulated:
            notes.append("SIMULATED: no pump was measured; not to be used as verification evidence")
        notes.append(
            "the pump has no alarm for an occlusion; the under-delivery is told by the balance, with a probability of "
            f"{self.evaluation.false_alarm_probability:g} of a false alarm over the occluded time"
        )
        if trial.alarms:
            notes.append(f"the pump said while occluded: {', '.join(trial.alarms)}")
        return (*notes, *self.unexplained_notes(), *trial.weighing.notes())
