"""The bench's own part of the line: its compliance, what its valve displaces, and whether it drowns the pump's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from results.refusal import EvaluationRefused
from results.uncertainty.budget import Budget, BudgetLine, combine
from results.uncertainty.lines import normal


@dataclass(frozen=True, slots=True)
class Injection:
    """A known volume (uL) put into the closed fixture, the pressures (kPa) before and after, and their random u."""

    volume_ul: float
    before_kpa: float
    after_kpa: float
    u_kpa: float

    @property
    def rise_kpa(self) -> float:
        """How far the pressure rose."""
        return self.after_kpa - self.before_kpa


def fixture_compliance(
    injections: Sequence[Injection],
    *,
    syringe_u_percent: float,
    syringe_u_ul: float,
    span_u_percent: float,
    coverage_percent: float,
) -> Budget:
    """Return the compliance (uL/kPa) of the closed fixture: all volumes over all rises of pressure.

    `syringe_u_percent`: of the syringe's scale, the same in all volumes; `syringe_u_ul`: of each by itself;
    `span_u_percent`: of the transducer.
    Raises `EvaluationRefused` without injections, or where the pressure did not rise.
    """
    volume_ul = sum(one.volume_ul for one in injections)
    rise_kpa = sum(one.rise_kpa for one in injections)
    if not (injections and rise_kpa > 0.0 and volume_ul > 0.0):
        raise EvaluationRefused(
            f"{len(injections)} injections of {volume_ul:g} uL raised the fixture's pressure by {rise_kpa:g} kPa: "
            "no compliance can be computed; look for a leak or air"
        )
    value = volume_ul / rise_kpa
    single = [one.volume_ul / one.rise_kpa for one in injections if one.rise_kpa > 0.0]
    lines = [
        normal("scale of the syringe", unit="%", u=syringe_u_percent, sensitivity=value / 100.0, shared=True),
        normal(
            "volumes injected into the fixture",
            value=volume_ul,
            unit="uL",
            u=syringe_u_ul * math.sqrt(len(injections)),
            sensitivity=1.0 / rise_kpa,
        ),
        normal(
            "pressure steps of the fixture",
            value=rise_kpa,
            unit="kPa",
            u=math.hypot(*(one.u_kpa for one in injections)),
            sensitivity=-value / rise_kpa,
        ),
        _span(span_u_percent, value),
    ]
    if len(single) > 2:
        spread = float(np.std(single, ddof=1)) / math.sqrt(len(single))
        lines.append(
            normal("spread of the injections", unit="uL/kPa", u=spread, sensitivity=1.0, dof=len(single) - 1.0)
        )
    return combine(value=value, unit="uL/kPa", lines=lines, coverage_percent=coverage_percent)


def valve_displacement_by_pressure(
    rises_kpa: Sequence[float], *, compliance: Budget, rise_u_kpa: float, coverage_percent: float
) -> Budget:
    """Return what the valve pushes into the closed fixture (uL), by the rise of pressure (kPa) as it closes.

    The mean of all actuations; `rise_u_kpa` is the random uncertainty of one rise. Raises `EvaluationRefused` without
    actuations.
    """
    if not rises_kpa:
        raise EvaluationRefused("no actuation of the valve was recorded")
    mean_kpa, count = float(np.mean(rises_kpa)), len(rises_kpa)
    per_kpa = compliance.measured.value
    spread = float(np.std(rises_kpa, ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    scattered = spread > rise_u_kpa / math.sqrt(count)
    lines = [
        normal(
            "rises of pressure as the valve closes",
            value=mean_kpa,
            unit="kPa",
            u=spread if scattered else rise_u_kpa / math.sqrt(count),
            sensitivity=per_kpa,
            dof=count - 1.0 if scattered else math.inf,
        ),
        as_line("fixture compliance", compliance, sensitivity=mean_kpa),
    ]
    return combine(value=per_kpa * mean_kpa, unit="uL", lines=lines, coverage_percent=coverage_percent)


def valve_displacement_by_weighing(weighed: Budget, *, actuations: int) -> Budget:
    """Return what each actuation pushes into the vessel (uL): the mean of n, weighed together.

    Raises `EvaluationRefused` without actuations.
    """
    if actuations < 1:
        raise EvaluationRefused("no actuation of the valve was recorded")
    lines = [line.scaled(1.0 / actuations) for line in weighed.lines]
    value = weighed.measured.value / actuations
    return combine(value=value, unit="uL", lines=lines, coverage_percent=weighed.coverage_percent)


def fixture_dominates(*, fixture_ul_per_kpa: float, pump_and_set_ul_per_kpa: float, largest_share: float) -> str:
    """Return why a fixture is too soft for what is to be measured with it; empty where it is not.

    For the check of a plan before it runs, with both compliances (uL/kPa) as stated, and for what was measured.
    """
    if fixture_ul_per_kpa <= largest_share * pump_and_set_ul_per_kpa:
        return ""
    return (
        f"the fixture's compliance, {fixture_ul_per_kpa:.3g} uL/kPa, is more than {largest_share:g} of that of pump "
        f"and set, {pump_and_set_ul_per_kpa:.3g} uL/kPa: it would decide the time to the alarm and the bolus; use a "
        "stiffer fixture (short rigid tubes, no air)"
    )


def as_line(name: str, budget: Budget, *, sensitivity: float) -> BudgetLine:
    """Return a measured quantity as one line of another's budget."""
    measured = budget.measured
    return normal(
        name,
        value=measured.value,
        unit=measured.unit,
        u=measured.standard_uncertainty,
        sensitivity=sensitivity,
        dof=measured.degrees_of_freedom,
    )


def _span(span_u_percent: float, value: float) -> BudgetLine:
    return normal("span of the transducer", unit="%", u=span_u_percent, sensitivity=-value / 100.0, shared=True)
