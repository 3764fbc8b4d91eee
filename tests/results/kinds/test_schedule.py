"""A flex schedule computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from results.decision import Criterion, Verdict
from results.kinds.schedule import ScheduleEvaluation, measure
from results.measured.outcome import MeasuredOutcome
from tests.results.kinds.hand import COMMON, HOUR_S, QUIET, consecutive, piecewise, record

BLANK_S, STEP_S = 1800.0, 12.0 * HOUR_S
PHASES = consecutive(
    ("blank_before", BLANK_S),
    *((f"day-step {day}.{n}", STEP_S) for day in (1, 2) for n in (1, 2)),
    ("blank_after", BLANK_S),
)


def outcome_of(*pieces: tuple[float, float], **changes: Any) -> MeasuredOutcome:
    evaluation = ScheduleEvaluation(
        kind="schedule",
        flows_ul_per_h=(4.0, 8.0),
        days=2,
        settle_s=600.0,
        concentration_ug_per_ml=500.0,
        **COMMON | changes,
    )
    delivered = record(piecewise((BLANK_S, 0.0), *pieces), PHASES, period_s=10.0)
    return measure(delivered, evaluation, QUIET)


def value(outcome: MeasuredOutcome, name: str) -> float:
    found = outcome.measurand(name).value
    assert found is not None, outcome.measurand(name).absent
    return found.value


def test_doses_transitions_and_days_by_hand() -> None:
    """Day 2 changes 15 min late: its first step has 15 min at 8 uL/h for 4 uL/h, 1 uL of 48 too much."""
    late_s = 900.0
    outcome = outcome_of((STEP_S, 4.0), (STEP_S + late_s, 8.0), (STEP_S - late_s, 4.0), (STEP_S, 8.4))
    assert value(outcome, "dose, day-step 1.1") == pytest.approx(0.5 * 48.0, rel=1e-3)
    assert value(outcome, "dose error, day-step 2.1") == pytest.approx(100.0 / 48.0, abs=0.02)
    assert value(outcome, "dose error, day-step 2.2") == pytest.approx(5.0, abs=0.02)
    assert value(outcome, "transition delay, day-step 1.2") == pytest.approx(0.0, abs=5.0)
    # The line through the day-step after settling begins while the flow is still the old one: known to a few minutes.
    assert value(outcome, "transition delay, day-step 2.1") == pytest.approx(late_s, rel=0.1)
    assert value(outcome, "dose error, day 1") == pytest.approx(0.0, abs=0.01)
    assert value(outcome, "dose error, day 2") == pytest.approx(100.0 * (1.0 + 4.8) / 144.0, abs=0.01)
    assert value(outcome, "highest day-step dose error") == value(outcome, "dose error, day-step 2.2")
    assert value(outcome, "lowest day-step dose error") == pytest.approx(0.0, abs=0.02)
    assert value(outcome, "highest daily dose error") == value(outcome, "dose error, day 2")
    assert value(outcome, "latest transition") == value(outcome, "transition delay, day-step 2.1")


def test_the_uncertainty_of_an_extreme_holds_for_all_it_was_chosen_from() -> None:
    outcome = outcome_of((2.0 * STEP_S, 6.0), (2.0 * STEP_S, 6.0))
    widest = max(
        one.value.expanded_uncertainty
        for one in outcome.measurands
        if one.name.startswith("dose error, day-step") and one.value is not None
    )
    highest = outcome.measurand("highest day-step dose error").value
    assert highest is not None
    # Sidak: 4 values at 95.45 % together need 98.84 % each, k = 2.525 for a normal distribution.
    assert highest.expanded_uncertainty == pytest.approx(widest * 2.525 / 2.0, rel=0.02)


def test_a_missed_step_is_a_dose_error_and_no_transition() -> None:
    criterion = Criterion(id="T", measurand="latest transition", unit="s", high=1800.0, source="plan")
    outcome = outcome_of((STEP_S, 4.0), (STEP_S, 8.0), (STEP_S, 4.0), (STEP_S, 4.0), criteria=(criterion,))
    assert value(outcome, "lowest day-step dose error") == pytest.approx(-50.0, abs=0.02)
    assert outcome.verdict is Verdict.FAIL
    assert "day-step 2.2: the flow did not change as programmed" in outcome.decisions[0].reason
