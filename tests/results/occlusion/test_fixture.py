"""The fixture: its compliance from known volumes, its valve's displacement, and whether it drowns the pump."""

from __future__ import annotations

import pytest

from results.occlusion.fixture import (
    Injection,
    fixture_compliance,
    fixture_dominates,
    valve_displacement_by_pressure,
    valve_displacement_by_weighing,
)
from results.refusal import EvaluationRefused
from results.uncertainty.budget import Budget, combine
from results.uncertainty.lines import normal


def compliance(injections: list[Injection]) -> Budget:
    return fixture_compliance(
        injections, syringe_u_percent=1.0, syringe_u_ul=0.01, span_u_percent=0.1, coverage_percent=95.45
    )


def test_the_compliance_is_volume_over_rise() -> None:
    budget = compliance([Injection(2.0, 1.0, 21.0, 0.01), Injection(2.0, 21.0, 41.0, 0.01)])
    assert budget.measured.value == pytest.approx(0.1)
    # 1 % of the scale, 0.5 % / sqrt(2) of the volumes, 0.1 % of the span, 0.035 % of the pressure steps.
    assert budget.measured.standard_uncertainty / 0.1 == pytest.approx(0.01066, rel=5e-3)


def test_injections_that_scatter_widen_the_uncertainty() -> None:
    scattered = compliance([Injection(2.0, 0.0, rise, 0.01) for rise in (15.0, 20.0, 25.0)])
    assert scattered.measured.standard_uncertainty > 0.01


def test_a_fixture_that_does_not_hold_pressure_is_refused() -> None:
    with pytest.raises(EvaluationRefused, match="look for a leak or air"):
        compliance([Injection(2.0, 1.0, 1.0, 0.01)])
    with pytest.raises(EvaluationRefused, match="0 injections"):
        compliance([])


def test_the_displacement_by_the_rise_of_pressure_as_the_valve_closes() -> None:
    whole = compliance([Injection(2.0, 0.0, 20.0, 0.01)])
    pushed = valve_displacement_by_pressure([5.0, 5.2, 4.8], compliance=whole, rise_u_kpa=0.01, coverage_percent=95.45)
    assert pushed.measured.value == pytest.approx(0.5)
    assert pushed.measured.standard_uncertainty == pytest.approx(((0.2 / 3**0.5 * 0.1) ** 2 + 0.00557**2) ** 0.5, 0.05)
    alone = valve_displacement_by_pressure([5.0], compliance=whole, rise_u_kpa=0.01, coverage_percent=95.45)
    assert alone.measured.value == pytest.approx(0.5)
    with pytest.raises(EvaluationRefused, match="no actuation"):
        valve_displacement_by_pressure([], compliance=whole, rise_u_kpa=0.01, coverage_percent=95.45)


def test_the_displacement_by_weighing_is_the_mean_of_all_actuations() -> None:
    weighed = combine(value=5.0, unit="uL", lines=[normal("balance", unit="uL", u=0.3, sensitivity=1.0)])
    pushed = valve_displacement_by_weighing(weighed, actuations=10)
    assert (pushed.measured.value, pushed.measured.standard_uncertainty) == pytest.approx((0.5, 0.03))
    with pytest.raises(EvaluationRefused, match="no actuation"):
        valve_displacement_by_weighing(weighed, actuations=0)


@pytest.mark.parametrize(("share", "dominates"), [(0.049, True), (0.051, False)])
def test_a_fixture_softer_than_its_share_is_refused_by_name(share: float, dominates: bool) -> None:
    why = fixture_dominates(fixture_ul_per_kpa=0.05, pump_and_set_ul_per_kpa=1.0, largest_share=share)
    assert ("stiffer fixture" in why) is dominates


def test_what_is_no_number_dominates() -> None:
    assert fixture_dominates(fixture_ul_per_kpa=float("nan"), pump_and_set_ul_per_kpa=1.0, largest_share=0.5)
