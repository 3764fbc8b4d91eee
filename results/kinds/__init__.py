"""The kinds of evaluation a trace's header can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.kinds.bolus import BOLUS
from results.kinds.flow import FLOW
from results.kinds.kind import EvaluationKind
from results.kinds.occlusion import OCCLUSION
from results.kinds.schedule import SCHEDULE
from results.kinds.steps import STEPS

__all__ = ["KINDS", "EvaluationKind"]

KINDS: Mapping[str, EvaluationKind[Any]] = {
    "flow": FLOW,
    "bolus": BOLUS,
    "steps": STEPS,
    "schedule": SCHEDULE,
    "occlusion": OCCLUSION,
}
