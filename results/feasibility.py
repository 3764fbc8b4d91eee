"""What a flow test will be able to tell, before it is run: the predicted U of error A and each window's noise floor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from results.bench import GravimetricBench
from results.decision import Criterion
from results.evaluation import FlowEvaluation
from results.expected_record import EXPECTED_CHANGE_PERCENT, PlannedFlowTest, expected_budget
from results.measurands import NOISE_SHARE, window_measurand
from results.outcome import as_json
from results.refusal import EvaluationRefused
from results.uncertainty.budget import Budget

AGREEMENT_FACTOR = 2.0
"""The U of a run lies within this factor of the predicted one, either way: weather and film are not known before."""
_TIMES = (2, 4, 8)
_BETTER_BALANCE = 10.0
_FILM_UG_PER_MIN = 2.0


class FeasibilityRefused(EvaluationRefused):
    """A plan that cannot decide its own limit on this bench; the message says what would make it feasible."""


@dataclass(frozen=True, slots=True)
class PredictedWindow:
    """One window of the trumpet: its length and what noise alone would show in it (% of the set flow)."""

    window_s: float
    noise_floor_percent: float


@dataclass(frozen=True, slots=True)
class FlowPrediction:
    """What to expect of a planned test: the budget of error A (%), the windows, and why it cannot decide, if so.

    `budget` is None where not even an evaluation is to be expected; `undecidable` then says why.
    """

    budget: Budget | None
    windows: tuple[PredictedWindow, ...]
    undecidable: tuple[str, ...]
    assumptions: tuple[str, ...]

    @property
    def expanded_uncertainty_percent(self) -> float | None:
        """Predicted U of error A, %."""
        return None if self.budget is None else self.budget.measured.expanded_uncertainty

    def as_record(self) -> dict[str, Any]:
        """Return what a run's header keeps, of JSON types."""
        return {
            "error_a_expanded_uncertainty_percent": as_json(self.expanded_uncertainty_percent),
            "windows": as_json(self.windows),
            "undecidable": list(self.undecidable),
            "assumptions": list(self.assumptions),
        }


def predict_flow(test: PlannedFlowTest, bench: GravimetricBench) -> FlowPrediction:
    """Return what a planned test will be able to tell on a bench, by the budget of an expected record."""
    try:
        budget, floors = expected_budget(test, bench)
    except EvaluationRefused as error:
        return FlowPrediction(None, (), (str(error),), _assumptions(bench))
    windows = tuple(PredictedWindow(length_s, floor) for length_s, floor in floors)
    expanded = budget.measured.expanded_uncertainty
    reasons = [_undecidable(criterion, test.evaluation, expanded, windows) for criterion in test.evaluation.criteria]
    return FlowPrediction(budget, windows, tuple(reason for reason in reasons if reason), _assumptions(bench))


def refuse_infeasible(prediction: FlowPrediction, test: PlannedFlowTest, bench: GravimetricBench) -> None:
    """Raise `FeasibilityRefused`, with what would help, when a planned test cannot decide its own limits."""
    if not prediction.undecidable:
        return
    remedies = _remedies(test, bench)
    helps = "; or ".join(remedies) if remedies else "no single change of the bench or of the times"
    raise FeasibilityRefused(
        f"the plan cannot decide on this bench: {'; '.join(prediction.undecidable)}. "
        f"What would make it feasible: {helps}"
    )


def _undecidable(
    criterion: Criterion, evaluation: FlowEvaluation, expanded: float, windows: tuple[PredictedWindow, ...]
) -> str:
    """Return why a criterion cannot be decided, or nothing: not even a pump without error could pass."""
    allowance, rule = criterion.allowance, evaluation.decision_rule
    wanted = window_measurand(criterion.measurand)
    if wanted is not None:
        floor = next((one.noise_floor_percent for one in windows if abs(one.window_s - wanted.window_s) < 1e-6), 0.0)
        if floor * NOISE_SHARE <= allowance:
            return ""
        return (
            f"{criterion.id}: the noise floor of {criterion.measurand} will be {floor:.3g} %, more than a third of "
            f"the limit of {allowance:g} %"
        )
    factor = rule.guard_factor if rule.kind == "guarded" else rule.minimum_limit_to_u_ratio or 1.0
    if factor * expanded < allowance:
        return ""
    times = f"{factor:g} times " if factor != 1.0 else ""
    return (
        f"{criterion.id}: U of {criterion.measurand} will be {expanded:.3g} %, and {times}U must stay below the "
        f"limit of {allowance:g} % under the {rule.kind} rule"
    )


def _remedies(test: PlannedFlowTest, bench: GravimetricBench) -> list[str]:
    """Return the single changes that would make a test feasible, each with its number."""
    found = []
    longer = {
        "an analysis period": [replace(test, analysis_s=times * test.analysis_s) for times in _TIMES],
        "blanks": [replace(test, blank_s=times * test.blank_s) for times in _TIMES],
    }
    for what, tests in longer.items():
        enough = next((one for one in tests if _feasible(one, bench)), None)
        if enough is not None:
            length_s = enough.blank_s if what == "blanks" else enough.analysis_s
            found.append(f"{what} of {length_s / 3600.0:.3g} h")
    drift = bench.balance_zero_drift_ug_per_sqrt_h
    better = {
        "balance_zero_drift_ug_per_sqrt_h": None if drift is None else drift / _BETTER_BALANCE,
        "balance_flicker_ug": bench.balance_flicker_ug / _BETTER_BALANCE,
        "balance_repeatability_mg": bench.balance_repeatability_mg / _BETTER_BALANCE,
        "balance_readability_mg": bench.balance_readability_mg / _BETTER_BALANCE,
    }
    if _feasible(test, bench.model_copy(update=better)):
        found.append(f"a balance with a {1.0 / _BETTER_BALANCE:g} of the drift and noise")
    limit = bench.evaporation_limit_ug_per_min
    film = bench.model_copy(update={"evaporation_limit_ug_per_min": _FILM_UG_PER_MIN})
    if limit is not None and limit > _FILM_UG_PER_MIN and _feasible(test, film):
        found.append(f"an oil film that lets no more than {_FILM_UG_PER_MIN:g} ug/min evaporate")
    return found


def _feasible(test: PlannedFlowTest, bench: GravimetricBench) -> bool:
    return not predict_flow(test, bench).undecidable


def _assumptions(bench: GravimetricBench) -> tuple[str, ...]:
    limit, drift = bench.evaporation_limit_ug_per_min, bench.balance_zero_drift_ug_per_sqrt_h
    return (
        "a pump at its set flow, in a steady room",
        "evaporation is not stated and left out"
        if limit is None
        else f"{limit:g} ug/min evaporate, {EXPECTED_CHANGE_PERCENT:g} % more or less in one blank than in the other",
        "the balance's drift is not stated and left out" if drift is None else f"a drift of {drift:g} ug/sqrt(h)",
    )
