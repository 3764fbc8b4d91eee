"""The `[evaluation]` of a plan: shared by its cases, checked against what a flow test can be asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from results.evaluation import FlowEvaluation
from results.measurands import TrumpetMeasurand, window_measurand
from results.profiles import MethodProfile
from rig.configuration import Fault, check_table
from rig.plan_file import CaseTable

_STAND_IN = {"profile": "that of the case", "set_flow_ul_per_h": 1.0}


def evaluation_faults(table: Mapping[str, Any], cases: Mapping[str, CaseTable]) -> Iterator[Fault]:
    """Yield what is wrong with the evaluation, by itself and for the cases (those without faults of their own)."""
    for key in _STAND_IN:
        if key in table:
            yield Fault(f"evaluation.{key}", "unknown key; profile and flow are said by each case: case.<name>.profile")
    checked = check_table({**table, **_STAND_IN}, FlowEvaluation, prefix=("evaluation",))
    yield from checked.faults
    for number, criterion in enumerate(getattr(checked.partial, "criteria", ()), start=1):
        for problem in _missing_windows(getattr(criterion, "measurand", None), cases):
            yield Fault(f"evaluation.criteria[{number}].measurand", problem)


def evaluation_of(table: Mapping[str, Any], *, profile: str, set_flow_ul_per_h: float) -> FlowEvaluation:
    """Return the evaluation of one case from the checked table of its plan."""
    return FlowEvaluation.model_validate({**table, "profile": profile, "set_flow_ul_per_h": set_flow_ul_per_h})


def _missing_windows(measurand: object, cases: Mapping[str, CaseTable]) -> Iterator[str]:
    try:
        window = window_measurand(str(measurand))
    except ValueError:
        return  # told by the evaluation itself
    if window is None:
        return
    for name, case in cases.items():
        profile = case.known_profile()
        if profile is not None and not _has_window(profile, window):
            lengths = ", ".join(f"{count * profile.sample_interval_s / 60:g}" for count in profile.window_samples)
            yield f"the profile of case {name!r} has no such window; it has P = {lengths} min"


def _has_window(profile: MethodProfile, window: TrumpetMeasurand) -> bool:
    return any(math.isclose(count * profile.sample_interval_s, window.window_s) for count in profile.window_samples)
