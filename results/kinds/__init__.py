"""The kinds of evaluation a trace's header can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.kinds.bolus import BOLUS
from results.kinds.catheter_occlusion import CATHETER_OCCLUSION
from results.kinds.daily_check import DAILY_CHECK
from results.kinds.flow import FLOW
from results.kinds.kind import EvaluationKind
from results.kinds.lockout import LOCKOUT
from results.kinds.occlusion import OCCLUSION
from results.kinds.overinfusion import OVERINFUSION
from results.kinds.prime_bridge import PRIME_BRIDGE
from results.kinds.refill import REFILL_KIND
from results.kinds.reservoir import RESERVOIR
from results.kinds.restart import RESTART
from results.kinds.schedule import SCHEDULE
from results.kinds.stall import STALL
from results.kinds.steps import STEPS

__all__ = ["KINDS", "EvaluationKind"]

KINDS: Mapping[str, EvaluationKind[Any]] = {
    "flow": FLOW,
    "bolus": BOLUS,
    "steps": STEPS,
    "schedule": SCHEDULE,
    "prime_bridge": PRIME_BRIDGE,
    "refill": REFILL_KIND,
    "reservoir": RESERVOIR,
    "stall": STALL,
    "overinfusion": OVERINFUSION,
    "restart": RESTART,
    "lockout": LOCKOUT,
    "daily_check": DAILY_CHECK,
    "occlusion": OCCLUSION,
    "catheter_occlusion": CATHETER_OCCLUSION,
}
