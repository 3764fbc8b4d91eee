"""Refill, reservoir alarms, lockout, priming and bridge bolus, computed by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from results.decision import Criterion, Verdict
from results.kinds import lockout, prime_bridge, refill, reservoir
from results.measured.outcome import MeasuredOutcome
from tests.results.kinds.hand import COMMON, HOUR_S, QUIET, consecutive, event, log_of, piecewise, record

BLANK_S = 1800.0


def value(outcome: MeasuredOutcome, name: str) -> float:
    found = outcome.measurand(name).value
    assert found is not None, outcome.measurand(name).absent
    return found.value


def refilled(*, data: dict[str, float], **changes: Any) -> MeasuredOutcome:
    """10 h at 9 uL/h where 10 are programmed and calculated; filled again to 500 uL in the blank after."""
    phases = consecutive(("blank_before", BLANK_S), ("infusion 1", 10.0 * HOUR_S), ("blank_after", BLANK_S))
    evaluation = refill.RefillEvaluation(
        kind="refill", flow_ul_per_h=10.0, fill_ul=300.0, syringe_u_ul=0.5, **COMMON | changes
    )
    end_s = phases["infusion 1"].end_s

    def calculated(t: float) -> float:
        return 498.0 if t > end_s + 120.0 else 300.0 - 10.0 / HOUR_S * min(max(t - BLANK_S, 0.0), 10.0 * HOUR_S)

    made = record(
        piecewise((BLANK_S, 0.0), (10.0 * HOUR_S, 9.0)),
        phases,
        log=log_of(phases["blank_after"].end_s, calculated),
        events=[event(end_s + 115.0, "refill", **data)],
    )
    return refill.measure(made, evaluation, QUIET)


def test_a_refill_by_hand() -> None:
    outcome = refilled(data={"volume_ul": 500.0, "residual_ul": 209.0})
    assert value(outcome, "volume weighed") == pytest.approx(90.0, abs=0.02)
    # Polled every 10 s, in which 0.028 uL are delivered.
    assert value(outcome, "volume calculated") == pytest.approx(100.0, abs=0.03)
    assert value(outcome, "calculated less weighed") == pytest.approx(100.0 / 9.0, abs=0.03)
    assert value(outcome, "accuracy ratio by weighing") == pytest.approx(90.0, abs=0.02)
    # 300 uL filled, 209 drawn off, 100 programmed.
    assert value(outcome, "accuracy ratio by residual") == pytest.approx(91.0)
    by_residual = outcome.measurand("accuracy ratio by residual").value
    assert by_residual is not None
    assert by_residual.expanded_uncertainty == pytest.approx(2.0 * 0.5 * 2.0**0.5, rel=1e-3)
    assert value(outcome, "reservoir calculated after refill less filled") == pytest.approx(-2.0)


def test_a_refill_without_a_residual_has_no_ratio_by_it() -> None:
    absent = refilled(data={"volume_ul": 500.0}).measurand("accuracy ratio by residual")
    assert absent.absent_verdict is Verdict.NOT_RUN


def emptied(flow_ul_per_h: float, *, low: bool = True) -> MeasuredOutcome:
    """200 uL at 20 uL/h as programmed; the pump calculates 60 uL left after 7 h and none after 10."""
    phases = consecutive(
        ("blank_before", BLANK_S), ("infusion", 10.0 * HOUR_S), ("after empty", HOUR_S), ("blank_after", BLANK_S)
    )
    evaluation = reservoir.ReservoirEvaluation(
        kind="reservoir",
        set_flow_ul_per_h=20.0,
        fill_ul=200.0,
        fill_u_ul=0.1,
        criteria=(Criterion(id="L", measurand="reservoir at low alarm, weighed", unit="uL", low=40.0, source="plan"),),
        **COMMON,
    )
    alarms = {"empty reservoir": phases["infusion"].end_s} | ({"low reservoir": BLANK_S + 7.0 * HOUR_S} if low else {})
    made = record(
        piecewise((BLANK_S, 0.0), (10.0 * HOUR_S, flow_ul_per_h)),
        phases,
        log=log_of(
            phases["blank_after"].end_s,
            lambda t: 200.0 - 20.0 / HOUR_S * min(max(t - BLANK_S, 0.0), 10.0 * HOUR_S),
            alarms=alarms,
        ),
    )
    return reservoir.measure(made, evaluation, QUIET)


def test_a_calculated_alarm_is_right_for_a_pump_as_set_and_wrong_for_one_that_over_delivers() -> None:
    good, bad = emptied(20.0), emptied(24.0)
    assert value(good, "reservoir at low alarm, weighed") == pytest.approx(60.0, abs=0.1)
    assert value(good, "reservoir at low alarm, calculated") == pytest.approx(60.0, abs=0.1)
    assert good.verdict is Verdict.PASS
    assert value(bad, "reservoir at low alarm, weighed") == pytest.approx(200.0 - 168.0, abs=0.1)
    assert value(bad, "low alarm, calculated less weighed") == pytest.approx(28.0, abs=0.1)
    assert value(bad, "reservoir at empty alarm, weighed") == pytest.approx(-40.0, abs=0.1)
    assert value(good, "flow after empty") == pytest.approx(0.0, abs=0.02)
    assert bad.verdict is Verdict.FAIL


def test_an_alarm_that_does_not_come_fails() -> None:
    outcome = emptied(20.0, low=False)
    assert outcome.verdict is Verdict.FAIL
    assert "raised no alarm 'low reservoir'" in outcome.decisions[0].reason


def locked(inside_ul: float, *events: str, paused_s: float = 0.0) -> MeasuredOutcome:
    """20 uL on 10 uL/h, then 2 h of lockout with `inside_ul` given half way."""
    phases = consecutive(
        ("blank_before", BLANK_S), ("bolus 1", 600.0), ("lockout 1", 2.0 * HOUR_S), ("blank_after", BLANK_S)
    )
    evaluation = lockout.LockoutEvaluation(
        kind="lockout",
        bolus_volume_ul=20.0,
        basal_flow_ul_per_h=10.0,
        basal_flow_u_ul_per_h=0.1,
        basal_paused_s=paused_s,
        **COMMON,
    )
    pieces = [(BLANK_S, 0.0), (60.0, 10.0 + 1200.0), (540.0, 10.0), (HOUR_S, 10.0)]
    pieces += [(10.0, 10.0 + 360.0 * inside_ul), (HOUR_S - 10.0, 10.0)]
    demands = [event(BLANK_S + 600.0 + HOUR_S, kind) for kind in events]
    return lockout.measure(record(piecewise(*pieces), phases, events=demands), evaluation, QUIET)


def test_a_lockout_by_hand() -> None:
    held = locked(0.0, "bolus_refused")
    assert value(held, "bolus volume error, bolus 1") == pytest.approx(0.0, abs=0.1)
    beyond = held.measurand("delivered beyond basal, lockout 1").value
    assert beyond is not None
    assert abs(beyond.value) < 0.02
    # The basal flow is known to 0.1 uL/h: 0.2 uL in 2 h, k = 2.
    assert beyond.expanded_uncertainty == pytest.approx(0.4, rel=0.01)
    assert value(held, "demands refused") == 1.0
    broken = locked(20.0, "bolus_start")
    assert value(broken, "delivered beyond basal, lockout 1") == pytest.approx(20.0, abs=0.05)
    assert value(broken, "demands refused") == 0.0


def test_a_bolus_in_place_of_the_basal_flow() -> None:
    """10 uL/h in the 360 s the basal flow pauses are 1 uL that is the bolus's own: 5 % of 20 uL."""
    outcome = locked(0.0, "bolus_refused", paused_s=360.0)
    assert value(outcome, "bolus volume error, bolus 1") == pytest.approx(5.0, abs=0.1)
    beyond = outcome.measurand("delivered beyond basal, lockout 1").value
    assert beyond is not None
    assert abs(beyond.value) < 0.02


def test_priming_and_bridge_by_hand() -> None:
    """V_dead C_old / dose_old: 0.441 mL at 500 ug/mL and 108 ug/day is 2.042 days at 9 uL/h; here a tenth of it."""
    dead_ul = 44.1
    bridge_s = dead_ul * 500.0 / 108.0 * 86400.0 / 1000.0
    assert bridge_s / 86400.0 == pytest.approx(0.2042, abs=5e-5)
    phases = consecutive(
        ("blank_before", BLANK_S),
        ("priming bolus", 1800.0),
        ("after priming", 4.0 * HOUR_S),
        ("bridge bolus", bridge_s),
        ("after bridge", 4.0 * HOUR_S),
        ("blank_after", BLANK_S),
    )
    pieces = [(BLANK_S, 0.0), (1800.0, 1.02 * 200.0), (4.0 * HOUR_S, 9.0)]
    # The pump changes to the new flow 10 min late.
    pieces += [(bridge_s + 600.0, 9.0), (4.0 * HOUR_S - 600.0, 4.5)]
    evaluation = prime_bridge.PrimeBridgeEvaluation(
        kind="prime_bridge",
        priming_volume_ul=100.0,
        flow_after_priming_ul_per_h=9.0,
        bridge_volume_ul=dead_ul,
        bridge_flow_ul_per_h=9.0,
        flow_after_bridge_ul_per_h=4.5,
        settle_s=900.0,
        **COMMON,
    )
    outcome = prime_bridge.measure(record(piecewise(*pieces), phases), evaluation, QUIET)
    assert value(outcome, "priming volume") == pytest.approx(102.0, abs=0.02)
    assert value(outcome, "priming volume error") == pytest.approx(2.0, abs=0.02)
    assert value(outcome, "mean flow error after priming") == pytest.approx(0.0, abs=0.1)
    assert value(outcome, "bridge volume error") == pytest.approx(0.0, abs=0.05)
    assert value(outcome, "bridge duration") == pytest.approx(bridge_s + 600.0, abs=20.0)
    assert value(outcome, "bridge duration error") == pytest.approx(100.0 * 600.0 / bridge_s, abs=0.1)
    assert value(outcome, "mean flow error after bridge") == pytest.approx(0.0, abs=0.1)


def test_half_a_bridge_is_no_plan() -> None:
    with pytest.raises(ValidationError, match="a bridge bolus needs its volume and every flow"):
        prime_bridge.PrimeBridgeEvaluation(kind="prime_bridge", bridge_volume_ul=44.1, settle_s=0.0, **COMMON)
    with pytest.raises(ValidationError, match="neither a priming nor a bridge bolus"):
        prime_bridge.PrimeBridgeEvaluation(kind="prime_bridge", settle_s=0.0, **COMMON)
