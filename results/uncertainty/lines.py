"""Building budget lines."""

from __future__ import annotations

import math

from results.uncertainty.budget import BudgetLine, Distribution

ROOT3 = math.sqrt(3.0)


def normal(
    name: str,
    *,
    value: float = 0.0,
    unit: str,
    u: float,
    sensitivity: float,
    dof: float = math.inf,
    shared: bool = False,
) -> BudgetLine:
    """Return a line for a normally distributed input: Type B, or Type A when it has finite degrees of freedom."""
    return BudgetLine(
        name=name,
        value=value,
        unit=unit,
        standard_uncertainty=u,
        distribution=Distribution.NORMAL if math.isinf(dof) else Distribution.STUDENT_T,
        sensitivity=sensitivity,
        degrees_of_freedom=dof,
        kind="B" if math.isinf(dof) else "A",
        shared=shared,
    )


def rectangular(
    name: str, *, value: float = 0.0, unit: str, half_width: float, sensitivity: float, shared: bool = False
) -> BudgetLine:
    """Return a Type B line for an input anywhere within +/- `half_width` of its value, with equal probability."""
    return BudgetLine(
        name=name,
        value=value,
        unit=unit,
        standard_uncertainty=half_width / ROOT3,
        distribution=Distribution.RECTANGULAR,
        sensitivity=sensitivity,
        shared=shared,
    )
