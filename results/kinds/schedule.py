"""A flex schedule: day-steps repeated over days, each with its dose, and when the flow changed between them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.kinds.kind import measured_kind
from results.kinds.steps import UG_PER_UL_OF_UG_PER_ML
from results.measured.change_of_flow import change_of_flow
from results.measured.conclude import concluded
from results.measured.evaluation import Flows, WeighedEvaluation
from results.measured.measurand import Measurand, extreme, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing, steady_part
from results.series import Phase


class ScheduleEvaluation(WeighedEvaluation):
    """How a flex schedule is evaluated. `flows_ul_per_h`: the set flow of each step of a day; every day has them all.

    `settle_s` at the begin of each step counts for its dose, but not for the lines that tell when the flow changed.
    """

    kind: Literal["schedule"]
    flows_ul_per_h: Flows
    days: int = Field(ge=1)
    settle_s: float = Field(ge=0.0)
    concentration_ug_per_ml: float = Field(gt=0.0)

    @property
    def step_names(self) -> tuple[str, ...]:
        """The day-steps in order of time, such as "2.4"."""
        return tuple(f"{d}.{n}" for d in range(1, self.days + 1) for n in range(1, len(self.flows_ul_per_h) + 1))

    @property
    def step_flows(self) -> tuple[float, ...]:
        """The set flow (uL/h) of each of them."""
        return self.flows_ul_per_h * self.days

    @property
    def transitions(self) -> tuple[int, ...]:
        """The places of the day-steps whose flow differs from the one before."""
        return tuple(place for place, (old, new) in enumerate(pairwise(self.step_flows), start=1) if old != new)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the dose of each day-step, the transitions, the days, and the extremes over all of them."""
        names = self.step_names
        return (
            {f"dose, day-step {name}": "ug" for name in names}
            | {f"dose error, day-step {name}": "%" for name in names}
            | {f"transition delay, day-step {names[place]}": "s" for place in self.transitions}
            | {f"dose error, day {day}": "%" for day in range(1, self.days + 1)}
            | dict.fromkeys(_DOSE_EXTREMES, "%")
            | (dict.fromkeys(_TRANSITION_EXTREMES, "s") if self.transitions else {})
        )


_DOSE_EXTREMES = (
    "highest day-step dose error",
    "lowest day-step dose error",
    "highest daily dose error",
    "lowest daily dose error",
)
_TRANSITION_EXTREMES = ("latest transition", "earliest transition")


def measure(record: RunRecord, evaluation: ScheduleEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a flex schedule. Raises `EvaluationRefused` where no honest number can be computed."""
    names, flows = evaluation.step_names, evaluation.step_flows
    steps = [phase for _, phase in record.numbered("day-step", len(names))]
    weighing = Weighing.of(record.weighed_over(*steps), evaluation, bench, fastest_ul_per_h=max(flows))
    weighing = weighing.with_pauses(steady_part(step, evaluation.settle_s) for step in steps)
    per_ul = evaluation.concentration_ug_per_ml * UG_PER_UL_OF_UG_PER_ML
    doses = [
        measured(f"dose, day-step {name}", weighing.scaled(weighing.volume(step), per_ul, "ug"))
        for name, step in zip(names, steps, strict=True)
    ]
    errors = [
        measured(f"dose error, day-step {name}", weighing.flow_error(step, set_flow_ul_per_h=flow))
        for name, step, flow in zip(names, steps, flows, strict=True)
    ]
    days = [_day(day, weighing, steps, evaluation) for day in range(evaluation.days)]
    delays = [_transition(place, weighing, steps, evaluation) for place in evaluation.transitions]
    extremes = [
        extreme(name, of, highest=highest)
        for names_of_both, of in (
            (_DOSE_EXTREMES[:2], errors),
            (_DOSE_EXTREMES[2:], days),
            (_TRANSITION_EXTREMES, delays),
        )
        for name, highest in zip(names_of_both, (True, False), strict=True)
        if of
    ]
    return concluded("schedule", record, evaluation, [*doses, *errors, *delays, *days, *extremes], weighing=weighing)


def _day(day: int, weighing: Weighing, steps: list[Phase], evaluation: ScheduleEvaluation) -> Measurand:
    """Return the balance of a day: what was delivered against what its steps add up to."""
    count = len(evaluation.flows_ul_per_h)
    of_day = steps[day * count : (day + 1) * count]
    set_ul = sum(flow * step.duration_s / 3600.0 for flow, step in zip(evaluation.flows_ul_per_h, of_day, strict=True))
    whole = Phase(of_day[0].begin_s, of_day[-1].end_s)
    return measured(f"dose error, day {day + 1}", weighing.error(whole, set_volume_ul=set_ul))


def _transition(place: int, weighing: Weighing, steps: list[Phase], evaluation: ScheduleEvaluation) -> Measurand:
    name = f"transition delay, day-step {evaluation.step_names[place]}"
    flows = evaluation.step_flows
    change = change_of_flow(
        weighing,
        before=steady_part(steps[place - 1], evaluation.settle_s),
        after=steady_part(steps[place], evaluation.settle_s),
        since_s=steps[place].begin_s,
        expected_ul_per_h=flows[place] - flows[place - 1],
    )
    return not_measured(name, change) if isinstance(change, str) else measured(name, change.budget)


SCHEDULE = measured_kind(ScheduleEvaluation, measure)
