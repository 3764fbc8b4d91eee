"""The simulated external pump and pressure in its line: alarm, bolus reduction, automatic restart, alarm output."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.pumps.bench_interface.frames import encode_frame
from instruments.readings import PumpAlarm
from tests.instruments.simulated.pump_bench import ExternalPumpOnBench, PumpOnBench, exactly

INTERFACE = Path(__file__).parents[3] / "docs" / "bench-interface.md"
COMPLIANCE = "catheter.compliance_ul_per_kpa"
SENSOR = "pump.occlusion_sensor"


def infusing(
    flow_ul_per_h: float, threshold_kpa: float, changes: dict[str, object] | None = None
) -> ExternalPumpOnBench:
    """A pump that has infused for 600 s and has just been occluded."""
    pump = ExternalPumpOnBench(changes)
    pump.ask(f"OCC {threshold_kpa:g}")
    pump.run("CONTINUOUS 1", f"{flow_ul_per_h:g} -")
    pump.at(600.0).occlude()
    return pump


def alarm_s(pump: ExternalPumpOnBench, until_s: float) -> float:
    """The bench time of the one alarm there must be."""
    pump.at(until_s).status()
    ((raised_s, alarm),) = pump.firmware.alarm_times_s
    assert alarm is PumpAlarm.OCCLUSION
    return raised_s


def test_the_document_s_conversation_with_an_external_pump() -> None:
    blocks = re.findall(r"```external\n(.*?)```", INTERFACE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    pump = ExternalPumpOnBench()
    for start_s, block in zip((100.0, 580.0), blocks, strict=True):
        pump.at(start_s)
        lines = block.splitlines()
        for question, answer in zip(lines[::2], lines[1::2], strict=True):
            assert pump.exchange(encode_frame(question[2:])) == [answer[2:]]
        if start_s == 100.0:
            pump.at(460.0).occlude()


def test_time_and_pressure_of_the_alarm_of_a_published_calculation() -> None:
    # 12 mL/h from 15 kPa to 85 kPa in 0.010 mL/kPa: 210 s, and 8 s of latency; 0.7267 mL are stored by then.
    pump = infusing(
        12_000.0,
        100.0,
        {
            COMPLIANCE: exactly(10.0),
            "outlet.waste_back_pressure_kpa": exactly(15.0),
            f"{SENSOR}.error_kpa": exactly(15.0),
            f"{SENSOR}.latency_s": 8.0,
        },
    )
    before_kpa = pump.line_kpa()
    raised_s = alarm_s(pump, 900.0)
    assert raised_s - 600.0 == pytest.approx(218.0, abs=1.1)  # a look, and a stroke of 0.2 kPa
    stored_ul = 10.0 * (pump.at(raised_s).line_kpa() - before_kpa)
    assert stored_ul == pytest.approx(726.7, abs=4.0)


@pytest.mark.parametrize("threshold_kpa", [30.0, 75.0, 120.0])
@pytest.mark.parametrize(("flow_ul_per_h", "slack_s"), [(20.0, 400.0), (10_000.0, 2.0), (125_000.0, 1.0)])
def test_time_to_alarm_follows_from_compliance_flow_and_threshold(
    threshold_kpa: float, flow_ul_per_h: float, slack_s: float
) -> None:
    # The slack is a look, and one stroke of 2 uL: at 20 uL/h there is one in six minutes.
    pump = infusing(flow_ul_per_h, threshold_kpa)
    expected_s = (threshold_kpa - pump.line_kpa()) * 1.0 / flow_ul_per_h * 3600.0 + 1.0
    raised_s = alarm_s(pump, 601.0 + expected_s + slack_s)
    assert raised_s - 600.0 == pytest.approx(expected_s, abs=slack_s)


@pytest.mark.parametrize(("offset_kpa", "gain_percent"), [(5.0, 0.0), (-5.0, 0.0), (0.0, 20.0), (0.0, -10.0)])
def test_a_sensor_that_errs_alarms_at_another_pressure(offset_kpa: float, gain_percent: float) -> None:
    errors = {f"{SENSOR}.error_kpa": exactly(offset_kpa), f"{SENSOR}.gain_error_percent": exactly(gain_percent)}
    pump = infusing(3600.0, 75.0, errors | {f"{SENSOR}.latency_s": 0.0})
    raised_s = alarm_s(pump, 900.0)
    true_kpa = (75.0 - offset_kpa) / (1.0 + 0.01 * gain_percent)
    assert pump.at(raised_s).line_kpa() == pytest.approx(true_kpa, abs=2.1)  # a stroke is 2 kPa
    assert pump.at(raised_s - 0.5).line_kpa() <= true_kpa


def test_pressure_that_goes_away_within_the_latency_raises_nothing() -> None:
    pump = infusing(125_000.0, 30.0, {f"{SENSOR}.latency_s": 2.0})
    assert pump.at(601.9).line_kpa() > 30.0
    pump.occlude(False)
    assert pump.at(650.0).state()[0] == "INFUSING"
    assert pump.firmware.alarm_times_s == []


def test_what_else_happens_at_the_bench_does_not_begin_the_latency_anew() -> None:
    def raised_s(commands_s: list[float]) -> float:
        pump = infusing(10_000.0, 30.0, {f"{SENSOR}.latency_s": 5.0})
        for t_s in commands_s:
            pump.bench.set_valve(t_s, "outlet", energised=True)
        return alarm_s(pump, 650.0)

    alone_s = raised_s([])
    assert raised_s([alone_s - 4.2, alone_s - 3.0, alone_s - 0.1]) == alone_s


def test_a_silent_pump_never_alarms_and_pushes_until_it_slips() -> None:
    pump = infusing(10_000.0, 30.0, {f"{SENSOR}.silent": True})
    assert pump.at(3600.0).state()[0] == "INFUSING"
    assert 155.0 < pump.line_kpa() < 165.0


def test_bolus_reduction_draws_back_until_the_pressure_is_down() -> None:
    pump = infusing(10_000.0, 100.0)
    raised_s = alarm_s(pump, 700.0)
    at_alarm_kpa = pump.at(raised_s).line_kpa()
    left_ul = pump.bench.pump_mechanics(raised_s).reservoir_ul
    assert 5.0 < pump.at(700.0).line_kpa() <= 10.0
    drawn_ul = float(pump.ask("RLS?")["DRAWN_BACK"])
    assert drawn_ul == pytest.approx(at_alarm_kpa - pump.line_kpa(), abs=1.0)  # 1 uL/kPa
    assert pump.bench.pump_mechanics(700.0).reservoir_ul - left_ul == pytest.approx(
        drawn_ul, abs=2.8
    )  # the first slice
    found = pump.status()
    assert (found["STATE"], found["ALARMS"]) == ("ALARM", "OCCLUSION")
    # What was drawn back is not taken off what the pump says it delivered.
    assert float(found["DELIVERED"]) == pytest.approx(10_000.0 * raised_s / 3600.0, abs=0.01)


@pytest.mark.parametrize("broken", [True, False])
def test_without_bolus_reduction_the_pressure_stays(broken: bool) -> None:
    pump = ExternalPumpOnBench({f"{SENSOR}.bolus_reduction": not broken})
    assert "BOLUS_REDUCTION" in pump.ask("FUN?")["FUNCTIONS"]
    if not broken:
        pump.ask("RLS OFF")
        assert pump.ask("RLS?") == {"REDUCTION": "OFF", "DRAWN_BACK": "0"}
    pump.run("CONTINUOUS 1", "10000 -")
    pump.at(600.0).occlude()
    raised_s = alarm_s(pump, 700.0)
    assert pump.at(1000.0).line_kpa() == pytest.approx(pump.at(raised_s).line_kpa(), abs=2.1)
    assert pump.at(1000.0).state()[0] == "ALARM"


def test_bolus_reduction_ends_at_its_greatest_volume() -> None:
    pump = infusing(125_000.0, 120.0, {COMPLIANCE: exactly(10.0)})
    pump.at(1000.0)
    assert pump.state()[0] == "ALARM"
    assert float(pump.ask("RLS?")["DRAWN_BACK"]) == pytest.approx(500.0, abs=0.001)
    assert pump.line_kpa() > 60.0


def test_what_may_be_asked_of_a_pump_that_runs_back() -> None:
    pump = infusing(10_000.0, 100.0)
    pump.at(alarm_s(pump, 640.0) + 2.0)
    assert pump.state() == ("BOLUS_REDUCTION", "-", "0")
    assert pump.mechanism_flow() == -20_000.0
    assert pump.refused("RUN") == 22
    pump.ask("ACK")
    assert pump.send("RUN") == "ERR 20 bolus reduction runs"
    assert pump.at(pump.now_s + 60.0).state()[0] == "STOPPED"
    pump.ask("RUN")


def test_stop_ends_running_back() -> None:
    pump = infusing(10_000.0, 100.0)
    pump.at(alarm_s(pump, 640.0) + 2.0).ask("STOP")
    assert pump.mechanism_flow() == 0.0
    assert pump.state()[0] == "ALARM"
    assert pump.at(pump.now_s + 60.0).line_kpa() > 80.0


def test_run_against_pressure_alarms_again() -> None:
    pump = infusing(10_000.0, 50.0, {f"{SENSOR}.bolus_reduction": False})
    alarm_s(pump, 700.0)
    pump.ask("ACK")
    pump.at(800.0).ask("RUN")
    assert pump.at(810.0).state()[0] == "ALARM"
    assert [raised_s for raised_s, _ in pump.firmware.alarm_times_s][1] == pytest.approx(801.5, abs=0.51)


def test_a_new_threshold_counts_at_once() -> None:
    pump = infusing(10_000.0, 50.0)
    assert pump.at(615.0).line_kpa() > 30.0
    pump.ask("OCC 120")
    assert pump.at(630.0).state()[0] == "INFUSING"
    assert pump.line_kpa() > 50.0
    pump.ask("OCC 30")
    assert pump.at(632.0).state()[0] == "BOLUS_REDUCTION"


def checking(changes: dict[str, object] | None = None) -> ExternalPumpOnBench:
    """A pump that has just found its line blocked and may restart by itself."""
    pump = ExternalPumpOnBench({f"{SENSOR}.latency_s": 0.0} | (changes or {}))
    pump.ask("OCC 50")
    pump.ask("ARS ON")
    pump.run("CONTINUOUS 1", "36000 -")
    block(pump, 600.0)
    return pump


def block(pump: ExternalPumpOnBench, t_s: float) -> None:
    pump.at(t_s).occlude()
    pump.at(t_s + 6.0)


def release(pump: ExternalPumpOnBench) -> None:
    pump.occlude(False)
    pump.at(pump.now_s + 1.0)


def test_an_occlusion_that_goes_away_in_time_is_forgotten() -> None:
    pump = checking()
    assert pump.state() == ("CHECKING_LINE", "-", "0")
    assert pump.mechanism_flow() == 0.0
    release(pump)
    assert pump.state() == ("INFUSING", "CONTINUOUS", "36000")
    assert pump.mechanism_flow() == 36_000.0
    assert pump.ask("ARS?") == {"RESTART": "ON", "LEFT": "2"}
    assert pump.firmware.alarm_times_s == []


def test_an_occlusion_that_stays_alarms_after_the_check() -> None:
    pump = checking()
    raised_s = alarm_s(pump, 640.0)
    stopped_s = float(pump.status()["DELIVERED"]) / 36_000.0 * 3600.0  # it ran at one flow until then
    assert raised_s - stopped_s == pytest.approx(15.0, abs=0.01)
    assert pump.state()[0] == "ALARM"


def test_restarts_are_limited_and_come_back_with_time() -> None:
    pump = checking()
    release(pump)
    for start_s in (620.0, 640.0):
        block(pump, start_s)
        release(pump)
        assert pump.state()[0] == "INFUSING"
    assert pump.ask("ARS?")["LEFT"] == "0"
    block(pump, 660.0)
    assert pump.state()[0] == "BOLUS_REDUCTION"
    assert pump.at(1300.0).ask("ARS?")["LEFT"] == "3"


def test_a_bolus_that_was_held_gives_the_rest_of_its_volume() -> None:
    pump = ExternalPumpOnBench({f"{SENSOR}.latency_s": 0.0})
    pump.ask("OCC 50")
    pump.ask("ARS ON")
    pump.run("CONTINUOUS 1", "1000 -")
    pump.at(300.0).run("SINGLE_BOLUS 1", "36000 60")
    block(pump, 320.0)
    assert pump.state()[0] == "CHECKING_LINE"
    pump.at(330.0).occlude(False)
    assert pump.at(360.5).state()[0] == "BOLUS"
    found = pump.at(400.0).status()
    assert found["MODE"] == "CONTINUOUS"
    stopped_s = 330.0 + 0.5 - 325.0  # about: from the look that found it to the look that let it go on
    expected_ul = 600.0 + (400.0 - 60.0 - stopped_s) / 3600.0 * 1000.0
    assert float(found["DELIVERED"]) == pytest.approx(expected_ul, abs=0.5)


def test_a_pump_checking_its_line_can_be_stopped_or_time_out() -> None:
    pump = checking()
    pump.ask("STOP")
    assert pump.state()[0] == "STOPPED"
    pump.occlude(False)
    assert pump.at(620.0).state()[0] == "STOPPED"
    silent = checking()
    silent.ask("CTO 5")
    assert silent.at(612.0).status()["ALARMS"] == "COMMUNICATION_TIMEOUT"


def test_the_alarm_output_closes_with_the_alarm_and_opens_with_its_acknowledgement() -> None:
    pump = infusing(10_000.0, 50.0, {f"{SENSOR}.contact_latency_s": 0.25})
    raised_s = alarm_s(pump, 700.0)
    pump.at(750.0).ask("ACK")
    times_s = np.array([0.0, raised_s, raised_s + 0.249, raised_s + 0.25, 700.0, 750.2, 750.3, 760.0])
    expected = [False, False, False, True, True, True, False, False]
    assert pump.firmware.alarm_contacts(times_s).tolist() == expected
    assert [pump.firmware.alarm_contact(float(t_s)) for t_s in times_s] == expected


def test_the_alarm_output_is_open_while_the_line_is_checked_and_without_power() -> None:
    pump = checking()
    assert not pump.firmware.alarm_contact(pump.now_s)
    assert pump.firmware.alarm_contact(630.0)
    pump.firmware.set_power(640.0, False)
    assert not pump.firmware.alarm_contact(641.0)


def test_the_contact_of_a_pump_nobody_asks() -> None:
    pump = infusing(10_000.0, 50.0)
    assert not pump.firmware.alarm_contact(610.0)
    assert pump.firmware.alarm_contact(700.0)  # the question alone brings the pump there


def test_an_implant_has_nothing_of_all_this() -> None:
    pump = PumpOnBench()
    assert pump.ask("FUN?") == {"FUNCTIONS": "-", "THRESHOLDS": "-", "KEEP_OPEN": "-"}
    for words in ("OCC 50", "OCC?", "RLS ON", "RLS?", "ARS ON", "ARS?", "VTI 100", "VTI?"):
        assert pump.refused(words) == 10
    assert not pump.firmware.alarm_contact(100.0)
    # Its catheter may be blocked for as long as one likes.
    pump.run("CONTINUOUS 1", "100 -")
    pump.bench.set_valve(10.0, "occluder", energised=True)
    assert pump.at(20_000.0).status()["ALARMS"] == "-"
    assert float(pump.bench.pressure_kpa("line", np.array([20_000.0]))[0]) > 250.0


@given(
    st.lists(st.tuples(st.floats(0.1, 40.0), st.booleans()), min_size=1, max_size=8),
    st.sampled_from([0.0, 0.5, 1.0, 2.5]),
    st.lists(st.floats(0.0, 200.0), max_size=4).map(sorted),
)
@settings(max_examples=25, deadline=None)
def test_the_alarm_comes_at_the_look_it_must_come_at_whoever_asks_meanwhile(
    switchings: list[tuple[float, bool]], latency_s: float, questions: list[float]
) -> None:
    pump = ExternalPumpOnBench({f"{SENSOR}.latency_s": latency_s, f"{SENSOR}.bolus_reduction": False})
    pump.run("CONTINUOUS 1", "20000 -")
    happenings: list[tuple[float, bool | None]] = [(t_s, None) for t_s in questions]
    now_s = 0.0
    for wait_s, closed in switchings:
        now_s += wait_s
        happenings.append((now_s, closed))
    for t_s, switched in sorted(happenings, key=lambda happening: happening[0]):
        pump.at(t_s)
        if switched is None:
            pump.status()
        else:
            pump.occlude(switched)
    pump.at(max(now_s, 200.0) + 30.0).status()
    looks_s = np.arange(0.5, pump.now_s, 0.5)
    above = pump.bench.pressure_kpa("line", looks_s) > 30.0
    needed = 1 + int(np.ceil(latency_s / 0.5))
    found = [i for i in range(needed - 1, looks_s.size) if above[i - needed + 1 : i + 1].all()]
    expected = [float(looks_s[found[0]])] if found else []
    assert [raised_s for raised_s, _ in pump.firmware.alarm_times_s] == expected
