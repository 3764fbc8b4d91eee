"""The daily check: zero, check weights, drift, tightness of the line, zero and span of the transducers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from results.kinds.daily_check import DailyCheckEvaluation
from results.trace.schema import PRESSURE_PREFIX
from rig.cases.case import Case
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import CaseTable, Duration
from rig.operators.step import ExpectedState, OperatorStep
from rig.procedures.procedure import Procedure

SEEN_WITHIN = 0.5
"""A pressure is there when it is this close to what it should be, as a part of it: how exactly, is for evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightStep:
    """One check weight: the phase it is read in, and its nominal mass."""

    phase: str
    mass_mg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCheckCase(Case):
    """What is done, in the order of the fields; `weights` and the pressures applied are those the evaluation checks."""

    evaluation: DailyCheckEvaluation
    reading_s: float
    placed_within_s: float
    weights: tuple[WeightStep, ...]
    drift_s: float
    pressurise: OperatorStep
    hold_s: float
    apply_zero: OperatorStep
    apply_span: OperatorStep
    release_reference: OperatorStep
    transducer_s: float

    @property
    def planned_s(self) -> float:
        """Duration of all phases together, s of station time."""
        return (1 + len(self.weights)) * self.reading_s + self.drift_s + self.hold_s + 2.0 * self.transducer_s

    @property
    def is_checked_afterwards(self) -> bool:
        """Never: it is the check."""
        return False


class DailyCheckTable(CaseTable):
    """`[case.<name>]`: how long each thing is read, and what is pushed into the shut line.

    `line_volume_ul` is what the syringe pushes in, `line_pressure_kpa` about what that makes of a tight line.
    `for_pump` names a function (`rig.cases.needs.FUNCTIONS`) of the pumps whose line it is.
    """

    for_pump: str = Field(min_length=1)
    reading_s: Duration
    placed_within_s: Duration
    drift_s: Duration
    line_volume_ul: float = Field(gt=0)
    line_pressure_kpa: float = Field(gt=0)
    hold_s: Duration
    transducer_s: Duration


def _case(base: Mapping[str, Any], table: DailyCheckTable, evaluation: DailyCheckEvaluation) -> DailyCheckCase:
    spans = {check.channel: check.span_kpa for check in evaluation.transducers}
    channel = evaluation.line.channel if evaluation.line is not None else "line"
    return DailyCheckCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(modes=frozenset(), functions=frozenset({table.for_pump})),
        reading_s=table.reading_s,
        placed_within_s=table.placed_within_s,
        weights=tuple(
            WeightStep(phase=f"check weight {number}", mass_mg=weight.mass_g * 1e3)
            for number, weight in enumerate(evaluation.weights, start=1)
        ),
        drift_s=table.drift_s,
        pressurise=OperatorStep(
            name="pressurise the line",
            instruction=f"Push {table.line_volume_ul:g} uL into the shut line, and close the syringe's stopcock.",
            action="inject_fixture",
            values={"volume_ul": table.line_volume_ul},
            expects=_pressure(channel, table.line_pressure_kpa, table.placed_within_s),
        ),
        hold_s=table.hold_s,
        apply_zero=_applied(dict.fromkeys(spans, 0.0), table.placed_within_s),
        apply_span=_applied(spans, table.placed_within_s),
        release_reference=OperatorStep(
            name="back to the line",
            instruction="Vent the pressure reference and connect the transducers to the line again.",
            action="release_pressure",
        ),
        transducer_s=table.transducer_s,
    )


def _applied(pressures_kpa: Mapping[str, float], within_s: float) -> OperatorStep:
    words = ", ".join(f"{pressure:g} kPa to {channel}" for channel, pressure in pressures_kpa.items())
    channel, pressure_kpa = max(pressures_kpa.items(), key=lambda item: item[1], default=("", 0.0))
    return OperatorStep(
        name=f"apply {pressure_kpa:g} kPa",
        instruction=f"Apply the pressure reference: {words}.",
        action="apply_pressure",
        values=dict(pressures_kpa),
        expects=_pressure(channel, pressure_kpa, within_s) if pressure_kpa > 0.0 else None,
    )


def _pressure(channel: str, pressure_kpa: float, within_s: float) -> ExpectedState:
    low, high = ((1.0 + part) * pressure_kpa for part in (-SEEN_WITHIN, SEEN_WITHIN))
    return ExpectedState(stream=PRESSURE_PREFIX + channel, low=low, high=high, within_s=within_s, change=False)


PROCEDURE = Procedure(name="daily-check", kind="daily_check", table=DailyCheckTable, case=_case)
