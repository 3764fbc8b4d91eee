"""A pump stopped for long, and started again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.kinds.kind import measured_kind
from results.measured.alarm import alarm_after
from results.measured.change_of_flow import change_of_flow
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing, steady_part
from results.series import Phase

STOPPED_TOO_LONG = "stopped too long"


class RestartEvaluation(WeighedEvaluation):
    """How a stop and restart is evaluated. `settle_s` after stop and restart counts for no line through the flow."""

    kind: Literal["restart"]
    set_flow_ul_per_h: float = Field(gt=0.0)
    settle_s: float = Field(ge=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return what came while stopped, the alarm, and the flow after the restart."""
        return {
            "delivered while stopped": "uL",
            "flow while stopped": "uL/h",
            "stopped alarm after": "s",
            "restart delay": "s",
            "mean flow error after restart": "%",
        }


def measure(record: RunRecord, evaluation: RestartEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a stop and restart. Raises `EvaluationRefused` where no honest number can be computed."""
    stopped, after = record.phase("stopped"), record.phase("after restart")
    flow = evaluation.set_flow_ul_per_h
    parts = [phase for phase in (record.phases.get("before stop"), stopped, after) if phase is not None]
    weighing = Weighing.of(record.weighed_over(*parts), evaluation, bench, fastest_ul_per_h=flow)
    steady = steady_part(after, evaluation.settle_s)
    weighing = weighing.with_pauses((steady,))
    found = [
        measured("delivered while stopped", weighing.volume(stopped)),
        measured("flow while stopped", weighing.mean_flow(stopped)),
        alarm_after("stopped alarm after", record, STOPPED_TOO_LONG, since=stopped, until_s=after.end_s),
        _delay(weighing, _at_rest(stopped, evaluation.settle_s, steady), steady, after.begin_s, flow),
        measured("mean flow error after restart", weighing.flow_error(steady, set_flow_ul_per_h=flow)),
    ]
    return concluded("restart", record, evaluation, found, weighing=weighing)


def _at_rest(stopped: Phase, settle_s: float, steady: Phase) -> Phase:
    """Return the end of the stop, as long as the flow after it: what came days before tells nothing of the restart."""
    rest = steady_part(stopped, settle_s)
    return Phase(max(rest.begin_s, rest.end_s - steady.duration_s), rest.end_s)


def _delay(weighing: Weighing, before: Phase, after: Phase, begin_s: float, flow_ul_per_h: float) -> Measurand:
    change = change_of_flow(weighing, before=before, after=after, since_s=begin_s, expected_ul_per_h=flow_ul_per_h)
    return (
        not_measured("restart delay", change) if isinstance(change, str) else measured("restart delay", change.budget)
    )


RESTART = measured_kind(RestartEvaluation, measure)
