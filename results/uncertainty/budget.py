"""The uncertainty budget: every line, combined as the GUM says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import GTC
from GTC import reporting

from results.decision import MeasuredValue

DEFAULT_COVERAGE_PERCENT = 95.45
"""Coverage probability for which k is 2 at infinite degrees of freedom."""


class Distribution(Enum):
    """Distribution from which a budget line says its input comes."""

    NORMAL = "normal"
    RECTANGULAR = "rectangular"
    STUDENT_T = "t"
    RANDOM_WALK = "random walk"
    FLICKER = "1/f noise"


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One input: its estimate and standard uncertainty in its own unit, and the sensitivity of the result to it.

    `sensitivity` is d(result)/d(input) in result units per input unit; dof is infinite for Type B. `shared` lines
    shift every window of a period alike; the others act at its ends.
    """

    name: str
    value: float
    unit: str
    standard_uncertainty: float
    distribution: Distribution
    sensitivity: float
    degrees_of_freedom: float = math.inf
    kind: str = "B"
    shared: bool = False

    @property
    def contribution(self) -> float:
        """Standard uncertainty of the result due to this line, in result units."""
        return abs(self.sensitivity) * self.standard_uncertainty

    def scaled(self, factor: float) -> BudgetLine:
        """Return the line for a result that is `factor` times this one."""
        return replace(self, sensitivity=self.sensitivity * factor)


@dataclass(frozen=True, slots=True)
class Budget:
    """A measured value and the lines its uncertainty is made of."""

    measured: MeasuredValue
    coverage_percent: float
    lines: tuple[BudgetLine, ...]


def combine(
    *, value: float, unit: str, lines: Sequence[BudgetLine], coverage_percent: float = DEFAULT_COVERAGE_PERCENT
) -> Budget:
    """Return the budget of `value`: combined standard uncertainty, Welch-Satterthwaite dof, k and U.

    JCGM 100:2008, 5.1 and annex G, for independent inputs; the algebra is GTC's. Raises `ValueError` on a line whose
    uncertainty or sensitivity is not a finite number, or negative.
    """
    for line in lines:
        if not (0.0 <= line.standard_uncertainty < math.inf and math.isfinite(line.sensitivity)):
            raise ValueError(f"budget line {line.name!r} has no finite uncertainty or sensitivity: {line!r}")
        if not line.degrees_of_freedom > 0.0:
            raise ValueError(f"budget line {line.name!r} has {line.degrees_of_freedom!r} degrees of freedom")
    result = GTC.constant(value)
    for line in lines:
        if line.contribution > 0.0:
            dof = max(line.degrees_of_freedom, 1.0)
            result = result + line.sensitivity * GTC.ureal(0.0, line.standard_uncertainty, dof, label=line.name)
    dof = float(result.df)
    factor = float(reporting.k_factor(dof, coverage_percent))
    standard = float(result.u)
    return Budget(
        measured=MeasuredValue(
            value=value,
            unit=unit,
            standard_uncertainty=standard,
            degrees_of_freedom=dof,
            coverage_factor=factor,
            expanded_uncertainty=factor * standard,
        ),
        coverage_percent=coverage_percent,
        lines=tuple(lines),
    )
