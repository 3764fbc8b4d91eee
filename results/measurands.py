"""What a criterion of a flow test can be about, and the decision on each."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from results.decision import Criterion, Decision, DecisionRule, MeasuredValue, Verdict, decide
from results.flow.trumpet import WindowError
from results.refusal import EvaluationRefused
from results.uncertainty.window_noise import WindowUncertainty

ERROR_A = "mean flow error A"
_WINDOW = re.compile(r"Ep\((max|min)\), P = (\d+(?:\.\d+)?) min")
NOISE_SHARE = 3.0
"""A window's limit must be at least this many times its noise floor."""


@dataclass(frozen=True, slots=True)
class TrumpetMeasurand:
    """One extreme of one window length."""

    highest: bool
    window_s: float


def window_measurand(name: str) -> TrumpetMeasurand | None:
    """Return the trumpet extreme that a measurand such as "Ep(max), P = 930 min" names, or None for error A.

    Raises `ValueError` for any other name.
    """
    if name == ERROR_A:
        return None
    match = _WINDOW.fullmatch(name)
    if match is None:
        raise ValueError(
            f"{name!r} is no measurand of a flow test; there are {ERROR_A!r} and such as 'Ep(max), P = 930 min'"
        )
    return TrumpetMeasurand(highest=match[1] == "max", window_s=float(match[2]) * 60.0)


def decide_flow(
    criterion: Criterion,
    rule: DecisionRule,
    *,
    error_a: MeasuredValue,
    trumpet: Sequence[WindowError],
    uncertainty: Sequence[WindowUncertainty],
) -> Decision:
    """Return the decision on one criterion of a flow test.

    A window whose noise floor exceeds a third of its limit yields no conformity statement, and neither does one of a
    length of which every window touches a stretch that was not weighed: INCONCLUSIVE. Raises `EvaluationRefused` when
    the profile has no such window.
    """
    wanted = window_measurand(criterion.measurand)
    if wanted is None:
        return decide(error_a, criterion, rule)
    for window, doubt in zip(trumpet, uncertainty, strict=True):
        if math.isclose(window.window_s, wanted.window_s):
            decision = decide(_extreme(window, doubt, highest=wanted.highest), criterion, rule)
            if window.windows == 0:
                reason = f"no conformity statement: all {window.windows_excluded} windows touch what was not weighed"
                return replace(decision, verdict=Verdict.INCONCLUSIVE, reason=reason)
            if doubt.noise_floor_percent * NOISE_SHARE <= criterion.allowance:
                return decision
            reason = (
                f"no conformity statement: the noise floor of this window is {doubt.noise_floor_percent:.3g} %, more "
                f"than a third of the limit"
            )
            return replace(decision, verdict=Verdict.INCONCLUSIVE, reason=reason)
    lengths = ", ".join(f"{window.window_s / 60.0:g}" for window in trumpet)
    raise EvaluationRefused(
        f"criterion {criterion.id!r} asks for P = {wanted.window_s / 60.0:g} min; evaluated are {lengths} min"
    )


def _extreme(window: WindowError, doubt: WindowUncertainty, *, highest: bool) -> MeasuredValue:
    value = window.ep_max_percent if highest else window.ep_min_percent
    low, high = (
        (doubt.max_low_percent, doubt.max_high_percent) if highest else (doubt.min_low_percent, doubt.min_high_percent)
    )
    expanded = max(high - value, value - low)
    return MeasuredValue(
        value=value,
        unit="%",
        standard_uncertainty=expanded / 2.0,
        degrees_of_freedom=math.inf,
        coverage_factor=2.0,
        expanded_uncertainty=expanded,
    )
