"""Stop and restart: a pump stopped for so long that it must alarm, and what it delivers before, meanwhile and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instruments.program import continuous
from rig.cases.needs import PumpNeeds
from rig.cases.plan_tables import Duration
from rig.procedures.dosed import DosedCase, DosedCaseTable
from rig.procedures.procedure import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRestartCase(DosedCase):
    """The three periods, s."""

    before_s: float
    stopped_s: float
    after_s: float

    @property
    def delivery_s(self) -> float:
        """Duration of all three, s."""
        return self.before_s + self.stopped_s + self.after_s


class StopRestartTable(DosedCaseTable):
    """`[case.<name>]`: how long the pump runs, stands and runs again."""

    before_s: Duration
    stopped_s: Duration
    after_s: Duration


def _case(base: Mapping[str, Any], table: StopRestartTable, evaluation: Any) -> StopRestartCase:
    prime = table.prime()
    flow = table.flow_ul_per_h()
    return StopRestartCase(
        **base,
        evaluation=evaluation,
        needs=PumpNeeds(flows_ul_per_h=(prime.flow_ul_per_h, flow)),
        prime=prime,
        blank_s=table.blank_s,
        program=continuous(flow),
        before_s=table.before_s,
        stopped_s=table.stopped_s,
        after_s=table.after_s,
    )


PROCEDURE = Procedure(name="stop-restart", kind="restart", table=StopRestartTable, case=_case)
