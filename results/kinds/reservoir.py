"""Low and empty reservoir: what was left when the pump said so, and what came after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Verdict
from results.kinds.kind import measured_kind
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, Observation, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.pump_log import AlarmEdge, PumpLog
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.series import Phase
from results.uncertainty.budget import combine
from results.uncertainty.lines import normal

_ALARMS = {"low": "low reservoir", "empty": "empty reservoir"}
AFTER_EMPTY = "after empty"


class ReservoirEvaluation(WeighedEvaluation):
    """How a test of the reservoir's alarms is evaluated.

    `fill_ul`: in the reservoir as the infusion begins, with its standard uncertainty; what was weighed since is gone.
    """

    kind: Literal["reservoir"]
    set_flow_ul_per_h: float = Field(gt=0.0)
    fill_ul: float = Field(gt=0.0)
    fill_u_ul: float = Field(ge=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the reservoir at each alarm, weighed and calculated, and the flow after the last."""
        units: dict[str, str] = {}
        for word in _ALARMS:
            units |= dict.fromkeys(_names(word), "uL")
        return units | {"flow after empty": "uL/h"}


def _names(word: str) -> tuple[str, str, str]:
    return (
        f"reservoir at {word} alarm, weighed",
        f"reservoir at {word} alarm, calculated",
        f"{word} alarm, calculated less weighed",
    )


def measure(record: RunRecord, evaluation: ReservoirEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a test of the reservoir's alarms. Raises `EvaluationRefused` where no number can be had."""
    infusion, empty = record.phase("infusion"), record.phases.get(AFTER_EMPTY)
    parts = (infusion,) if empty is None else (infusion, empty)
    weighing = Weighing.of(
        record.weighed_over(*parts), evaluation, bench, fastest_ul_per_h=evaluation.set_flow_ul_per_h
    )
    log = record.pump()
    # The poll that shows an alarm may be dated just after the phase it ends.
    watched = Phase(infusion.begin_s, max(part.end_s for part in parts) + 2.0 * log.poll_period_s())
    found: list[Measurand] = []
    seen: list[Observation] = []
    for word, alarm in _ALARMS.items():
        edges = log.edges(alarm, watched)
        if not edges:
            why = f"the pump raised no alarm {alarm!r} within {watched.duration_s:.0f} s"
            found += [not_measured(name, why) for name in _names(word)]
            continue
        found += _at_alarm(word, edges[0], infusion, weighing, log, evaluation)
        seen.append(Observation(edges[0].by_s, f"the pump raises {alarm!r}"))
    if empty is None:
        found.append(not_measured("flow after empty", f"the run holds no phase {AFTER_EMPTY!r}", Verdict.NOT_RUN))
    else:
        found.append(measured("flow after empty", weighing.mean_flow(empty)))
    return concluded("reservoir", record, evaluation, found, weighing=weighing, observations=seen)


def _at_alarm(
    word: str, edge: AlarmEdge, infusion: Phase, weighing: Weighing, log: PumpLog, evaluation: ReservoirEvaluation
) -> Iterator[Measurand]:
    """Yield what was left at an alarm: by weighing, by the pump's own count, and the difference."""
    weighed_name, calculated_name, difference_name = _names(word)
    volume = weighing.volume(Phase(infusion.begin_s, edge.at_s))
    flow = evaluation.set_flow_ul_per_h / 3600.0
    poll = edge.line().scaled(flow)
    fill = normal("reservoir as filled", value=evaluation.fill_ul, unit="uL", u=evaluation.fill_u_ul, sensitivity=1.0)
    left_ul = evaluation.fill_ul - volume.measured.value
    calculated_ul = log.reservoir_at(edge.at_s)
    coverage = evaluation.coverage_percent
    lines = [*volume.lines, fill, poll]
    yield measured(weighed_name, combine(value=left_ul, unit="uL", lines=lines, coverage_percent=coverage))
    yield measured(calculated_name, combine(value=calculated_ul, unit="uL", lines=[poll], coverage_percent=coverage))
    yield measured(
        difference_name, combine(value=calculated_ul - left_ul, unit="uL", lines=lines, coverage_percent=coverage)
    )


RESERVOIR = measured_kind(ReservoirEvaluation, measure)
