"""Priming bolus, and bridge bolus after a change of concentration: their volumes, and the flow that follows each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from results.bench import GravimetricBench
from results.kinds.kind import measured_kind
from results.measured.bursts import Burst
from results.measured.change_of_flow import ChangeOfFlow, change_of_flow
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, measured, not_measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing, steady_part
from results.uncertainty.budget import combine


class PrimeBridgeEvaluation(WeighedEvaluation):
    """How a priming bolus, a bridge bolus or both are evaluated; what is not tested is left out of the plan.

    `priming_volume_ul`: programmed, tubing and catheter. `bridge_volume_ul`: what they hold at the old concentration;
    it is given at `bridge_flow_ul_per_h`, the old dose's flow. `settle_s` after each counts for no steady flow.
    """

    kind: Literal["prime_bridge"]
    priming_volume_ul: float | None = Field(default=None, gt=0.0)
    flow_after_priming_ul_per_h: float | None = Field(default=None, gt=0.0)
    bridge_volume_ul: float | None = Field(default=None, gt=0.0)
    bridge_flow_ul_per_h: float | None = Field(default=None, gt=0.0)
    flow_after_bridge_ul_per_h: float | None = Field(default=None, gt=0.0)
    settle_s: float = Field(ge=0.0)

    @model_validator(mode="after")
    def _one_of_them_whole(self) -> Self:
        priming = (self.priming_volume_ul, self.flow_after_priming_ul_per_h)
        bridge = (self.bridge_volume_ul, self.bridge_flow_ul_per_h, self.flow_after_bridge_ul_per_h)
        for name, values in (("priming", priming), ("bridge", bridge)):
            if None in values and any(value is not None for value in values):
                raise ValueError(f"a {name} bolus needs its volume and every flow, or none of them")
        if None in priming and None in bridge:
            raise ValueError("neither a priming nor a bridge bolus is stated")
        return self

    def measurand_units(self) -> Mapping[str, str]:
        """Return what is measured of the boluses stated."""
        units: dict[str, str] = {}
        if self.priming_volume_ul is not None:
            units |= {"priming volume": "uL", "priming volume error": "%", "mean flow error after priming": "%"}
        if self.bridge_volume_ul is not None:
            units |= {
                "bridge volume": "uL",
                "bridge volume error": "%",
                "bridge duration": "s",
                "bridge duration error": "%",
                "mean flow error after bridge": "%",
            }
        return units


def measure(record: RunRecord, evaluation: PrimeBridgeEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a priming or bridge bolus. Raises `EvaluationRefused` where no number can be computed."""
    names = [
        name
        for name, wanted in (
            ("priming bolus", evaluation.priming_volume_ul),
            ("after priming", evaluation.priming_volume_ul),
            ("bridge bolus", evaluation.bridge_volume_ul),
            ("after bridge", evaluation.bridge_volume_ul),
        )
        if wanted is not None
    ]
    phases = [record.phase(name) for name in names]
    flows = (
        evaluation.flow_after_priming_ul_per_h,
        evaluation.bridge_flow_ul_per_h,
        evaluation.flow_after_bridge_ul_per_h,
    )
    weighing = Weighing.of(
        record.weighed_over(*phases),
        evaluation,
        bench,
        fastest_ul_per_h=max(flow for flow in flows if flow is not None),
        bursts=[] if evaluation.priming_volume_ul is None else [Burst(record.phase("priming bolus"), even=True)],
    ).with_pauses(phases)
    found = [*_priming(record, evaluation, weighing), *_bridge(record, evaluation, weighing)]
    return concluded("prime_bridge", record, evaluation, found, weighing=weighing)


def _priming(record: RunRecord, evaluation: PrimeBridgeEvaluation, weighing: Weighing) -> Iterator[Measurand]:
    volume_ul, flow = evaluation.priming_volume_ul, evaluation.flow_after_priming_ul_per_h
    if volume_ul is None or flow is None:
        return
    bolus, after = record.phase("priming bolus"), steady_part(record.phase("after priming"), evaluation.settle_s)
    yield measured("priming volume", weighing.volume(bolus))
    yield measured("priming volume error", weighing.error(bolus, set_volume_ul=volume_ul))
    yield measured("mean flow error after priming", weighing.flow_error(after, set_flow_ul_per_h=flow))


def _bridge(record: RunRecord, evaluation: PrimeBridgeEvaluation, weighing: Weighing) -> Iterator[Measurand]:
    volume_ul, old, new = (
        evaluation.bridge_volume_ul,
        evaluation.bridge_flow_ul_per_h,
        evaluation.flow_after_bridge_ul_per_h,
    )
    if volume_ul is None or old is None or new is None:
        return
    bolus, after = record.phase("bridge bolus"), steady_part(record.phase("after bridge"), evaluation.settle_s)
    yield measured("bridge volume", weighing.volume(bolus))
    yield measured("bridge volume error", weighing.error(bolus, set_volume_ul=volume_ul))
    yield from _duration(
        change_of_flow(
            weighing,
            before=steady_part(bolus, evaluation.settle_s),
            after=after,
            since_s=bolus.begin_s,
            expected_ul_per_h=new - old,
        )
        if old != new
        else "the flow is the same before and after",
        programmed_s=volume_ul / old * 3600.0,
    )
    yield measured("mean flow error after bridge", weighing.flow_error(after, set_flow_ul_per_h=new))


def _duration(change: ChangeOfFlow | str, *, programmed_s: float) -> Iterator[Measurand]:
    """Yield how long the bridge took until the flow changed, and its error against V C_old / dose_old."""
    if isinstance(change, str):
        yield not_measured("bridge duration", change)
        yield not_measured("bridge duration error", change)
        return
    budget = change.budget
    yield measured("bridge duration", budget)
    error = combine(
        value=100.0 * (budget.measured.value / programmed_s - 1.0),
        unit="%",
        lines=[line.scaled(100.0 / programmed_s) for line in budget.lines],
        coverage_percent=budget.coverage_percent,
    )
    yield measured("bridge duration error", error)


PRIME_BRIDGE = measured_kind(PrimeBridgeEvaluation, measure)
