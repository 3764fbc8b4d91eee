"""A time without delivery: found by the balance alone, whatever the pump says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Verdict
from results.kinds.kind import measured_kind
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, Observation, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.pause import Pause, longest_pause, told_s
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.lines import rectangular

MOTOR_STALL = "motor stall"
ALARM_DELAY = "pump alarm delay"
_USUAL_PAUSES = 3.0


class StallEvaluation(WeighedEvaluation):
    """How a time without delivery is looked for. `detection_s`: a pause of this length is a stall."""

    kind: Literal["stall"]
    set_flow_ul_per_h: float = Field(gt=0.0)
    detection_s: float = Field(gt=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the longest pause, and what there is to say of it when it is a stall."""
        return {
            "longest pause": "s",
            "stall duration": "s",
            "detection delay": "s",
            ALARM_DELAY: "s",
            "missing volume": "uL",
            "mean flow error after recovery": "%",
        }


def measure(record: RunRecord, evaluation: StallEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a stall test. Raises `EvaluationRefused` where no honest number can be computed.

    The pump pauses between its strokes, and may have stalled any time between the last stroke and the next one due;
    it came back any time before the first stroke after: both are in the uncertainty.
    """
    infusion = record.phase("infusion")
    flow = evaluation.set_flow_ul_per_h
    weighing = Weighing.of(record.weighed_over(infusion), evaluation, bench, fastest_ul_per_h=flow)
    pause = longest_pause(weighing, infusion, set_flow_ul_per_h=flow)
    half_s = pause.detectable_s / 2.0
    longest = _seconds(evaluation, pause.duration_s - half_s, pause, half_s)
    found = [measured("longest pause", longest)]
    if pause.duration_s > evaluation.detection_s:
        found += _stall(pause, weighing, record, infusion, evaluation)
        seen = _observations(pause, record)
        told = told_s(weighing, pause, set_flow_ul_per_h=flow)
        if told is not None:
            seen.append(Observation(told, "by now weighing alone tells that nothing comes"))
        return concluded("stall", record, evaluation, found, weighing=weighing, observations=seen)
    why = f"there was no stall: no pause reached {evaluation.detection_s:g} s"
    names = list(evaluation.measurand_units())[1:]
    found += [not_measured(name, why, Verdict.INCONCLUSIVE) for name in names]
    return concluded("stall", record, evaluation, found, weighing=weighing)


def _stall(
    pause: Pause, weighing: Weighing, record: RunRecord, infusion: Phase, evaluation: StallEvaluation
) -> list[Measurand]:
    usual_s = pause.usual_s
    duration = _seconds(evaluation, pause.duration_s - usual_s, pause, usual_s)
    missing = weighing.scaled(duration, evaluation.set_flow_ul_per_h / 3600.0, "uL")
    return [
        measured("stall duration", duration),
        _detection(pause, weighing, evaluation),
        _alarm(pause, record, evaluation),
        measured("missing volume", missing),
        _recovery(pause, weighing, infusion, evaluation),
    ]


def _detection(pause: Pause, weighing: Weighing, evaluation: StallEvaluation) -> Measurand:
    """Return how long after the pump stalled the balance alone told: it stalled between two strokes due."""
    name, half_s = "detection delay", pause.usual_s / 2.0
    told = told_s(weighing, pause, set_flow_ul_per_h=evaluation.set_flow_ul_per_h)
    if told is None:
        return not_measured(name, "delivery was back before the balance could tell", Verdict.INCONCLUSIVE)
    return measured(name, _seconds(evaluation, told - pause.begin_s - half_s, pause, half_s))


def _alarm(pause: Pause, record: RunRecord, evaluation: StallEvaluation) -> Measurand:
    name = ALARM_DELAY
    try:
        edges = [edge for edge in record.pump().edges(MOTOR_STALL) if edge.by_s >= pause.begin_s]
    except EvaluationRefused as error:
        return not_measured(name, str(error), Verdict.INVALID)
    if not edges:
        return not_measured(name, "the pump raised no motor-stall alarm")
    half_s = pause.usual_s / 2.0
    value_s = edges[0].at_s - pause.begin_s - half_s
    return measured(name, _seconds(evaluation, value_s, pause, half_s, [edges[0].line()]))


def _recovery(pause: Pause, weighing: Weighing, infusion: Phase, evaluation: StallEvaluation) -> Measurand:
    name = "mean flow error after recovery"
    if not pause.ended:
        return not_measured(name, "delivery had not come back when the infusion ended")
    begin_s = pause.end_s + pause.usual_s / 2.0
    if infusion.end_s - begin_s < _USUAL_PAUSES * pause.usual_s:
        return not_measured(name, "the infusion ended too soon after the recovery", Verdict.INCONCLUSIVE)
    after = Phase(begin_s, infusion.end_s)
    return measured(name, weighing.flow_error(after, set_flow_ul_per_h=evaluation.set_flow_ul_per_h))


def _seconds(
    evaluation: StallEvaluation, value_s: float, pause: Pause, half_width_s: float, more: list[BudgetLine] | None = None
) -> Budget:
    lines = [
        rectangular("time between deliveries", unit="s", half_width=half_width_s, sensitivity=1.0),
        rectangular("time of a delivery that shows", unit="s", half_width=pause.located_s, sensitivity=1.0),
    ]
    return combine(value=value_s, unit="s", lines=[*lines, *(more or [])], coverage_percent=evaluation.coverage_percent)


def _observations(pause: Pause, record: RunRecord) -> list[Observation]:
    seen = [Observation(pause.begin_s, "the balance sees no more delivery")]
    if pause.ended:
        seen.append(Observation(pause.end_s, "the balance sees delivery again"))
    try:
        states = record.pump().states_in(Phase(pause.begin_s, pause.end_s))
    except EvaluationRefused:
        return seen
    return [*seen, Observation(pause.begin_s, f"meanwhile the pump says of itself: {', '.join(states) or 'nothing'}")]


STALL = measured_kind(StallEvaluation, measure)
