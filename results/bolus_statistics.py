"""Boluses together: mean, extremes and spread, the budget of the mean, and the decision on each criterion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from results.bolus_outcome import BolusResult, BolusSpread, BolusStatistics
from results.decision import Criterion, Decision, DecisionRule, MeasuredValue, Verdict, decide
from results.measured.decide import decide_all
from results.measured.measurand import Measurand, extreme, not_measured
from results.uncertainty.budget import Budget, BudgetLine, combine

MEAN_ERROR = "mean bolus error"
HIGHEST_ERROR = "highest bolus error"
LOWEST_ERROR = "lowest bolus error"
SD_ERROR = "SD of bolus errors"
SHORTEST = "shortest bolus duration"
MEASURAND_UNITS = {MEAN_ERROR: "%", HIGHEST_ERROR: "%", LOWEST_ERROR: "%", SD_ERROR: "%", SHORTEST: "s"}
MEASURANDS = tuple(MEASURAND_UNITS)


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


def sd_of_errors(
    results: Sequence[BolusResult], *, set_volume_ul: float, coverage_percent: float
) -> BolusSpread | None:
    """Return the standard deviation (%) of the pump's bolus errors; None for a single bolus.

    (n - 1) s^2 / sigma^2 is chi-square distributed for normal boluses, which bounds sigma from both sides (ISO
    2602:1980). What the weighing adds on its own, by the budgets' lines that boluses do not share, is taken off value
    and lower bound, and not off the upper: the budgets may state too much. U reaches to the further bound.
    """
    if len(results) < 2:
        return None
    freedom = len(results) - 1
    sd = float(np.std([one.error.value for one in results], ddof=1))
    variances_ul2 = [sum(line.contribution**2 for line in one.budget if not line.shared) for one in results]
    weighing = 100.0 / set_volume_ul * math.sqrt(sum(variances_ul2) / len(results))
    tail = (1.0 - coverage_percent / 100.0) / 2.0
    highest = sd * math.sqrt(freedom / float(stats.chi2.ppf(tail, freedom)))
    lowest = sd * math.sqrt(freedom / float(stats.chi2.isf(tail, freedom)))
    value, low = (math.sqrt(max(of**2 - weighing**2, 0.0)) for of in (sd, lowest))
    expanded = max(highest - value, value - low)
    measured = MeasuredValue(
        value=value,
        unit="%",
        standard_uncertainty=expanded / 2.0,
        degrees_of_freedom=float(freedom),
        coverage_factor=2.0,
        expanded_uncertainty=expanded,
    )
    return BolusSpread(measured, low_percent=low, high_percent=highest)


def decide_bolus(
    criterion: Criterion,
    rule: DecisionRule,
    *,
    mean: Budget,
    sd: BolusSpread | None,
    results: Sequence[BolusResult],
    excluded: int,
) -> Decision:
    """Return the decision on one criterion. An extreme can PASS only where no bolus was left out (`excluded`)."""
    errors: list[MeasuredValue] = [one.error for one in results]
    if criterion.measurand == MEAN_ERROR:
        return decide(mean.measured, criterion, rule)
    if criterion.measurand == SD_ERROR:
        return _decide_spread(criterion, rule, sd)
    if criterion.measurand == SHORTEST:
        return _decide_shortest(criterion, rule, results)
    highest = criterion.measurand == HIGHEST_ERROR
    extreme = (max if highest else min)(errors, key=lambda error: error.value)
    decision = decide(extreme, criterion, rule)
    if excluded and decision.verdict is Verdict.PASS:
        reason = f"{excluded} boluses could not be weighed; any of them may be the extreme"
        return replace(decision, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return decision


def _decide_spread(criterion: Criterion, rule: DecisionRule, spread: BolusSpread | None) -> Decision:
    """Return the decision on the spread: the upper bound must lie within the limit, the lower one beyond it to fail."""
    if spread is None:
        lone = not_measured(SD_ERROR, "a single bolus has no standard deviation", Verdict.INCONCLUSIVE)
        return decide_all((criterion,), rule, (lone,))[0]
    decision = decide(spread.sd, criterion, rule)
    downwards = replace(spread.sd, expanded_uncertainty=spread.sd.value - spread.low_percent)
    below = decide(downwards, criterion, rule)
    return below if decision.verdict is Verdict.INCONCLUSIVE and below.verdict is Verdict.FAIL else decision


def _decide_shortest(criterion: Criterion, rule: DecisionRule, results: Sequence[BolusResult]) -> Decision:
    """Return the decision on the shortest bolus, with the U that holds for all of them at once."""
    durations = [
        not_measured(f"bolus {one.number}", "the readings do not show its begin and its end", Verdict.INCONCLUSIVE)
        if one.duration is None
        else Measurand(f"bolus {one.number}", one.duration)
        for one in results
    ]
    return decide_all((criterion,), rule, (extreme(SHORTEST, durations, highest=False),))[0]
