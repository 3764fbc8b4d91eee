"""Occlusion from sealed traces made by hand: edges from voltages or from events and polls, fixture, restarts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from results.decision import StrictModel, Verdict
from results.evaluate_trace import evaluate_trace
from results.kinds.catheter_occlusion import CatheterTraceEvaluation
from results.kinds.occlusion import OcclusionTraceEvaluation, restarts_in
from results.measured.pump_log import PumpLog
from results.occlusion.instants import Instant
from results.occlusion.line_trace import running_in
from results.occlusion.outcome import OcclusionOutcome
from results.refusal import EvaluationRefused
from results.series import Phase
from results.trace.journal import JournalWriter
from results.trace.schema import (
    AMBIENT,
    AMBIENT_COLUMNS,
    MASS,
    MASS_COLUMNS,
    PRESSURE_COLUMNS,
    PRESSURE_PREFIX,
    PUMP,
    PUMP_COLUMNS,
    VOLTAGE_COLUMNS,
    VOLTAGE_PREFIX,
    Block,
    StreamSpec,
    TraceEvent,
)
from results.trace.seal import seal
from tests.results.kinds.hand import COMMON, QUIET, Z_UL_PER_MG, event
from tests.results.kinds.test_kinds_of_traces import phase_events

SET_UL, FIXTURE_UL, PUSHED_UL, REST_KPA, BEFORE_KPA = 1.0, 0.1, 0.5, 0.5, 2.0
CLOSED_S, ALARM_S, RELEASED_S = 785.0, 849.3, 910.0
WHOLE_UL = SET_UL + FIXTURE_UL
AT_ALARM_KPA = BEFORE_KPA + (PUSHED_UL + ALARM_S - CLOSED_S) / WHOLE_UL
AT_RELEASE_KPA = AT_ALARM_KPA - 30.0
BOLUS_UL = WHOLE_UL * (AT_RELEASE_KPA - REST_KPA) - PUSHED_UL
PHASES = {
    "blank_before": Phase(0.0, 300.0),
    **{f"valve {n}": Phase(300.0 + 12.0 * (n - 1), 310.0 + 12.0 * (n - 1)) for n in (1, 2, 3)},
    **{f"fixture {n}": Phase(340.0 + 10.0 * (n - 1), 350.0 + 10.0 * (n - 1)) for n in (1, 2)},
    "steady": Phase(480.0, 780.0),
    "occluded": Phase(780.0, 900.0),
    "release": Phase(905.0, 1000.0),
    "blank_after": Phase(1000.0, 1300.0),
}
LEGEND = {
    "state_legend": "0=stopped, 1=infusing, 2=bolus reduction, 3=alarm, 4=checking line",
    "alarms_legend": "1=occlusion, 2=low reservoir",
}
BENCH = QUIET.model_copy(update={"transducer_zero_u_kpa": 0.1, "transducer_span_u_percent": 0.1})
EVALUATION: dict[str, Any] = {
    **COMMON,
    "set_flow_ul_per_h": 3600.0,
    "back_band_kpa": 1.0,
    "settle_s": 20.0,
    "flow_per_pressure_u_percent_per_kpa": 0.005,
    "syringe_u_percent": 0.5,
}


def plan(**changes: Any) -> OcclusionTraceEvaluation:
    stated = {"kind": "occlusion", "threshold_kpa": 60.0, "alarm_delay_s": 0.02, **EVALUATION, **changes}
    return OcclusionTraceEvaluation.model_validate(stated)


def valves() -> list[TraceEvent]:
    """Closings and openings of the occluder, in order."""
    closings = [PHASES[f"valve {n}"].begin_s + 4.0 for n in (1, 2, 3)] + [338.0, CLOSED_S]
    openings = [PHASES[f"valve {n}"].end_s + 1.0 for n in (1, 2, 3)] + [365.0, RELEASED_S]
    events = [event(at_s, "valve", line="occluder", energised=True) for at_s in closings]
    return events + [event(at_s, "valve", line="occluder", energised=False) for at_s in openings]


def injections() -> list[TraceEvent]:
    done = []
    for n in (1, 2):
        at_s = PHASES[f"fixture {n}"].begin_s + 4.0
        done.append(event(at_s, "operator_asked", step="inject"))
        done.append(event(at_s + 0.5, "operator", action="inject_fixture", values={"volume_ul": 2.0}))
    return done


def pressure_kpa(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The line's pressure: steps of the fixture's test, steady flow, rise, reduction, release."""
    kpa = np.full(t.size, REST_KPA)
    for n in (1, 2, 3):
        phase = PHASES[f"valve {n}"]
        kpa = np.where((t >= phase.begin_s + 4.0) & (t < phase.end_s + 1.0), REST_KPA + PUSHED_UL / FIXTURE_UL, kpa)
    injected = (t >= 344.2) * 1.0 + (t >= 354.2)
    kpa = np.where((t >= 338.0) & (t < 365.0), REST_KPA + (PUSHED_UL + 2.0 * injected) / FIXTURE_UL, kpa)
    kpa = np.where(t >= 380.0, BEFORE_KPA, kpa)
    rising = BEFORE_KPA + (PUSHED_UL + np.minimum(t, ALARM_S) - CLOSED_S) / WHOLE_UL
    kpa = np.where(t >= CLOSED_S, rising - 15.0 * np.clip(t - 851.0, 0.0, 2.0), kpa)
    gone = np.exp(-np.maximum(t - RELEASED_S, 0.0))
    return np.where(t >= RELEASED_S, REST_KPA + (AT_RELEASE_KPA - REST_KPA) * gone, kpa)


def volume_ul(t: NDArray[np.float64]) -> NDArray[np.float64]:
    gone = -np.expm1(-np.maximum(t - RELEASED_S, 0.0))
    return np.clip(t, 380.0, CLOSED_S) - 380.0 + BOLUS_UL * gone


def sealed(
    folder: Path,
    evaluation: StrictModel,
    *,
    wired: bool = True,
    alarms: bool = True,
    legend: Mapping[str, str] = LEGEND,
    phases: Mapping[str, Phase] = PHASES,
    without: str = "",
) -> Path:
    """Write the test as the rig does; `wired`: valve drive and alarm output are sampled beside the pressure."""
    rng = np.random.default_rng(1)
    head = {
        "run_id": "R1",
        "start_utc": "2026-03-01T08:00:00Z",
        "simulated": True,
        "title": "by hand",
        "evaluation": evaluation.model_dump(mode="json"),
        "gravimetric_bench": BENCH.model_dump(mode="json"),
    }
    streams = [
        StreamSpec(MASS, MASS_COLUMNS, 1.0),
        StreamSpec(AMBIENT, AMBIENT_COLUMNS, 1.0),
        StreamSpec(PUMP, PUMP_COLUMNS, 2.0, attributes=legend),
        StreamSpec(PRESSURE_PREFIX + "line", PRESSURE_COLUMNS, 0.01, hardware_timed=True),
    ]
    if wired:
        streams += [StreamSpec(VOLTAGE_PREFIX + name, VOLTAGE_COLUMNS, 0.01) for name in ("valve", "alarm")]
    journal = JournalWriter(folder / "journal.db", header=head, streams=streams)

    def put(name: str, times: NDArray[np.float64], **columns: NDArray[np.generic]) -> None:
        time_ns = np.round(times * 1e9).astype(np.int64)
        journal.append(Block(name, time_ns, np.zeros(times.size, np.uint8), columns))

    seconds = np.arange(0.0, 1300.0)
    noise_g = 2e-6 * rng.standard_normal(seconds.size)
    put(
        MASS,
        seconds,
        mass_g=20.0 + volume_ul(seconds) / Z_UL_PER_MG * 1e-3 + noise_g,
        reply=np.full(seconds.size, b"", dtype="S32"),
    )
    constant = np.ones(seconds.size)
    put(
        AMBIENT,
        seconds,
        temperature_c=20.0 * constant,
        humidity_percent=50.0 * constant,
        pressure_hpa=1013.25 * constant,
    )
    fine = np.arange(0.0, 1010.0, 0.01)
    put(PRESSURE_PREFIX + "line", fine, pressure_kpa=pressure_kpa(fine) + 0.02 * rng.standard_normal(fine.size))
    polls = np.arange(0.7, 1300.0, 2.0)
    raised = (polls >= ALARM_S) & alarms
    state = np.where(polls < 380.0, 0, np.where(~raised, 1, np.where(polls < 853.0, 2, 3)))
    put(
        PUMP,
        polls,
        state=state.astype(np.uint8),
        set_flow_ul_per_h=np.where(state == 1, 3600.0, 0.0),
        delivered_ul=np.zeros(polls.size),
        reservoir_ul=np.zeros(polls.size),
        alarms=raised.astype(np.uint16),
    )
    if wired:
        switches = [(one.time_ns / 1e9, one.data["energised"]) for one in valves()]
        drive = np.zeros(fine.size)
        for at_s, on in sorted(switches):
            drive = np.where(fine >= at_s + 0.004, 5.0 if on else 0.0, drive)
        put(VOLTAGE_PREFIX + "valve", fine, voltage_v=drive)
        put(VOLTAGE_PREFIX + "alarm", fine, voltage_v=np.where((fine >= ALARM_S + 0.02) & alarms, 5.0, 0.0))
    happened = [*phase_events(phases), *valves(), *injections()]
    for one in sorted(happened, key=lambda one: one.time_ns):
        if not (without and one.kind == without):
            journal.event(one)
    journal.commit()
    journal.close()
    seal(folder / "journal.db", folder / "trace.h5")
    return folder / "trace.h5"


def evaluated(path: Path) -> OcclusionOutcome:
    outcome = evaluate_trace(path)
    assert isinstance(outcome, OcclusionOutcome)
    return outcome


TRUE = {
    "steady flow": 3600.0,
    "pressure before occlusion": BEFORE_KPA,
    "pressure at alarm": AT_ALARM_KPA,
    "maximum pressure": AT_ALARM_KPA,
    "time to alarm": ALARM_S - CLOSED_S,
    "time to alarm, corrected": SET_UL * (AT_ALARM_KPA - BEFORE_KPA),
    "fixture compliance": FIXTURE_UL,
    "valve displacement": PUSHED_UL,
    "line compliance": WHOLE_UL,
    "line compliance, corrected": SET_UL,
    "line compliance by release": WHOLE_UL,
    "stored volume at alarm": ALARM_S - CLOSED_S,
    "pressure at release": AT_RELEASE_KPA,
    "unintended bolus": BOLUS_UL,
    "unintended bolus, corrected": SET_UL * (AT_RELEASE_KPA - REST_KPA),
    "unintended bolus before reduction": BOLUS_UL + 30.0 * WHOLE_UL,
}


@pytest.mark.parametrize("wired", [True, False])
def test_every_number_of_a_known_test(tmp_path: Path, wired: bool) -> None:
    outcome = evaluated(sealed(tmp_path, plan(), wired=wired))
    for name, true in TRUE.items():
        measured = outcome.measurand(name).value
        assert measured is not None, outcome.measurand(name).absent
        assert abs(measured.value - true) <= max(measured.expanded_uncertainty, 0.011), name
        assert measured.expanded_uncertainty < (0.06 if wired else 0.15) * true + 0.25, name
    time = outcome.measurand("time to alarm").value
    assert time is not None
    assert time.expanded_uncertainty < (0.02 if wired else 1.5)
    assert [seen.text for seen in outcome.observations] == ["line closed", "alarm", "released", "pressure back"]
    assert (outcome.schema, outcome.kind, outcome.run_id) == ("occlusion-outcome/1.0.0", "occlusion", "R1")


@pytest.mark.parametrize("wired", [True, False])
def test_an_occlusion_that_raises_no_alarm_is_a_result(tmp_path: Path, wired: bool) -> None:
    outcome = evaluated(sealed(tmp_path, plan(), wired=wired, alarms=False))
    time = outcome.measurand("time to alarm")
    assert (time.value, time.absent_verdict) == (None, Verdict.FAIL)
    assert time.absent == "no occlusion alarm within 125 s of the occlusion"
    highest = outcome.measurand("maximum pressure").value
    assert highest is not None
    assert highest.value == pytest.approx(AT_ALARM_KPA, abs=0.1)


@pytest.mark.parametrize("wired", [True, False])
def test_another_alarm_is_no_occlusion_alarm(tmp_path: Path, wired: bool) -> None:
    """The contact closes for any alarm that halts the pump; only what telemetry names counts."""
    legend = {**LEGEND, "alarms_legend": "1=motor stall, 2=occlusion"}
    limit = {"id": "time", "measurand": "time to alarm", "unit": "s", "high": 120.0, "source": "plan"}
    outcome = evaluated(sealed(tmp_path, plan(criteria=[limit]), wired=wired, legend=legend))
    assert outcome.verdict is Verdict.FAIL
    assert outcome.measurand("time to alarm").absent == (
        "no occlusion alarm within 125 s of the occlusion; the pump raised 'motor stall' instead"
    )


def test_the_zero_is_taken_from_the_line_at_rest(tmp_path: Path) -> None:
    known = plan(rest_kpa=REST_KPA + 0.3, rest_u_kpa=0.02)
    measured = evaluated(sealed(tmp_path, known)).measurand("pressure before occlusion").value
    assert measured is not None
    assert measured.value == pytest.approx(BEFORE_KPA + 0.3, abs=0.01)
    assert measured.standard_uncertainty == pytest.approx(0.02, rel=0.1)


def test_a_stated_fixture_serves_where_none_was_measured(tmp_path: Path) -> None:
    phases = {name: phase for name, phase in PHASES.items() if not name.startswith(("valve", "fixture"))}
    nothing = evaluated(sealed(tmp_path, plan(), phases=phases)).measurand("time to alarm, corrected")
    assert nothing.absent == "the fixture was neither measured in this run nor stated"
    stated = plan(
        fixture_compliance_ul_per_kpa=0.1,
        fixture_compliance_u_ul_per_kpa=0.002,
        valve_displacement_ul=0.5,
        valve_displacement_u_ul=0.01,
    )
    (tmp_path / "stated").mkdir()
    corrected = (
        evaluated(sealed(tmp_path / "stated", stated, phases=phases)).measurand("time to alarm, corrected").value
    )
    assert corrected is not None
    assert corrected.value == pytest.approx(TRUE["time to alarm, corrected"], abs=corrected.expanded_uncertainty)


def test_what_a_trace_must_hold_is_asked_for_by_name(tmp_path: Path) -> None:
    for name, kind, words in (
        ("valve", "valve", "the occluder was not closed between 780 and 900 s"),
        ("operator", "operator", "holds 0 injections of known volume; wanted is one"),
    ):
        (tmp_path / name).mkdir()
        with pytest.raises(EvaluationRefused, match=words):
            evaluate_trace(sealed(tmp_path / name, plan(), without=kind))
    (tmp_path / "channel").mkdir()
    with pytest.raises(EvaluationRefused, match="no pressure channel 'catheter'"):
        evaluate_trace(sealed(tmp_path / "channel", plan(channel="catheter")))


def test_an_occluded_catheter_from_its_trace(tmp_path: Path) -> None:
    evaluation = CatheterTraceEvaluation.model_validate(
        {"kind": "catheter_occlusion", "test_interval_s": 10.0, "recovery_band_ul": 2.0, **EVALUATION}
    )
    outcome = evaluated(sealed(tmp_path, evaluation, alarms=False))
    delay = outcome.measurand("detection delay").value
    assert delay is not None
    assert 10.0 <= delay.value <= 20.0
    missed = outcome.measurand("missed volume").value
    assert missed is not None
    assert missed.value == pytest.approx(RELEASED_S - CLOSED_S, abs=1.0)
    assert outcome.measurand("recovery time").absent.startswith("the run holds no phase 'recovery'")


def log_of(states: list[str], period_s: float = 2.0) -> PumpLog:
    times = np.arange(len(states), dtype=np.float64) * np.float64(period_s)
    flows = np.array([3600.0 if state == "infusing" else 0.0 for state in states])
    empty = np.zeros(len(states))
    return PumpLog(times, flows, empty, empty, tuple(states), (frozenset(),) * len(states))


def test_restarts_are_counted_from_poll_to_poll() -> None:
    log = log_of(["infusing", "checking line", "infusing", "checking line", "checking line", "infusing", "alarm"])
    assert restarts_in(log, Phase(0.0, 20.0)) == (Instant(2.0, 4.0), Instant(8.0, 10.0))
    assert restarts_in(log, Phase(5.0, 20.0)) == (Instant(8.0, 10.0),)


def test_when_the_pump_ran_is_known_from_poll_to_poll() -> None:
    log = log_of(["alarm", "alarm", "infusing", "infusing", "stopped", "stopped"])
    (ran,) = running_in(log, Phase(0.0, 10.0), 1800.0)
    assert (ran.began, ran.ended, ran.flow_ratio) == (Instant(2.0, 4.0), Instant(6.0, 8.0), 2.0)
    (on,) = running_in(log_of(["infusing"] * 4), Phase(1.0, 5.0), 3600.0)
    assert (on.began.by_s, on.ended.after_s) == (0.0, 6.0)
    assert running_in(log_of(["alarm"] * 4), Phase(1.0, 5.0), 3600.0) == ()
