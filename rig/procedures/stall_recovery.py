"""Stall and recovery: an infusion watched for times without delivery, with one made on purpose or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from instruments.program import continuous
from results.kinds.stall import ALARM_DELAY, StallEvaluation
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration
from rig.configuration.section import Contradictions
from rig.operators.step import OperatorStep
from rig.procedures.dosed import DosedCase, DosedCaseTable
from rig.procedures.procedure import Procedure

HOLD = OperatorStep(
    name="hold the rotor",
    instruction="Hold the magnet to the pump so that its rotor stands still.",
    action="hold_rotor",
)
FREE = OperatorStep(
    name="free the rotor",
    instruction="Take the magnet away from the pump, out of reach of it and of the balance.",
    action="free_rotor",
)


@dataclass(frozen=True, slots=True)
class RotorHold:
    """A stall made on purpose: both manual steps, how long it lasts, and how long recovery is watched (s)."""

    begin: OperatorStep
    end: OperatorStep
    duration_s: float
    recovery_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StallRecoveryCase(DosedCase):
    """An infusion: for `undisturbed_s` nobody touches the pump; then its rotor is held, where the case says so."""

    undisturbed_s: float
    hold: RotorHold | None

    @property
    def delivery_s(self) -> float:
        """Duration of the infusion, s."""
        return self.undisturbed_s + (0.0 if self.hold is None else self.hold.duration_s + self.hold.recovery_s)


def _recovery_is_watched(case: StallRecoveryTable) -> Contradictions:
    if (case.hold_s is None) is not (case.recovery_s is None):
        yield "hold_s", "a stall made on purpose needs both hold_s and recovery_s"


class StallRecoveryTable(DosedCaseTable):
    """`[case.<name>]`: the time nobody touches the pump, and after it the stall made on purpose, if any."""

    undisturbed_s: Duration
    hold_s: float | None = Field(default=None, gt=0)
    recovery_s: float | None = Field(default=None, gt=0)

    contradictions_of: ClassVar[tuple[Callable[[Any], Contradictions], ...]] = (_recovery_is_watched,)


def _case(base: Mapping[str, Any], table: StallRecoveryTable, evaluation: StallEvaluation) -> StallRecoveryCase:
    prime = table.prime()
    flow = table.flow_ul_per_h()
    alarm_is_judged = any(criterion.measurand == ALARM_DELAY for criterion in evaluation.criteria)
    hold = None
    if table.hold_s is not None and table.recovery_s is not None:
        hold = RotorHold(HOLD, FREE, table.hold_s, table.recovery_s)
    return StallRecoveryCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(
            flows_ul_per_h=(prime.flow_ul_per_h, flow),
            functions=frozenset({"stall_alarm"}) if alarm_is_judged else frozenset(),
        ),
        prime=prime,
        blank_s=table.blank_s,
        program=continuous(flow),
        undisturbed_s=table.undisturbed_s,
        hold=hold,
    )


PROCEDURE = Procedure(name="stall-recovery", kind="stall", table=StallRecoveryTable, case=_case)
