"""A continuous infusion raised in steps, as a catheter trial is: accuracy and response of every step, total dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Verdict
from results.kinds.kind import measured_kind
from results.measured.change_of_flow import change_of_flow
from results.measured.conclude import concluded
from results.measured.evaluation import Flows, WeighedEvaluation
from results.measured.measurand import Measurand, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.response_time import NotTold, response_time
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing, steady_part
from results.series import Phase
from results.uncertainty.budget import Budget

UG_PER_UL_OF_UG_PER_ML = 1e-3


class StepsEvaluation(WeighedEvaluation):
    """How a stepped infusion is evaluated. `flows_ul_per_h`: the set flow of step 1, 2, ..., each held a while.

    `settle_s` at the begin of each step is no part of its mean flow. `response_band_percent`: about the set flow.
    """

    kind: Literal["steps"]
    flows_ul_per_h: Flows
    settle_s: float = Field(ge=0.0)
    response_band_percent: float = Field(gt=0.0)
    concentration_ug_per_ml: float = Field(gt=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return mean flow, its error, response delay and time of each step, then the total dose."""
        of_steps = {
            "mean flow": "uL/h",
            "mean flow error": "%",
            "response delay": "s",
            "response time": "s",
        }
        numbers = range(1, len(self.flows_ul_per_h) + 1)
        units = {f"{name}, step {n}": unit for name, unit in of_steps.items() for n in numbers}
        return units | {"total dose": "ug", "total dose error": "%"}


def measure(record: RunRecord, evaluation: StepsEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a stepped infusion. Raises `EvaluationRefused` where no honest number can be computed."""
    flows = evaluation.flows_ul_per_h
    steps = [phase for _, phase in record.numbered("step", len(flows))]
    weighing = Weighing.of(record.weighed_over(*steps), evaluation, bench, fastest_ul_per_h=max(flows))
    weighing = weighing.with_pauses(steady_part(step, evaluation.settle_s) for step in steps)
    found: list[Measurand] = []
    for n, (step, flow) in enumerate(zip(steps, flows, strict=True), start=1):
        steady = steady_part(step, evaluation.settle_s)
        found.append(measured(f"mean flow, step {n}", weighing.mean_flow(steady)))
        found.append(measured(f"mean flow error, step {n}", weighing.flow_error(steady, set_flow_ul_per_h=flow)))
        before = record.phases.get("blank_before") if n == 1 else steady_part(steps[n - 2], evaluation.settle_s)
        change = flow - (0.0 if n == 1 else flows[n - 2])
        found.append(_delay(f"response delay, step {n}", weighing, before, steady, step.begin_s, change))
        found.append(_time(f"response time, step {n}", weighing, step, flow, evaluation.response_band_percent))
    found += _dose(weighing, steps, flows, evaluation)
    return concluded("steps", record, evaluation, found, weighing=weighing)


def _delay(
    name: str, weighing: Weighing, before: Phase | None, after: Phase, begin_s: float, change_ul_per_h: float
) -> Measurand:
    if before is None:
        return not_measured(name, "no blank before it shows the pump standing", Verdict.INCONCLUSIVE)
    if change_ul_per_h == 0.0:
        return not_measured(name, "no change of flow is programmed", Verdict.INCONCLUSIVE)
    change = change_of_flow(weighing, before=before, after=after, since_s=begin_s, expected_ul_per_h=change_ul_per_h)
    return not_measured(name, change) if isinstance(change, str) else measured(name, change.budget)


def _time(name: str, weighing: Weighing, step: Phase, flow_ul_per_h: float, band_percent: float) -> Measurand:
    found = response_time(weighing, step, flow_ul_per_h=flow_ul_per_h, band_percent=band_percent)
    if isinstance(found, NotTold):
        return not_measured(name, found.why, found.verdict)
    return measured(name, found)


def _dose(
    weighing: Weighing, steps: list[Phase], flows: tuple[float, ...], evaluation: StepsEvaluation
) -> list[Measurand]:
    whole = Phase(steps[0].begin_s, steps[-1].end_s)
    programmed_ul = sum(flow * step.duration_s / 3600.0 for flow, step in zip(flows, steps, strict=True))
    volume: Budget = weighing.volume(whole)
    dose = weighing.scaled(volume, evaluation.concentration_ug_per_ml * UG_PER_UL_OF_UG_PER_ML, "ug")
    return [
        measured("total dose", dose),
        measured("total dose error", weighing.error(whole, set_volume_ul=programmed_ul)),
    ]


STEPS = measured_kind(StepsEvaluation, measure)
