"""More than programmed, sudden or creeping: what a CUSUM on the delivered mass tells and the pump does not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Verdict
from results.kinds.kind import measured_kind
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, holding_for, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.refusal import EvaluationRefused
from results.series import Phase
from results.statistics.cusum import cusum_ul
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal, rectangular

LOW_RESERVOIR = "low reservoir"
_INTERVAL_S = 600.0
_DAY_S = 86400.0


class OverInfusionEvaluation(WeighedEvaluation):
    """How over-infusion is looked for.

    `allowance_percent`: excess that is not added up, about half of what must be found. `decision_ul`: the sum of the
    rest at which over-infusion is found; see `average_run_length` for how often a good pump reaches it.
    """

    kind: Literal["overinfusion"]
    set_flow_ul_per_h: float = Field(gt=0.0)
    allowance_percent: float = Field(ge=0.0)
    decision_ul: float = Field(gt=0.0)

    @property
    def allowed_ul_per_h(self) -> float:
        """The flow beyond which delivery is added up (uL/h)."""
        return self.set_flow_ul_per_h * (1.0 + self.allowance_percent / 100.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the largest sum, when it was found, the flow errors of worst day and all, and what the pump missed."""
        return {
            "accumulated over-delivery": "uL",
            "over-infusion detected after": "s",
            "highest flow error over 24 h": "%",
            "mean flow error": "%",
            "weighed less calculated": "uL",
        }


def measure(record: RunRecord, evaluation: OverInfusionEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a watch for over-infusion. Raises `EvaluationRefused` where no number can be computed."""
    infusion = record.phase("infusion")
    if not infusion.duration_s > 2.0 * _INTERVAL_S:
        raise EvaluationRefused(f"an infusion of {infusion.duration_s:g} s is too short to add up its delivery")
    flow = evaluation.set_flow_ul_per_h
    weighing = Weighing.of(record.weighed_over(infusion), evaluation, bench, fastest_ul_per_h=flow)
    times = np.append(np.arange(infusion.begin_s, infusion.end_s - _INTERVAL_S / 2.0, _INTERVAL_S), infusion.end_s)
    volumes = weighing.volumes_ul(times)
    sums = cusum_ul(times, volumes, allowed_ul_per_h=evaluation.allowed_ul_per_h)
    # The sum may have begun any time, so it is as uncertain as the volume of the whole infusion.
    whole = weighing.volume(infusion)
    largest = combine(
        value=float(sums.max()), unit="uL", lines=whole.lines, coverage_percent=evaluation.coverage_percent
    )
    found = [
        measured("accumulated over-delivery", largest),
        _detection(times, sums, weighing, evaluation, u_ul=whole.measured.standard_uncertainty),
        _worst_day(times, volumes, weighing, infusion, flow),
        measured("mean flow error", weighing.flow_error(infusion, set_flow_ul_per_h=flow)),
        _uncounted(whole, record, infusion, evaluation),
    ]
    notes = _silence(record, infusion) if largest.measured.value >= evaluation.decision_ul else ()
    return concluded("overinfusion", record, evaluation, found, weighing=weighing, notes=notes)


def _uncounted(whole: Budget, record: RunRecord, infusion: Phase, evaluation: OverInfusionEvaluation) -> Measurand:
    """Return the volume that was weighed less what the pump counted: by so much its reservoir alarms are wrong."""
    name = "weighed less calculated"
    try:
        log = record.pump()
    except EvaluationRefused as error:
        return not_measured(name, str(error), Verdict.INVALID)
    poll = rectangular(
        "delivery between two polls of the pump",
        unit="s",
        half_width=log.poll_period_s() / 2.0,
        sensitivity=evaluation.set_flow_ul_per_h / 3600.0 * math.sqrt(2.0),
    )
    value_ul = whole.measured.value - log.delivered_between(infusion)
    return measured(
        name,
        combine(value=value_ul, unit="uL", lines=[*whole.lines, poll], coverage_percent=evaluation.coverage_percent),
    )


def _silence(record: RunRecord, infusion: Phase) -> tuple[str, ...]:
    """Return what the pump's own low-reservoir alarm did while too much was delivered."""
    try:
        edges = record.pump().edges(LOW_RESERVOIR, infusion)
    except EvaluationRefused:
        return ()
    if edges:
        return (f"the pump raised its low-reservoir alarm at {edges[0].at_s:.0f} s",)
    return (
        "over-infusion was found by weighing; the pump, which counts what is programmed, raised no reservoir alarm",
    )


def _detection(
    times: NDArray[np.float64],
    sums: NDArray[np.float64],
    weighing: Weighing,
    evaluation: OverInfusionEvaluation,
    *,
    u_ul: float,
) -> Measurand:
    """Return how long after the begin the sum reached the decision."""
    name = "over-infusion detected after"
    reached = np.flatnonzero(sums >= evaluation.decision_ul)
    if reached.size == 0:
        return not_measured(
            name, f"no over-infusion: the sum of {float(sums.max()):.3g} uL stayed below {evaluation.decision_ul:g} uL"
        )
    place = int(reached[0])
    at_s = float(np.interp(evaluation.decision_ul, sums[place - 1 : place + 1], times[place - 1 : place + 1]))
    begun = int(np.flatnonzero(sums[:place] <= 0.0)[-1])
    s_per_ul = (at_s - float(times[begun])) / evaluation.decision_ul
    stroke_ul = evaluation.stroke_volume_ul or 0.0
    lines = [
        normal("volume added up", unit="uL", u=u_ul, sensitivity=s_per_ul),
        rectangular("volume delivered in strokes", unit="uL", half_width=stroke_ul / 2.0, sensitivity=s_per_ul),
        rectangular("interval of the sums", unit="s", half_width=_INTERVAL_S / 2.0, sensitivity=1.0),
    ]
    return measured(
        name,
        combine(
            value=at_s - float(times[0]), unit="s", lines=lines, coverage_percent=weighing.evaluation.coverage_percent
        ),
    )


def _worst_day(
    times: NDArray[np.float64], volumes: NDArray[np.float64], weighing: Weighing, infusion: Phase, flow_ul_per_h: float
) -> Measurand:
    """Return the highest mean flow error of any 24 h."""
    name = "highest flow error over 24 h"
    begins = times[times <= infusion.end_s - _DAY_S]
    if begins.size == 0:
        return not_measured(name, "the infusion is shorter than 24 h", Verdict.INCONCLUSIVE)
    rises = np.interp(begins + _DAY_S, times, volumes) - np.interp(begins, times, volumes)
    begin_s = float(begins[int(np.argmax(rises))])
    worst = weighing.flow_error(Phase(begin_s, begin_s + _DAY_S), set_flow_ul_per_h=flow_ul_per_h)
    return Measurand(name, holding_for(worst.measured, begins.size), budget=worst.lines)


OVERINFUSION = measured_kind(OverInfusionEvaluation, measure)
