"""Refills: what the pump calculates it delivered, and what the reservoir held, against what was weighed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Verdict
from results.kinds.kind import measured_kind
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.pump_log import PumpLog
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.refusal import EvaluationRefused
from results.series import Phase
from results.trace.schema import TraceEvent
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.lines import normal, rectangular

REFILL = "refill"


class RefillEvaluation(WeighedEvaluation):
    """How refills are evaluated. `flow_ul_per_h`: programmed, in every phase "infusion 1", "infusion 2", ...

    `fill_ul`: in the reservoir as the first infusion begins, None where it is not known. `syringe_u_ul`: standard
    uncertainty of a volume filled or drawn off.
    """

    kind: Literal["refill"]
    infusions: int = Field(default=1, ge=1)
    flow_ul_per_h: float = Field(gt=0.0)
    fill_ul: float | None = Field(default=None, gt=0.0)
    syringe_u_ul: float = Field(ge=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the volumes weighed and calculated, the two accuracy ratios, and what the pump took the refill for."""
        return {
            "volume weighed": "uL",
            "volume calculated": "uL",
            "calculated less weighed": "%",
            "accuracy ratio by weighing": "%",
            "accuracy ratio by residual": "%",
            "reservoir calculated after refill less filled": "uL",
        }


def measure(record: RunRecord, evaluation: RefillEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a refill test. Raises `EvaluationRefused` where no honest number can be computed.

    A = 100 (V_fill - V_residual) / V_programmed is the published measure of an implanted pump's accuracy at a refill;
    by weighing, the volume delivered stands for the difference.
    """
    infusions = [phase for _, phase in record.numbered("infusion", evaluation.infusions)]
    flow = evaluation.flow_ul_per_h
    weighing = Weighing.of(record.weighed_over(*infusions), evaluation, bench, fastest_ul_per_h=flow)
    weighing = weighing.with_pauses(infusions)
    log = record.pump()
    parts = [weighing.volume(phase) for phase in infusions]
    calculated_ul = sum(_calculated_ul(log, phase) for phase in infusions)
    programmed_ul = sum(flow * phase.duration_s / 3600.0 for phase in infusions)
    weighed = combine(
        value=sum(part.measured.value for part in parts),
        unit="uL",
        lines=_summed(parts),
        coverage_percent=evaluation.coverage_percent,
    )
    poll = rectangular(
        "delivery between two polls of the pump",
        unit="s",
        half_width=log.poll_period_s() / 2.0,
        sensitivity=flow / 3600.0 * math.sqrt(2.0 * len(parts)),
    )
    weighed_ul = weighed.measured.value
    found = [
        measured("volume weighed", weighed),
        measured("volume calculated", combine(value=calculated_ul, unit="uL", lines=[poll])),
        measured(
            "calculated less weighed",
            _percent(calculated_ul / weighed_ul - 1.0, [*weighed.lines, poll], weighed_ul, evaluation),
        ),
        measured(
            "accuracy ratio by weighing",
            _percent(weighed_ul / programmed_ul, weighed.lines, programmed_ul, evaluation),
        ),
        _by_residual(record, evaluation, programmed_ul),
        _after_refill(record, evaluation, log),
    ]
    return concluded("refill", record, evaluation, found, weighing=weighing)


def _calculated_ul(log: PumpLog, phase: Phase) -> float:
    return log.reservoir_at(phase.begin_s) - log.reservoir_at(phase.end_s)


def _summed(parts: list[Budget]) -> list[BudgetLine]:
    """Return the lines of a sum of volumes; what they share adds up, the rest does so independently."""
    return [line for part in parts for line in part.lines if not line.shared] + [
        same[0].scaled(sum(line.sensitivity for line in same) / same[0].sensitivity)
        for same in zip(*([line for line in part.lines if line.shared] for part in parts), strict=True)
        if same[0].sensitivity
    ]


def _percent(
    share: float, lines: list[BudgetLine] | tuple[BudgetLine, ...], whole_ul: float, evaluation: RefillEvaluation
) -> Budget:
    return combine(
        value=100.0 * share,
        unit="%",
        lines=[line.scaled(100.0 / whole_ul) for line in lines],
        coverage_percent=evaluation.coverage_percent,
    )


def _volume(event: TraceEvent, key: str) -> float | None:
    value = event.data.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _by_residual(record: RunRecord, evaluation: RefillEvaluation, programmed_ul: float) -> Measurand:
    """Return A by what was filled in and drawn off, over the refills that tell a residual."""
    name = "accuracy ratio by residual"
    filled, used_ul, drawn = evaluation.fill_ul, 0.0, 0
    for event in record.events_of(REFILL):
        residual = _volume(event, "residual_ul")
        if filled is None or residual is None:
            return not_measured(name, "fill or residual were not measured", Verdict.NOT_RUN)
        used_ul += filled - residual
        drawn += 1
        filled = _volume(event, "volume_ul")
    if drawn != evaluation.infusions:
        return not_measured(
            name, f"{drawn} residuals were drawn off after {evaluation.infusions} infusions", Verdict.NOT_RUN
        )
    syringe = normal(
        "volumes filled and drawn off", unit="uL", u=evaluation.syringe_u_ul, sensitivity=math.sqrt(2.0 * drawn)
    )
    return measured(name, _percent(used_ul / programmed_ul, [syringe], programmed_ul, evaluation))


def _after_refill(record: RunRecord, evaluation: RefillEvaluation, log: PumpLog) -> Measurand:
    """Return what the pump says its reservoir holds at the first poll after the last refill, less what was filled."""
    name = "reservoir calculated after refill less filled"
    refills = record.events_of(REFILL)
    filled = _volume(refills[-1], "volume_ul") if refills else None
    if filled is None:
        return not_measured(name, "no refill was recorded", Verdict.NOT_RUN)
    later = log.time_s[log.time_s > refills[-1].time_ns / 1e9 + log.poll_period_s()]
    if later.size == 0:
        raise EvaluationRefused("the pump was not polled after its refill")
    line = normal("volume filled", unit="uL", u=evaluation.syringe_u_ul, sensitivity=1.0)
    return measured(name, combine(value=log.reservoir_at(float(later[0])) - filled, unit="uL", lines=[line]))


REFILL_KIND = measured_kind(RefillEvaluation, measure)
