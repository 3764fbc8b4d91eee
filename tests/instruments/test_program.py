"""Programs as data: doses, boluses, the bridge after a change of concentration, lockouts."""

from __future__ import annotations

import math

import pytest

from instruments.program import (
    BOLUS_MODES,
    FlowStep,
    InfusionProgram,
    ProgramError,
    ProgramMode,
    bolus,
    bridge_bolus,
    flex,
    flow_ul_per_h_from_dose,
    minimum_rate,
)


@pytest.mark.parametrize(
    ("dose", "concentration", "flow_ul_per_h"), [(108.0, 500.0, 9.0), (108.0, 50.0, 90.0), (96.3, 2000.0, 2.00625)]
)
def test_dose_to_flow(dose: float, concentration: float, flow_ul_per_h: float) -> None:
    flow = flow_ul_per_h_from_dose(dose_ug_per_day=dose, concentration_ug_per_ml=concentration)
    assert flow == pytest.approx(flow_ul_per_h, rel=1e-12)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_dose_without_meaning_is_refused(wrong: float) -> None:
    with pytest.raises(ProgramError, match="dose"):
        flow_ul_per_h_from_dose(dose_ug_per_day=wrong, concentration_ug_per_ml=500.0)
    with pytest.raises(ProgramError, match="concentration"):
        flow_ul_per_h_from_dose(dose_ug_per_day=108.0, concentration_ug_per_ml=wrong)


def test_the_bridge_bolus_of_a_worked_example() -> None:
    # Pump tubing 0.199 mL and 110 cm of catheter at 0.0022 mL/cm hold 0.441 mL of 500 ug/mL; 108 ug/day: 2.042 days.
    program = bridge_bolus(dead_volume_ul=441.0, dose_ug_per_day=108.0, concentration_ug_per_ml=500.0)
    (step,) = program.steps
    assert program.mode is ProgramMode.BRIDGE_BOLUS
    assert step.flow_ul_per_h == pytest.approx(9.0, rel=1e-12)
    assert step.duration_s == pytest.approx(2.0417 * 86400.0, rel=1e-4)


def test_a_bolus_is_its_volume_over_its_duration() -> None:
    (step,) = bolus(ProgramMode.SINGLE_BOLUS, volume_ul=2000.0, duration_s=60.0).steps
    assert (step.flow_ul_per_h, step.duration_s) == (120_000.0, 60.0)


def test_day_steps_keep_their_order() -> None:
    steps = (FlowStep(9.0, 43200.0), FlowStep(12.0, 43200.0))
    assert flex(steps) == InfusionProgram(ProgramMode.FLEX, steps)


def test_a_lockout_goes_with_a_bolus_or_the_minimum_rate_only() -> None:
    assert minimum_rate(lockout_s=28800.0).lockout_s == 28800.0
    for mode in BOLUS_MODES:
        assert bolus(mode, volume_ul=1.0, duration_s=1.0, lockout_s=5.0).lockout_s == 5.0
    for mode in set(ProgramMode) - BOLUS_MODES - {ProgramMode.MINIMUM_RATE}:
        with pytest.raises(ProgramError, match=f"not with '{mode.value}'"):
            InfusionProgram(mode, (), 5.0)


@pytest.mark.parametrize("lockout_s", [-1.0, math.nan, math.inf])
def test_a_lockout_without_meaning_is_refused(lockout_s: float) -> None:
    with pytest.raises(ProgramError, match="lockout must be"):
        bolus(ProgramMode.SINGLE_BOLUS, volume_ul=1.0, duration_s=1.0, lockout_s=lockout_s)


@pytest.mark.parametrize("wrong", [(-1.0, None), (math.nan, None), (9.0, 0.0), (9.0, math.inf)])
def test_a_step_without_meaning_is_refused(wrong: tuple[float, float | None]) -> None:
    with pytest.raises(ProgramError):
        FlowStep(*wrong)
