"""Stall, stop and restart, over-infusion, computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from results.bench import GravimetricBench
from results.decision import Criterion, Verdict
from results.kinds import overinfusion, restart, stall
from results.measured.outcome import MeasuredOutcome
from results.refusal import EvaluationRefused
from tests.results.kinds.hand import COMMON, HOUR_S, QUIET, consecutive, log_of, piecewise, record

BLANK_S = 1800.0
INFUSION = consecutive(("blank_before", BLANK_S), ("infusion", 12.0 * HOUR_S), ("blank_after", BLANK_S))
END_S = INFUSION["blank_after"].end_s


def value(outcome: MeasuredOutcome, name: str) -> float:
    found = outcome.measurand(name).value
    assert found is not None, outcome.measurand(name).absent
    return found.value


def stalled(
    *pieces: tuple[float, float], alarm_s: float | None = None, bench: GravimetricBench = QUIET, **changes: Any
) -> MeasuredOutcome:
    evaluation = stall.StallEvaluation(
        kind="stall", set_flow_ul_per_h=30.0, detection_s=600.0, **COMMON | {"stroke_volume_ul": None} | changes
    )
    log = log_of(END_S, lambda _: 1000.0, alarms={} if alarm_s is None else {"motor stall": alarm_s})
    return stall.measure(record(piecewise((BLANK_S, 0.0), *pieces), INFUSION, log=log), evaluation, bench)


def test_a_stall_of_20_minutes_by_hand() -> None:
    begin_s = BLANK_S + 6.0 * HOUR_S
    outcome = stalled((6.0 * HOUR_S, 30.0), (1200.0, 0.0), (6.0 * HOUR_S - 1200.0, 33.0), alarm_s=begin_s + 300.0)
    assert value(outcome, "longest pause") == pytest.approx(1200.0, abs=5.0)
    assert value(outcome, "stall duration") == pytest.approx(1200.0, abs=5.0)
    assert value(outcome, "detection delay") == pytest.approx(0.0, abs=5.0)  # this balance makes no noise
    assert value(outcome, "pump alarm delay") == pytest.approx(300.0, abs=10.0)
    assert value(outcome, "missing volume") == pytest.approx(10.0, abs=0.05)
    assert value(outcome, "mean flow error after recovery") == pytest.approx(10.0, abs=0.05)
    assert [seen.text for seen in outcome.observations] == [
        "the balance sees no more delivery",
        "meanwhile the pump says of itself: infusing",
        "by now weighing alone tells that nothing comes",
        "the balance sees delivery again",
    ]


def test_a_stall_is_told_later_by_a_slower_balance_and_of_larger_strokes() -> None:
    """More than a stroke, up to 1.35 of one, must be overdue: 324 s for 2 uL at 30 uL/h."""
    pieces = ((6.0 * HOUR_S, 30.0), (1200.0, 0.0), (6.0 * HOUR_S - 1200.0, 30.0))
    assert value(stalled(*pieces, stroke_volume_ul=2.0), "detection delay") == pytest.approx(324.0, abs=10.0)
    slow = QUIET.model_copy(update={"balance_response_s": 30.0})
    assert value(stalled(*pieces, bench=slow), "detection delay") == pytest.approx(30.0, abs=5.0)


def test_a_stall_between_strokes_is_known_to_a_stroke_before_and_after() -> None:
    """A stroke of 1 uL every 120 s, ten of them lost: a pause of 1320 s is a stall of 1080 to 1320 s."""
    at_s = BLANK_S + 6.0 * HOUR_S + 60.0
    strokes_s = BLANK_S + 60.0 + 120.0 * np.arange(360)
    made_s = strokes_s[(strokes_s < at_s) | (strokes_s > at_s + 1190.0)]
    log = log_of(END_S, lambda _: 1000.0)
    given = record(lambda times: np.searchsorted(made_s, times).astype(np.float64), INFUSION, log=log)
    evaluation = stall.StallEvaluation(
        kind="stall", set_flow_ul_per_h=30.0, detection_s=600.0, **COMMON | {"stroke_volume_ul": 1.0}
    )
    outcome = stall.measure(given, evaluation, QUIET)
    assert value(outcome, "longest pause") == pytest.approx(1320.0, abs=3.0)
    duration = outcome.measurand("stall duration").value
    assert duration is not None
    assert duration.value == pytest.approx(1200.0, abs=5.0)
    assert duration.expanded_uncertainty == pytest.approx(2.0 / 3.0**0.5 * 120.0, rel=0.05)
    assert value(outcome, "missing volume") == pytest.approx(10.0, abs=0.05)


def test_a_pump_that_says_nothing_of_its_stall_fails_where_it_should_have() -> None:
    criterion = Criterion(id="A", measurand="pump alarm delay", unit="s", high=600.0, source="plan")
    outcome = stalled((6.0 * HOUR_S, 30.0), (1200.0, 0.0), (6.0 * HOUR_S - 1200.0, 30.0), criteria=(criterion,))
    assert outcome.verdict is Verdict.FAIL
    assert "raised no motor-stall alarm" in outcome.decisions[0].reason


def test_a_stall_that_does_not_end_has_no_recovery() -> None:
    outcome = stalled((6.0 * HOUR_S, 30.0), (6.0 * HOUR_S, 0.0))
    assert value(outcome, "longest pause") == pytest.approx(6.0 * HOUR_S, abs=10.0)
    absent = outcome.measurand("mean flow error after recovery")
    assert "had not come back" in absent.absent
    assert absent.absent_verdict is Verdict.FAIL


def test_a_pause_shorter_than_the_plan_s_is_no_stall() -> None:
    outcome = stalled((6.0 * HOUR_S, 30.0), (500.0, 0.0), (6.0 * HOUR_S - 500.0, 30.0))
    assert value(outcome, "longest pause") == pytest.approx(500.0, abs=5.0)
    assert "no pause reached 600 s" in outcome.measurand("stall duration").absent


def restarted(*pieces: tuple[float, float], alarm_s: float | None, **changes: Any) -> MeasuredOutcome:
    phases = consecutive(
        ("blank_before", BLANK_S),
        ("before stop", HOUR_S),
        ("stopped", 50.0 * HOUR_S),
        ("after restart", 4.0 * HOUR_S),
        ("blank_after", BLANK_S),
    )
    evaluation = restart.RestartEvaluation(kind="restart", set_flow_ul_per_h=30.0, settle_s=300.0, **COMMON | changes)
    log = log_of(
        phases["blank_after"].end_s, lambda _: 1000.0, alarms={} if alarm_s is None else {"stopped too long": alarm_s}
    )
    made = record(piecewise((BLANK_S, 0.0), *pieces), phases, period_s=10.0, log=log)
    return restart.measure(made, evaluation, QUIET)


def test_a_stop_of_50_h_and_a_late_restart_by_hand() -> None:
    stopped_s = BLANK_S + HOUR_S
    outcome = restarted(
        (HOUR_S, 30.0), (50.0 * HOUR_S + 120.0, 0.0), (4.0 * HOUR_S - 120.0, 30.0), alarm_s=stopped_s + 48.0 * HOUR_S
    )
    # Noise of the blanks: 1 ug on their slope of half an hour is 0.02 uL in 50 h.
    assert value(outcome, "delivered while stopped") == pytest.approx(0.0, abs=0.02)
    assert value(outcome, "restart delay") == pytest.approx(120.0, abs=1.0)
    assert value(outcome, "mean flow error after restart") == pytest.approx(0.0, abs=0.05)
    alarm = outcome.measurand("stopped alarm after").value
    assert alarm is not None
    assert abs(alarm.value - 48.0 * HOUR_S) <= alarm.expanded_uncertainty < 10.0


def test_what_came_long_before_the_restart_does_not_move_it() -> None:
    """3 uL come in the first ten hours of the stop: a line through all of it would put the restart 8 min late."""
    outcome = restarted((HOUR_S, 30.0), (10.0 * HOUR_S, 0.3), (40.0 * HOUR_S, 0.0), (4.0 * HOUR_S, 30.0), alarm_s=None)
    assert value(outcome, "delivered while stopped") == pytest.approx(3.0, abs=0.03)
    assert value(outcome, "restart delay") == pytest.approx(0.0, abs=2.0)


def test_a_pump_that_creeps_while_stopped_and_keeps_silent() -> None:
    criteria = (
        Criterion(id="S", measurand="flow while stopped", unit="uL/h", high=0.1, source="plan"),
        Criterion(id="A", measurand="stopped alarm after", unit="s", high=49.0 * HOUR_S, source="plan"),
    )
    outcome = restarted((HOUR_S, 30.0), (50.0 * HOUR_S, 0.5), (4.0 * HOUR_S, 30.0), alarm_s=None, criteria=criteria)
    assert value(outcome, "delivered while stopped") == pytest.approx(25.0, rel=1e-3)
    assert [decision.verdict for decision in outcome.decisions] == [Verdict.FAIL, Verdict.FAIL]
    assert "raised no alarm 'stopped too long'" in outcome.decisions[1].reason


def overinfused(*pieces: tuple[float, float], hours: float = 60.0) -> MeasuredOutcome:
    phases = consecutive(("blank_before", BLANK_S), ("infusion", hours * HOUR_S), ("blank_after", BLANK_S))
    evaluation = overinfusion.OverInfusionEvaluation(
        kind="overinfusion", set_flow_ul_per_h=10.0, allowance_percent=5.0, decision_ul=12.0, **COMMON
    )
    return overinfusion.measure(record(piecewise((BLANK_S, 0.0), *pieces), phases, period_s=30.0), evaluation, QUIET)


def test_sudden_over_infusion_by_hand() -> None:
    """From 30 h on 20 % too much, 5 % allowed: 1.5 uL/h adds up to 45 uL at the end, to 12 uL after 8 h."""
    outcome = overinfused((30.0 * HOUR_S, 10.0), (30.0 * HOUR_S, 12.0))
    assert value(outcome, "accumulated over-delivery") == pytest.approx(45.0, abs=0.3)
    assert value(outcome, "over-infusion detected after") == pytest.approx(38.0 * HOUR_S, abs=300.0)
    assert value(outcome, "highest flow error over 24 h") == pytest.approx(20.0, abs=0.05)
    assert value(outcome, "mean flow error") == pytest.approx(10.0, abs=0.05)


def test_what_the_pump_does_not_count_by_hand() -> None:
    """60 h at 11 uL/h weighed, 10 uL/h counted; a low-reservoir alarm is told, its silence too."""
    hours = 60.0
    phases = consecutive(("blank_before", BLANK_S), ("infusion", hours * HOUR_S), ("blank_after", BLANK_S))
    evaluation = overinfusion.OverInfusionEvaluation(
        kind="overinfusion", set_flow_ul_per_h=10.0, allowance_percent=5.0, decision_ul=12.0, **COMMON
    )
    pieces = ((BLANK_S, 0.0), (hours * HOUR_S, 11.0))

    def told(alarms: dict[str, float]) -> MeasuredOutcome:
        log = log_of(phases["blank_after"].end_s, lambda t_s: 2000.0 - t_s / 360.0, alarms=alarms)
        made = record(piecewise(*pieces), phases, period_s=30.0, log=log)
        return overinfusion.measure(made, evaluation, QUIET)

    assert value(told({}), "weighed less calculated") == pytest.approx(60.0, abs=0.3)
    assert any("raised no reservoir alarm" in note for note in told({}).notes)
    assert any("raised its low-reservoir alarm at 9000" in note for note in told({"low reservoir": 9000.0}).notes)


def test_no_over_infusion_is_no_detection() -> None:
    outcome = overinfused((60.0 * HOUR_S, 10.3))
    assert value(outcome, "accumulated over-delivery") == pytest.approx(0.0, abs=0.05)
    assert "no over-infusion" in outcome.measurand("over-infusion detected after").absent


def test_an_infusion_under_a_day_has_no_worst_day_and_one_too_short_is_refused() -> None:
    outcome = overinfused((20.0 * HOUR_S, 10.0), hours=20.0)
    assert outcome.measurand("highest flow error over 24 h").absent_verdict is Verdict.INCONCLUSIVE
    with pytest.raises(EvaluationRefused, match="too short"):
        overinfused((0.2 * HOUR_S, 10.0), hours=0.2)


def test_what_a_run_did_not_record_is_not_made_up() -> None:
    evaluation = stall.StallEvaluation(kind="stall", set_flow_ul_per_h=30.0, detection_s=600.0, **COMMON)
    pieces = ((BLANK_S, 0.0), (6.0 * HOUR_S, 30.0), (1200.0, 0.0), (6.0 * HOUR_S - 1200.0, 30.0))
    outcome = stall.measure(record(piecewise(*pieces), INFUSION), evaluation, QUIET)
    silent = outcome.measurand("pump alarm delay")
    assert silent.absent == "the run has no record of what the pump said"
    assert silent.absent_verdict is Verdict.INVALID
    with pytest.raises(EvaluationRefused, match="no completed phase 'stopped'"):
        restart.measure(
            record(piecewise(*pieces), INFUSION),
            restart.RestartEvaluation(kind="restart", set_flow_ul_per_h=30.0, settle_s=0.0, **COMMON),
            QUIET,
        )


def test_a_gap_in_the_readings_at_the_end_of_a_period_widens_u() -> None:
    made = record(piecewise((BLANK_S, 0.0), (12.0 * HOUR_S, 10.0)), INFUSION)
    silent = np.abs(made.series.time_s - INFUSION["infusion"].end_s) < 300.0
    made.series.status[silent] = 2
    evaluation = overinfusion.OverInfusionEvaluation(
        kind="overinfusion", set_flow_ul_per_h=10.0, allowance_percent=5.0, decision_ul=12.0, **COMMON
    )
    error = overinfusion.measure(made, evaluation, QUIET).measurand("mean flow error")
    (line,) = (line for line in error.budget if line.name == "no readings at an end of the period")
    # 300 s at 10 uL/h came in the gap: +/- 0.42 uL of 120 uL.
    assert line.contribution == pytest.approx(100.0 * 0.4167 / 3.0**0.5 / 120.0, rel=0.02)
