"""What a planned test will be able to tell, before the pump is touched, and the refusal of one that tells nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from results.bench import GravimetricBench
from results.decision import Verdict
from results.feasibility import FeasibilityRefused
from results.measured.expected import PlannedTest, expected_record
from results.outcome import as_json
from results.refusal import EvaluationRefused

_TIMES = (2, 4, 8)
_BETTER_BALANCE = 10.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What to expect of a planned test: U of what each criterion is about, and why it cannot decide, if so.

    `expected`: measurand, unit and U, None where it will have no value: an alarm the pump has no reason to raise.
    """

    expected: tuple[tuple[str, str, float | None], ...]
    undecidable: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return what a run's header keeps, of JSON types."""
        names = ("measurand", "unit", "expanded_uncertainty")
        return {
            "expected": [dict(zip(names, as_json(one), strict=True)) for one in self.expected],
            "undecidable": list(self.undecidable),
        }


def predict(test: PlannedTest, bench: GravimetricBench) -> Prediction:
    """Return what a planned test will be able to tell on a bench: what a pump without error would end in.

    A criterion such a pump could not pass cannot be decided. What only a faulty pump would show is left open.
    """
    try:
        outcome = test.measure(expected_record(test, bench), test.evaluation, bench)
    except EvaluationRefused as error:
        return Prediction((), (str(error),))
    expected = tuple(
        (
            decision.measurand,
            decision.unit,
            decision.expanded_uncertainty if math.isfinite(decision.expanded_uncertainty) else None,
        )
        for decision in outcome.decisions
    )
    reasons = []
    for decision in outcome.decisions:
        absent = not math.isfinite(decision.value)
        if decision.verdict is Verdict.PASS or (absent and decision.verdict is Verdict.FAIL):
            continue
        what = (
            "" if absent else f"U of {decision.measurand} will be {decision.expanded_uncertainty:.3g} {decision.unit}: "
        )
        reasons.append(f"{decision.criterion_id}: {what}{decision.reason}")
    return Prediction(expected, tuple(reasons))


def refuse_undecidable(prediction: Prediction, test: PlannedTest, bench: GravimetricBench) -> None:
    """Raise `FeasibilityRefused`, with what would help, when a planned test cannot decide its own limits."""
    if not prediction.undecidable:
        return
    helps = "; or ".join(_remedies(test, bench)) or "no single change of the bench or of the times"
    raise FeasibilityRefused(
        f"the plan cannot decide on this bench: {'; '.join(prediction.undecidable)}. "
        f"What would make it feasible: {helps}"
    )


def _remedies(test: PlannedTest, bench: GravimetricBench) -> list[str]:
    found = []
    for prefix in ("blank", test.lengthen):
        enough = next((times for times in _TIMES if prefix and _feasible(test.longer(prefix, times), bench)), None)
        if enough is not None:
            found.append(f"phases {prefix!r} {enough} times as long")
    drift = bench.balance_zero_drift_ug_per_sqrt_h
    better = {
        "balance_zero_drift_ug_per_sqrt_h": None if drift is None else drift / _BETTER_BALANCE,
        "balance_flicker_ug": bench.balance_flicker_ug / _BETTER_BALANCE,
        "balance_repeatability_mg": bench.balance_repeatability_mg / _BETTER_BALANCE,
        "balance_readability_mg": bench.balance_readability_mg / _BETTER_BALANCE,
    }
    if _feasible(test, bench.model_copy(update=better)):
        found.append(f"a balance with a {1.0 / _BETTER_BALANCE:g} of the drift and noise")
    return found


def _feasible(test: PlannedTest, bench: GravimetricBench) -> bool:
    return not predict(test, bench).undecidable
