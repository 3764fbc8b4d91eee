"""The balance checked again after a run: the same check weight on and off, by the trace of the run itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from results.bench import GravimetricBench
from results.decision import Criterion, Decision, DecisionRule, StrictModel, Verdict, combined_verdict, decide
from results.doubted import undoubted_status
from results.refusal import EvaluationRefused
from results.series import NUMBER_CODES, Phase
from results.trace.phases import phase_intervals
from results.trace.reader import Trace
from results.trace.schema import MASS
from results.uncertainty.budget import Budget, BudgetLine, Distribution, combine
from results.uncertainty.lines import normal, rectangular

PREFIX = "after_check"
ZERO_BEFORE, WEIGHT, ZERO_AFTER = f"{PREFIX} zero 1", f"{PREFIX} weight", f"{PREFIX} zero 2"
"""The phases of the check: nothing added, the weight on the pan, nothing added."""
WEIGHT_ERROR, ZERO_RETURN = "check weight error", "return to zero"
_ON_AND_OFF = math.sqrt(1.5)
"""One loading less the mean of two zeros: 1 + 2 (1/2)^2."""


class AfterCheck(StrictModel):
    """What a station asks of its balance after a run.

    `mass_mg`: the weight's conventional mass with its standard uncertainty. `limit_mg`: on the error shown, and
    `zero_limit_mg` on what the reading differs by before and after. `settle_s` of `reading_s` count for nothing.
    """

    mass_mg: float = Field(gt=0.0)
    mass_u_mg: float = Field(ge=0.0)
    limit_mg: float = Field(gt=0.0)
    zero_limit_mg: float = Field(gt=0.0)
    settle_s: float = Field(ge=0.0)
    reading_s: float = Field(gt=0.0)
    decision_rule: DecisionRule
    source: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class AfterCheckOutcome:
    """The decisions on the balance after a run; anything but PASS makes the run INVALID."""

    decisions: tuple[Decision, ...]
    verdict: Verdict

    @property
    def reason(self) -> str:
        """What is wrong with the balance; empty for a pass."""
        wrong = [one for one in self.decisions if one.verdict is not Verdict.PASS]
        return "; ".join(
            f"{one.measurand} {one.value:+.3f} mg, U = {one.expanded_uncertainty:.3f} mg: {one.reason}" for one in wrong
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a check weight showed: its error and the return to zero, both in mg."""

    error: Budget
    zero_return: Budget


def after_check_begin_s(trace: Trace) -> float | None:
    """Return when the check began (s of station time): what is read from there on belongs to no test."""
    for event in trace.events:
        if event.kind == "phase_begin" and str(event.data.get("phase")).startswith(PREFIX):
            return event.time_ns / 1e9
    return None


def evaluate_after_check(trace: Trace) -> AfterCheckOutcome | None:
    """Return how the balance did after a run; None for a run whose station asks for no check.

    A run that a stopping criterion ended has none either. Raises `EvaluationRefused` when the check was asked for and
    was not made.
    """
    table = trace.header.get("after_check")
    if not isinstance(table, Mapping) or any(event.kind == "stopping_criterion" for event in trace.events):
        return None
    check = AfterCheck.model_validate(dict(table))
    bench = GravimetricBench.model_validate(trace.header["gravimetric_bench"])
    phases = {name: Phase(*interval) for name, interval in phase_intervals(trace.events).items()}
    missing = [name for name in (ZERO_BEFORE, WEIGHT, ZERO_AFTER) if name not in phases]
    if missing:
        raise EvaluationRefused(f"the balance was not checked after the run: there is no {', '.join(missing)}")
    mass = trace.stream(MASS)
    good = np.isin(undoubted_status(trace, mass), NUMBER_CODES)
    shown = weigh_check(
        mass.time_s[good],
        np.asarray(mass.column("mass_g"), dtype=np.float64)[good],
        (phases[ZERO_BEFORE], phases[WEIGHT], phases[ZERO_AFTER]),
        mass_mg=check.mass_mg,
        mass_u_mg=check.mass_u_mg,
        settle_s=check.settle_s,
        bench=bench,
    )
    limits = ((WEIGHT_ERROR, shown.error, check.limit_mg), (ZERO_RETURN, shown.zero_return, check.zero_limit_mg))
    decisions = tuple(
        decide(budget.measured, _criterion(name, limit_mg, check.source), check.decision_rule)
        for name, budget, limit_mg in limits
    )
    return AfterCheckOutcome(decisions, combined_verdict(decision.verdict for decision in decisions))


def refuse_failed_after_check(trace: Trace) -> None:
    """Raise `EvaluationRefused` for a run after which the balance did not pass its check: it yields no number."""
    outcome = evaluate_after_check(trace)
    if outcome is not None and outcome.verdict is not Verdict.PASS:
        raise EvaluationRefused(f"the balance did not pass its check after the run: {outcome.reason}")


def weigh_check(
    time_s: NDArray[np.float64],
    mass_g: NDArray[np.float64],
    phases: tuple[Phase, Phase, Phase],
    *,
    mass_mg: float,
    mass_u_mg: float,
    settle_s: float,
    bench: GravimetricBench,
) -> Weighed:
    """Return what a weight showed, from readings (s, g) of zero, weight and zero again.

    What evaporates meanwhile cancels in the mean of the two zeros. The weight's conventional mass is what a balance
    adjusted with weights of the same density shows in any air (OIML R111-1:2004, 10.2.1). Raises `EvaluationRefused`
    where a phase holds no reading.
    """
    zero_1, on, zero_2 = (_mean_mg(time_s, mass_g, phase, settle_s) for phase in phases)
    hours = (phases[2].end_s - phases[0].begin_s) / 3600.0
    drift = normal(
        "balance zero drift",
        unit="ug",
        u=(bench.balance_zero_drift_ug_per_sqrt_h or 0.0) * math.sqrt(hours),
        sensitivity=1e-3,
    )
    error = [
        *_reading_lines(bench, _ON_AND_OFF),
        normal("balance sensitivity", unit="ppm", u=bench.balance_sensitivity_u_ppm, sensitivity=mass_mg * 1e-6),
        drift,
        BudgetLine("check weight", mass_mg, "mg", mass_u_mg, Distribution.NORMAL, -1.0),
    ]
    return Weighed(
        error=combine(value=on - (zero_1 + zero_2) / 2.0 - mass_mg, unit="mg", lines=error),
        zero_return=combine(value=zero_2 - zero_1, unit="mg", lines=[*_reading_lines(bench, math.sqrt(2.0)), drift]),
    )


def _reading_lines(bench: GravimetricBench, sensitivity: float) -> list[BudgetLine]:
    half_mg = bench.balance_readability_mg / 2.0
    return [
        normal("balance repeatability", unit="mg", u=bench.balance_repeatability_mg, sensitivity=sensitivity),
        rectangular("balance readability", unit="mg", half_width=half_mg, sensitivity=sensitivity),
    ]


def _mean_mg(time_s: NDArray[np.float64], mass_g: NDArray[np.float64], phase: Phase, settle_s: float) -> float:
    inside = (time_s >= phase.begin_s + settle_s) & (time_s <= phase.end_s)
    if not inside.any():
        raise EvaluationRefused(f"no reading of the check weight between {phase.begin_s:g} and {phase.end_s:g} s")
    return float(mass_g[inside].mean()) * 1e3


def _criterion(measurand: str, limit_mg: float, source: str) -> Criterion:
    return Criterion(id=measurand, measurand=measurand, unit="mg", low=-limit_mg, high=limit_mg, source=source)
