"""Boluses with a lockout: one is granted, a demand too soon after it is refused and must deliver nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from results.bench import GravimetricBench
from results.decision import MeasuredValue
from results.kinds.kind import measured_kind
from results.measured.bursts import Burst
from results.measured.conclude import concluded
from results.measured.evaluation import WeighedEvaluation
from results.measured.measurand import Measurand, Observation, measured
from results.measured.outcome import MeasuredOutcome
from results.measured.run_record import RunRecord
from results.measured.weighing import Weighing
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal

BOLUS_REFUSED = "bolus_refused"


class LockoutEvaluation(WeighedEvaluation):
    """How boluses with a lockout are evaluated: `boluses` are granted, each followed by a lockout.

    `basal_flow_ul_per_h` runs all the time, 0 without one; with `basal_paused_s` not for so long in each bolus, which
    then takes its place.
    """

    kind: Literal["lockout"]
    boluses: int = Field(default=1, ge=1)
    bolus_volume_ul: float = Field(gt=0.0)
    basal_flow_ul_per_h: float = Field(default=0.0, ge=0.0)
    basal_flow_u_ul_per_h: float = Field(default=0.0, ge=0.0)
    basal_paused_s: float = Field(default=0.0, ge=0.0)

    def measurand_units(self) -> Mapping[str, str]:
        """Return the error of each bolus, what came in each lockout, and how many demands were refused."""
        numbers = range(1, self.boluses + 1)
        return (
            {f"bolus volume error, bolus {n}": "%" for n in numbers}
            | {f"delivered beyond basal, lockout {n}": "uL" for n in numbers}
            | {"demands refused": "1"}
        )


def measure(record: RunRecord, evaluation: LockoutEvaluation, bench: GravimetricBench) -> MeasuredOutcome:
    """Return the outcome of a lockout test. Raises `EvaluationRefused` where no honest number can be computed.

    A bolus is weighed from its begin to that of its lockout.
    """
    boluses = [phase for _, phase in record.numbered("bolus", evaluation.boluses)]
    lockouts = [phase for _, phase in record.numbered("lockout", evaluation.boluses)]
    # A pump that ignores its lockout delivers a bolus there: that is no disturbance of the balance.
    lasts_s = evaluation.basal_paused_s or min(bolus.duration_s for bolus in boluses)
    weighing = Weighing.of(
        record.weighed_over(*boluses, *lockouts),
        evaluation,
        bench,
        fastest_ul_per_h=max(evaluation.bolus_volume_ul * 3600.0 / lasts_s, evaluation.basal_flow_ul_per_h),
        bursts=[Burst(bolus, even=True) for bolus in boluses],
    ).with_pauses(lockouts)
    found: list[Measurand] = []
    refused = [event for lockout in lockouts for event in record.events_of(BOLUS_REFUSED, lockout)]
    for n, (bolus, lockout) in enumerate(zip(boluses, lockouts, strict=True), start=1):
        given = _beyond_basal(
            weighing, Phase(bolus.begin_s, lockout.begin_s), evaluation, paused_s=evaluation.basal_paused_s
        )
        set_ul = evaluation.bolus_volume_ul
        error = combine(
            value=100.0 * (given.measured.value / set_ul - 1.0),
            unit="%",
            lines=[line.scaled(100.0 / set_ul) for line in given.lines],
            coverage_percent=evaluation.coverage_percent,
        )
        found.append(measured(f"bolus volume error, bolus {n}", error))
        found.append(measured(f"delivered beyond basal, lockout {n}", _beyond_basal(weighing, lockout, evaluation)))
    found.append(Measurand("demands refused", MeasuredValue(float(len(refused)), "1", 0.0, math.inf, 2.0, 0.0)))
    seen = [Observation(event.time_ns / 1e9, f"the pump refused a bolus: {dict(event.data)}") for event in refused]
    return concluded("lockout", record, evaluation, found, weighing=weighing, observations=seen)


def _beyond_basal(weighing: Weighing, period: Phase, evaluation: LockoutEvaluation, *, paused_s: float = 0.0) -> Budget:
    """Return the volume (uL) of a period less what the basal flow brings, which pauses for `paused_s` of it."""
    volume = weighing.volume(period)
    hours = (period.duration_s - paused_s) / 3600.0
    basal = normal(
        "basal flow",
        value=evaluation.basal_flow_ul_per_h,
        unit="uL/h",
        u=evaluation.basal_flow_u_ul_per_h,
        sensitivity=-hours,
    )
    return combine(
        value=volume.measured.value - evaluation.basal_flow_ul_per_h * hours,
        unit="uL",
        lines=[*volume.lines, basal],
        coverage_percent=evaluation.coverage_percent,
    )


LOCKOUT = measured_kind(LockoutEvaluation, measure)
