"""Combining a budget: the worked 24-h collection, degrees of freedom, and what must be refused."""

from __future__ import annotations

import math

import pytest

from results.uncertainty.budget import BudgetLine, combine
from results.uncertainty.lines import normal, rectangular

VOLUME_UL = 215.75297
MASS_MG = 215.0512896
PERCENT_PER_UL = 100.0 / VOLUME_UL
PERCENT_PER_MG = 100.0 / MASS_MG


def worked_lines(*, hours: float) -> list[BudgetLine]:
    """The budget of the worked collection, 9 uL/h for some hours, in % of the volume."""
    share = 24.0 / hours
    return [
        normal("repeatability", unit="mg", u=0.010, sensitivity=math.sqrt(2.0) * PERCENT_PER_MG * share),
        rectangular("readability", unit="mg", half_width=0.005, sensitivity=math.sqrt(2.0) * PERCENT_PER_MG * share),
        normal("sensitivity", unit="%", u=0.01, sensitivity=1.0),
        normal("evaporation", unit="ug/min", u=0.10, sensitivity=1440e-3 * PERCENT_PER_MG),
        normal("immersion", unit="1", u=0.2 * 0.0016, sensitivity=100.0),
        normal("water temperature", unit="K", u=0.1, sensitivity=2.28e-2),
        normal("air density", unit="kg/m3", u=0.005, sensitivity=100.0 * (1.0 / 997.773 - 1.0 / 8000.0)),
        normal("storage", unit="K", u=0.2, sensitivity=250.0 * 2.28e-4 * PERCENT_PER_UL * share),
        normal("timing", unit="s", u=0.1, sensitivity=100.0 / (hours * 3600.0)),
        normal("capillary", unit="uL", u=0.2, sensitivity=PERCENT_PER_UL * share),
    ]


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("repeatability", 0.00658),
        ("sensitivity", 0.01),
        ("evaporation", 0.06696),
        ("immersion", 0.03200),
        ("water temperature", 0.00228),
        ("air density", 0.00044),
        ("storage", 0.00528),
        ("timing", 0.00012),
        ("capillary", 0.0927),
    ],
)
def test_contributions_of_the_worked_budget(name: str, percent: float) -> None:
    lines = {line.name: line.contribution for line in worked_lines(hours=24.0)}
    assert lines[name] == pytest.approx(percent, abs=6e-6 if name != "capillary" else 1e-4)


def test_readability_counts_at_both_ends() -> None:
    lines = {line.name: line.contribution for line in worked_lines(hours=24.0)}
    assert lines["readability"] == pytest.approx(0.0019, abs=5e-6)


@pytest.mark.parametrize(("hours", "expanded"), [(24.0, 0.239), (4.0, 1.13), (1.0, 4.48)])
def test_the_worked_budget_combined(hours: float, expanded: float) -> None:
    budget = combine(value=-0.11437, unit="%", lines=worked_lines(hours=hours))
    assert budget.measured.coverage_factor == pytest.approx(2.0, abs=1e-4)
    assert budget.measured.expanded_uncertainty == pytest.approx(expanded, rel=6e-3)
    assert budget.measured.expanded_uncertainty == pytest.approx(2.0 * budget.measured.standard_uncertainty, rel=1e-5)


def test_effective_degrees_of_freedom_by_welch_and_satterthwaite() -> None:
    lines = [
        normal("a", unit="1", u=1.0, sensitivity=2.0, dof=4.0),
        normal("b", unit="1", u=1.0, sensitivity=-1.0),
    ]
    measured = combine(value=0.0, unit="%", lines=lines).measured
    assert measured.standard_uncertainty == pytest.approx(math.sqrt(5.0))
    assert measured.degrees_of_freedom == pytest.approx(5.0**2 / (2.0**4 / 4.0))
    assert 2.43 < measured.coverage_factor < 2.52  # the GUM's table G.2 for 7 and 6 degrees of freedom


def test_a_budget_without_doubt_is_certain() -> None:
    measured = combine(value=1.0, unit="%", lines=[normal("nothing", unit="1", u=0.0, sensitivity=5.0)]).measured
    assert (measured.standard_uncertainty, measured.expanded_uncertainty) == (0.0, 0.0)
    assert math.isinf(measured.degrees_of_freedom)


@pytest.mark.parametrize(
    "line",
    [
        normal("x", unit="1", u=math.nan, sensitivity=1.0),
        normal("x", unit="1", u=math.inf, sensitivity=1.0),
        normal("x", unit="1", u=-1.0, sensitivity=1.0),
        normal("x", unit="1", u=1.0, sensitivity=math.nan),
        normal("x", unit="1", u=1.0, sensitivity=1.0, dof=0.0),
        normal("x", unit="1", u=1.0, sensitivity=1.0, dof=math.nan),
    ],
)
def test_lines_that_say_nothing_are_refused(line: BudgetLine) -> None:
    with pytest.raises(ValueError, match="budget line 'x'"):
        combine(value=0.0, unit="%", lines=[line])
