"""What comes out when an occlusion is let go: collected until the pressure is back, the pump's own flow taken off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from results.measured.bursts import Burst
from results.measured.weighing import Weighing
from results.occlusion.instants import Instant
from results.occlusion.line_budgets import strokes
from results.occlusion.model import LineEvaluation
from results.occlusion.pressure import PressureRecord
from results.refusal import EvaluationRefused
from results.series import Phase
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal, rectangular

_LEAD_S = 5.0
_SETTLING_S = 5.0
_READINGS = 2.0


@dataclass(frozen=True, slots=True)
class Running:
    """The pump delivered from one instant to another, at so many times its steady flow."""

    began: Instant
    ended: Instant
    flow_ratio: float = 1.0


def own_delivery_ul(running: Sequence[Running], flow_ul_per_h: float, period: Phase) -> tuple[float, float]:
    """Return what the pump itself delivered in a period, and how far that may be off to either side (uL)."""
    volume_ul = doubt_ul = 0.0
    for one in running:
        per_s = one.flow_ratio * flow_ul_per_h / 3600.0
        begin_s, end_s = max(one.began.at_s, period.begin_s), min(one.ended.at_s, period.end_s)
        volume_ul += per_s * max(end_s - begin_s, 0.0)
        for edge in (one.began, one.ended):
            inside_s = min(edge.by_s, period.end_s) - max(edge.after_s, period.begin_s)
            doubt_ul += per_s * max(inside_s, 0.0) / 2.0
    return volume_ul, doubt_ul


def untimed(weighing: Weighing) -> Weighing:
    """Return the kit for what comes between two instants at which next to nothing flows.

    When exactly they are is no matter then, and no stroke is on its way through the balance's filter.
    """
    return replace(weighing, bench=weighing.bench.model_copy(update={"timing_u_s": 0.0, "balance_response_s": 0.0}))


def last_still_s(weighing: Weighing, released: Instant) -> float:
    """Return an instant (s) shortly before the release: nothing flows, and no reading beside it holds what came out."""
    lead_s = max(_LEAD_S, _READINGS * weighing.reading_period_s)
    return max(released.after_s - lead_s, float(weighing.collection.time_s[0]))


def collected(
    weighing: Weighing, *, released: Instant, until_s: float, running: Sequence[Running], flow: Budget
) -> Budget:
    """Return the volume (uL) that came out after the release, up to an instant (s), less the pump's own delivery.

    `flow` is the weighed steady flow. Evaporation and all else is corrected as the weighing does.
    """
    weighed = untimed(weighing).volume(Phase(last_still_s(weighing, released), until_s))
    period = Phase(released.at_s, until_s)
    own_ul, doubt_ul = own_delivery_ul(running, flow.measured.value, period)
    lines = list(weighed.lines)
    if own_ul or doubt_ul:
        per_s = own_ul / period.duration_s
        relative = flow.measured.standard_uncertainty / flow.measured.value
        lines += [
            normal(
                "the pump's own flow meanwhile", value=own_ul, unit="uL", u=abs(own_ul) * relative, sensitivity=-1.0
            ),
            rectangular("when the pump ran meanwhile", unit="uL", half_width=doubt_ul, sensitivity=-1.0),
            normal("timing of the readings, by that flow", unit="s", u=weighing.bench.timing_u_s, sensitivity=per_s),
            *strokes(weighing.evaluation.stroke_volume_ul, per_ul=1.0),
        ]
    return combine(
        value=weighed.measured.value - own_ul, unit="uL", lines=lines, coverage_percent=weighed.coverage_percent
    )


def bursts_of(
    pressure: PressureRecord,
    evaluation: LineEvaluation,
    *,
    steady: Phase,
    closed: Instant,
    released: Instant | None,
    end_s: float,
) -> tuple[Burst, ...]:
    """Return the steady flow, and when delivery may come at once: from the release until the pressure is back."""
    even = Burst(steady, evaluation.set_flow_ul_per_h, even=True)
    if released is None:
        return (even,)
    back: Instant | None = None
    with suppress(EvaluationRefused):
        before = pressure.level(closed.after_s - evaluation.level_s, closed.after_s)
        below_kpa = before.kpa + evaluation.back_band_kpa
        back = pressure.back_at(released.after_s, end_s, below_kpa=below_kpa)
    until_s = end_s if back is None else min(back.by_s + _SETTLING_S, end_s)
    return even, Burst(Phase(released.after_s, max(until_s, released.by_s + _SETTLING_S)))


def before_reduction(bolus: Budget, *, fall: Budget, compliance: Budget) -> Budget:
    """Return the bolus (uL) there would have been without the reduction: `fall` (kPa) is what that took off."""
    taken_ul = compliance.measured.value * fall.measured.value
    u = math.hypot(
        compliance.measured.standard_uncertainty * fall.measured.value,
        fall.measured.standard_uncertainty * compliance.measured.value,
    )
    lines = [*bolus.lines, normal("volume taken back", value=taken_ul, unit="uL", u=u, sensitivity=1.0)]
    return combine(
        value=bolus.measured.value + taken_ul, unit="uL", lines=lines, coverage_percent=bolus.coverage_percent
    )
