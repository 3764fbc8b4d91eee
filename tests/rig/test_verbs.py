"""What the verbs do to a bench, through real drivers and wires, and what ends a run while they wait."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from instruments.errors import CommandRefused, ProtocolError
from instruments.program import ProgramError, ProgramMode, bolus, continuous
from instruments.readings import PumpAlarm, PumpState
from results.decision import Verdict
from results.trace.reader import read_trace
from results.trace.schema import MASS
from results.trace.status import SampleStatus
from rig.acquisition.pressure_sampler import PressureSampler
from rig.acquisition.sample import Sample
from rig.bench import Bench
from rig.faults import CriterionReached, NotRun, RigFault
from rig.operators.step import ExpectedState, OperatorStep
from rig.stopping import OverInfusionStop
from tests.rig.bench_sessions import ended_by, events_of, record_of, session_on, trial_case


def test_a_deadline_that_passes_is_a_result_and_the_run_goes_on(tmp_path: Path) -> None:
    with session_on(tmp_path).bench() as (run, bench):
        bench.start_infusion(continuous(90.0))
        with bench.phase("infusion", 300.0):
            assert not bench.wait_for_alarm(PumpAlarm.OCCLUSION, deadline_s=300.0)
            assert bench.wait_for_state(PumpState.INFUSING, deadline_s=60.0)
        bench.stop_infusion()
        assert bench.wait_for_stop(deadline_s=60.0)
    (passed,) = events_of(run, "deadline_passed")
    assert passed.data == {"waited_for": "alarm: occlusion", "deadline_s": 300.0}


def test_an_alarm_ends_the_wait_and_came_up_between_the_polls_it_is_recorded_with(tmp_path: Path) -> None:
    session = session_on(
        tmp_path, twin={"systematic_error_percent": "stall_detection_s = 600.0\nsystematic_error_percent"}
    )
    stall_s = 100.0
    station = session.session.station.twin_file
    assert station is not None
    with station.open("a", encoding="utf-8") as file:
        file.write(f'\n[[event]]\nkind = "stall"\nat_s = {stall_s}\nduration_s = 3000.0\n')
    with session.bench() as (run, bench):
        bench.start_infusion(continuous(90.0))
        with bench.phase("infusion", 2000.0):
            assert bench.wait_for_alarm(PumpAlarm.MOTOR_STALL, deadline_s=2000.0)
        assert PumpAlarm.MOTOR_STALL in bench.acknowledge_alarms()
    (alarm,) = events_of(run, "pump_alarm")
    assert alarm.data["alarms"] == ["motor stall"]
    low, high = alarm.data["not_before_s"], alarm.data["not_after_s"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    period_s = run.case.sampling.telemetry_period_s or session.session.station.sampling.telemetry_period_s
    assert 0.0 < high - low <= period_s + 1.0
    # The firmware looks at its rotor every half of the detection time, and twice.
    assert stall_s + 300.0 <= high
    assert low <= stall_s + 600.0 + period_s


def watch_for_over_infusion() -> OverInfusionStop:
    return OverInfusionStop("STOP-1", set_flow_ul_per_h=90.0, allowance_percent=7.0, decision_ul=30.0, interval_s=300.0)


def test_over_infusion_stops_the_pump_safely_and_fails_with_the_value_so_far(tmp_path: Path) -> None:
    old = "systematic_error_percent = { value = 0.0"
    session = session_on(tmp_path, twin={old: old.replace("0.0", "40.0")})

    def protocol(bench: Bench) -> None:
        bench.prime(trial_case().prime)
        bench.blank("blank_before", 600.0)
        bench.start_infusion(continuous(90.0))
        bench.stop_when(watch_for_over_infusion())
        bench.infuse("infusion", 36000.0)

    run = ended_by(session, protocol, CriterionReached, "STOP-1")
    assert run.verdict is Verdict.FAIL
    record = record_of(run)
    assert "STOP-1" in record["reason"]
    assert record["safe_state"]["failed"] == []
    (reached,) = events_of(run, "stopping_criterion")
    value, stopped_s = reached.data["value"], reached.time_ns / 1e9
    assert isinstance(value, float)
    assert value >= 30.0
    # 40 % less 7 % of 90 uL/h are 29.7 uL/h: about an hour, and by no means ten.
    (start,) = [event.time_ns / 1e9 for event in events_of(run, "infusion_start")][1:]
    assert 3000.0 < stopped_s - start < 5500.0
    ended = [event for event in events_of(run, "phase_end") if event.data["phase"] == "infusion"]
    assert len(ended) == 1
    assert ended[0].data["early"] is True
    with h5py.File(run.folder.truth) as truth:
        end_s = float(truth["time_s"][-1])
        (later_ul,) = np.diff(np.interp([stopped_s, end_s], truth["time_s"][:], truth["tip_volume_ul"][:]))
    assert later_ul < 1.0


def readings(flow_ul_per_h: float, duration_s: int, *, knock_mg: float = 0.0) -> list[Sample]:
    """Return readings each 10 s of a flow, every hundredth of them knocked."""
    return [
        Sample(
            MASS,
            second * 1_000_000_000,
            SampleStatus.GOOD,
            (flow_ul_per_h * 0.998e-3 * second / 3600.0 + knock_mg * 1e-3 * (second % 1000 == 500), b""),
        )
        for second in range(0, duration_s, 10)
    ]


def first_reached(samples: list[Sample]) -> float | None:
    criterion = watch_for_over_infusion()
    for sample in samples:
        if criterion.listen(sample) is not None:
            return sample.time_ns / 1e9
    return None


def test_a_good_pump_and_a_knocked_table_do_not_stop_a_run() -> None:
    assert first_reached(readings(90.0, 7 * 86400)) is None
    assert first_reached(readings(90.0 * 1.065, 7 * 86400)) is None
    assert first_reached(readings(90.0, 86400, knock_mg=50.0)) is None


def test_over_infusion_is_reached_when_its_excess_adds_up() -> None:
    # 20 % less the 7 % that are allowed of 90 uL/h are 11.7 uL/h: 30 uL in 2.56 h, known an interval later at most.
    reached_s = first_reached(readings(90.0 * 1.2, 86400))
    assert reached_s is not None
    assert 30.0 / 11.7 * 3600.0 <= reached_s <= 30.0 / 11.7 * 3600.0 + 900.0


def test_a_bolus_within_the_lockout_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    program = bolus(ProgramMode.SINGLE_BOLUS, volume_ul=50.0, duration_s=300.0, lockout_s=3600.0)
    with session_on(tmp_path).bench() as (run, bench):
        bench.start_infusion(continuous(9.0))
        bench.give_bolus("bolus 1", program)
        assert not bench.demand_bolus("demand 1", program, watched_s=300.0)
        bench.infuse("lockout", 3600.0)
        assert bench.demand_bolus("demand 2", program, watched_s=600.0)
    refused = events_of(run, "bolus_refused")
    assert [event.data["name"] for event in refused] == ["demand 1"]
    assert "lockout" in str(refused[0].data["reason"])
    starts = events_of(run, "bolus_start")
    assert [event.data["volume_ul"] for event in starts] == pytest.approx([50.0] * 3)
    assert events_of(run, "program")[1].data["lockout_s"] == 3600.0


@pytest.mark.parametrize("kind", [ProtocolError, CommandRefused])
def test_only_a_lockout_refuses_a_bolus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[ProtocolError]
) -> None:
    program = bolus(ProgramMode.SINGLE_BOLUS, volume_ul=50.0, duration_s=300.0, lockout_s=3600.0)

    def otherwise() -> None:
        raise kind("no lockout", instrument="pump", command="RUN", reply=b"??")

    def protocol(bench: Bench) -> None:
        monkeypatch.setattr(bench._station.pump, "start", otherwise)
        bench.demand_bolus("demand", program, watched_s=300.0)

    run = ended_by(session_on(tmp_path), protocol, kind, "no lockout")
    assert run.verdict is Verdict.INVALID
    assert not events_of(run, "bolus_refused")


def test_a_program_refused_after_the_pump_has_delivered_is_no_word_on_the_plan(tmp_path: Path) -> None:
    def protocol(bench: Bench) -> None:
        bench.start_infusion(continuous(500.0))
        bench.change_program(continuous(1500.0))

    run = ended_by(session_on(tmp_path), protocol, CommandRefused, "outside 2 to 1000 uL/h")
    assert run.verdict is Verdict.INVALID
    first = ended_by(
        session_on(tmp_path / "first"),
        lambda bench: bench.start_infusion(continuous(1500.0)),
        ProgramError,
        "outside 2 to 1000 uL/h",
    )
    assert first.verdict is Verdict.NOT_RUN


def test_every_stream_of_a_run_is_expected_from_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PressureSampler, "run", lambda self, stop: None)
    run = ended_by(session_on(tmp_path), lambda bench: bench.infuse("step 1", 300.0), RigFault, "nothing was read for")
    assert run.verdict is Verdict.INVALID
    assert "pressure_line" in record_of(run)["reason"]


def test_a_closed_line_builds_pressure_and_release_ends_it(tmp_path: Path) -> None:
    case = trial_case()
    with session_on(tmp_path).bench(case) as (run, bench):
        bench.prime(case.prime)
        bench.start_infusion(continuous(90.0))
        with bench.phase("occluded", 60.0):
            bench.occlude()
            bench.wait(60.0)
        bench.stop_infusion()
        with bench.phase("release", 600.0):
            bench.release()
            assert bench.wait_until_pressure_below(2.0, deadline_s=600.0)
        with pytest.raises(RigFault, match="no pressure channel 'tip'; it has line, catheter"):
            bench.wait_until_pressure_below(2.0, deadline_s=600.0, channel="tip")
    valves = [(event.data["line"], event.data["energised"]) for event in events_of(run, "valve")]
    assert valves[-2:] == [("occluder", True), ("occluder", False)]


PLACE = OperatorStep(
    name="place 200 mg",
    instruction="Lay the check weight of 200 mg on the pan.",
    action="place_weight",
    values={"mass_g": 0.2},
    expects=ExpectedState(stream=MASS, low=0.15, high=0.25, within_s=60.0),
)


def test_an_operator_step_is_done_confirmed_and_seen(tmp_path: Path) -> None:
    with session_on(tmp_path).bench() as (run, bench):
        bench.operator_step(PLACE)
        bench.wait(30.0)
    (asked,), (done,) = events_of(run, "operator_asked"), events_of(run, "operator")
    assert asked.data["instruction"] == PLACE.instruction
    assert (done.data["action"], done.data["values"]) == ("place_weight", {"mass_g": 0.2})
    assert "twin" in str(done.data["by"])
    mass = read_trace(run.folder.trace).stream(MASS)
    settled = mass.column("mass_g")[mass.time_s > done.time_ns / 1e9 + 15.0]
    assert abs(float(settled[-1]) - float(mass.column("mass_g")[0]) - 0.2) < 0.001


def test_a_step_that_shows_no_effect_makes_the_run_invalid(tmp_path: Path) -> None:
    other = OperatorStep(name="something else", instruction="-", action="isolate_pump", expects=PLACE.expects)
    session = session_on(tmp_path)
    run = ended_by(session, lambda bench: bench.operator_step(other), RigFault, "mass did not come between")
    assert run.verdict is Verdict.INVALID


def test_a_step_that_is_to_show_in_a_channel_the_station_lacks_is_not_asked_for(tmp_path: Path) -> None:
    seen = ExpectedState(stream="pressure_tip", low=1.0, high=2.0, within_s=60.0, change=False)
    step = OperatorStep(name="back", instruction="-", action="set_back_pressure", values={"kpa": 1.5}, expects=seen)
    words = "no pressure channel 'tip'; it has line, catheter"
    run = ended_by(session_on(tmp_path), lambda bench: bench.operator_step(step), RigFault, words)
    assert not events_of(run, "operator_asked")


def test_a_step_nobody_can_do_leaves_the_case_not_run(tmp_path: Path) -> None:
    impossible = OperatorStep(name="fly", instruction="Fly.", action="fly")
    run = ended_by(session_on(tmp_path), lambda bench: bench.operator_step(impossible), NotRun, "fly")
    assert run.verdict is Verdict.NOT_RUN
