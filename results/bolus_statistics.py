"""Boluses together: mean, extremes and spread, the budget of the mean, and the decision on each criterion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from results.bolus_outcome import BolusResult, BolusStatistics
from results.decision import Criterion, Decision, DecisionRule, MeasuredValue, Verdict, decide
from results.uncertainty.budget import Budget, BudgetLine, combine

MEAN_ERROR = "mean bolus error"
HIGHEST_ERROR = "highest bolus error"
LOWEST_ERROR = "lowest bolus error"
MEASURANDS = (MEAN_ERROR, HIGHEST_ERROR, LOWEST_ERROR)


def error_percent(volume_ul: float, set_ul: float) -> float:
    """Return 100 (V - V_set) / V_set for volumes in uL."""
    return 100.0 * (volume_ul - set_ul) / set_ul


def bolus_statistics(label: str, volumes_ul: Sequence[float], *, set_volume_ul: float) -> BolusStatistics:
    """Return mean, signed extremes and spread (n - 1) of volumes (uL, at least one)."""
    volumes = np.array(volumes_ul)
    mean = float(np.mean(volumes))
    sd = float(np.std(volumes, ddof=1)) if volumes.size > 1 else None
    return BolusStatistics(
        label=label,
        count=volumes.size,
        mean_volume_ul=mean,
        mean_error_percent=error_percent(mean, set_volume_ul),
        highest_error_percent=error_percent(float(volumes.max()), set_volume_ul),
        lowest_error_percent=error_percent(float(volumes.min()), set_volume_ul),
        sd_ul=sd,
        cv_percent=None if sd is None or mean == 0.0 else 100.0 * sd / abs(mean),
    )


def mean_budget(
    budgets: Sequence[Budget], mean: BolusStatistics, *, set_volume_ul: float, coverage_percent: float
) -> Budget:
    """Return the budget of the mean error: shared lines act on all boluses alike, the others independently."""
    lines = [_mean_line(same) for same in zip(*(budget.lines for budget in budgets), strict=True)]
    return combine(
        value=mean.mean_error_percent,
        unit="%",
        lines=[line.scaled(100.0 / set_volume_ul) for line in lines],
        coverage_percent=coverage_percent,
    )


def _mean_line(same: Sequence[BudgetLine]) -> BudgetLine:
    """Return the line by which one input of every bolus enters their mean: mean value, largest u, what both make."""
    parts = [line.contribution for line in same]
    u_ul = (sum(parts) if same[0].shared else math.hypot(*parts)) / len(same)
    largest = max(line.standard_uncertainty for line in same)
    return replace(
        same[0],
        value=sum(line.value for line in same) / len(same),
        standard_uncertainty=largest,
        sensitivity=u_ul / largest if largest > 0.0 else 0.0,
    )


def decide_bolus(
    criterion: Criterion, rule: DecisionRule, *, mean: Budget, results: Sequence[BolusResult], excluded: int
) -> Decision:
    """Return the decision on one criterion. An extreme can PASS only where no bolus was left out (`excluded`)."""
    errors: list[MeasuredValue] = [one.error for one in results]
    if criterion.measurand == MEAN_ERROR:
        return decide(mean.measured, criterion, rule)
    highest = criterion.measurand == HIGHEST_ERROR
    extreme = (max if highest else min)(errors, key=lambda error: error.value)
    decision = decide(extreme, criterion, rule)
    if excluded and decision.verdict is Verdict.PASS:
        reason = f"{excluded} boluses could not be weighed; any of them may be the extreme"
        return replace(decision, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return decision
