"""The simulated pump's alarms: when they are raised, what they stop, what acknowledging them changes."""

from __future__ import annotations

import pytest

from instruments.pumps.bench_interface.frames import encode_frame
from instruments.readings import PumpAlarm
from tests.instruments.simulated.pump_bench import ExternalPumpOnBench, PumpOnBench, exactly

HOUR_S = 3600.0


def test_silence_longer_than_the_communication_time_out_stops_delivery() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.at(100.0).run("CONTINUOUS 1", "36 -")
    pump.at(159.0).ask("LOW?")
    pump.at(218.0).refused("FOO")  # also a refused frame is one
    pump.exchange(encode_frame("0BAD STOP").replace(b"STOP", b"STOQ"))
    pump.at(278.5)
    assert pump.mechanism_flow() == 0.0
    found = pump.status()
    assert (found["STATE"], found["FLOW"], found["ALARMS"]) == ("ALARM", "0", "COMMUNICATION_TIMEOUT")
    assert found["DELIVERED"] == "1.78"  # 178 s, from 100 s to 278 s
    assert pump.ask("ALM?") == {"ALARMS": "COMMUNICATION_TIMEOUT", "RAISED": "278"}


def test_a_damaged_frame_does_not_count_as_communication() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.run("CONTINUOUS 1", "36 -")
    pump.at(50.0).exchange(encode_frame("0BAD STOP").replace(b"STOP", b"STOQ"))
    assert pump.at(61.0).mechanism_flow() == 0.0


def test_the_time_out_acts_at_its_instant_also_when_nobody_asks_until_much_later() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.run("CONTINUOUS 1", "600 -")
    # A balance that is asked does not change what the pump did in the meantime.
    pump.bench.balance_signal(30.0)
    pump.bench.balance_signal(10 * HOUR_S)
    assert pump.at(10 * HOUR_S).status()["DELIVERED"] == "10"


def test_a_pump_at_rest_has_no_time_out() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.upload("CONTINUOUS 1", "36 -")
    assert pump.at(1000.0).state() == ("STOPPED", "-", "0")
    pump.ask("RUN")
    assert pump.at(1059.0).state()[0] == "INFUSING"


def test_after_an_alarm_run_is_refused_until_it_is_acknowledged() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.run("CONTINUOUS 1", "36 -")
    assert pump.at(100.0).send("RUN") == "ERR 22 alarm communication time-out"
    pump.ask("STOP")
    assert pump.state()[0] == "ALARM"
    assert pump.ask("ACK") == {"ALARMS": "COMMUNICATION_TIMEOUT"}
    assert pump.state() == ("STOPPED", "-", "0")
    assert pump.ask("ACK") == {"ALARMS": "-"}
    pump.ask("RUN")
    assert pump.state()[0] == "INFUSING"


def test_the_low_reservoir_alarm_is_computed_and_silent_under_over_delivery() -> None:
    twice = {"pump.systematic_error_percent": {"value": 100.0, "u": 0.0, "distribution": "normal"}}
    pump = PumpOnBench(twice | {"pump.reservoir_ul": 3000.0}, reservoir_ul=3000.0)
    pump.run("CONTINUOUS 1", "100 -")
    assert pump.at(9.9 * HOUR_S).status()["ALARMS"] == "-"
    assert pump.bench.pump_mechanics(9.9 * HOUR_S).reservoir_ul < 1500.0
    found = pump.at(10.1 * HOUR_S).status()
    assert (found["STATE"], found["ALARMS"]) == ("INFUSING", "LOW_RESERVOIR")
    assert float(pump.ask("ALM?")["RAISED"]) == pytest.approx(10 * HOUR_S, abs=0.01)


def test_a_low_reservoir_stands_until_it_is_filled_and_acknowledged() -> None:
    pump = PumpOnBench(reservoir_ul=2050.0)
    pump.run("CONTINUOUS 1", "100 -")
    assert pump.at(1 * HOUR_S).ask("ACK") == {"ALARMS": "LOW_RESERVOIR"}
    assert pump.ask("ACK") == {"ALARMS": "LOW_RESERVOIR"}
    pump.ask("RES 10000")
    assert pump.status()["ALARMS"] == "-"
    pump.ask("LOW 9950")
    pump.at(1.6 * HOUR_S)
    assert pump.status()["ALARMS"] == "LOW_RESERVOIR"
    pump.ask("RES 20000")
    assert pump.status()["ALARMS"] == "LOW_RESERVOIR"  # not yet acknowledged
    pump.ask("ACK")
    assert pump.status()["ALARMS"] == "-"


def test_an_empty_reservoir_stops_the_pump_until_it_is_filled() -> None:
    pump = PumpOnBench(reservoir_ul=100.0)
    pump.run("CONTINUOUS 1", "100 -")
    found = pump.at(2 * HOUR_S).status()
    assert (found["STATE"], found["RESERVOIR"], found["DELIVERED"]) == ("ALARM", "0", "100")
    assert found["ALARMS"] == "LOW_RESERVOIR,EMPTY_RESERVOIR"
    pump.ask("ACK")
    assert pump.state()[0] == "STOPPED"
    assert pump.refused("RUN") == 22
    pump.ask("RES 20000")
    pump.ask("RUN")
    assert pump.status()["ALARMS"] == "-"


def test_two_days_without_delivery() -> None:
    pump = PumpOnBench()
    pump.upload("CONTINUOUS 1", "10 -")
    assert pump.at(47.9 * HOUR_S).status()["ALARMS"] == "-"
    assert pump.at(48.1 * HOUR_S).status()["ALARMS"] == "STOPPED_TOO_LONG"
    assert pump.state()[0] == "STOPPED"
    assert pump.refused("RUN") == 22
    pump.ask("ACK")
    pump.ask("RUN")
    pump.at(100 * HOUR_S).ask("STOP")
    assert pump.at(147.9 * HOUR_S).status()["ALARMS"] == "-"
    assert pump.at(148.1 * HOUR_S).status()["ALARMS"] == "STOPPED_TOO_LONG"


def test_a_reservoir_may_run_dry_while_the_calculation_says_there_is_volume_left() -> None:
    # It delivers 15 % more than it counts, and was told 3000 uL, which is true.
    over = {"pump.systematic_error_percent": exactly(15.0), "pump.reservoir_ul": 3000.0}
    pump = PumpOnBench(over, reservoir_ul=3000.0)
    pump.run("CONTINUOUS 1", "100 -")
    pump.at(9.9 * HOUR_S).status()
    dry_s = 26.5 * HOUR_S  # 3000 / 115
    tip_ul = pump.bench.tip_volume_ul(dry_s)
    made = pump.bench.pump_mechanics(dry_s).strokes_made
    found = pump.at(28 * HOUR_S).status()
    assert (found["STATE"], found["ALARMS"]) == ("INFUSING", "LOW_RESERVOIR")
    assert float(found["RESERVOIR"]) == pytest.approx(200.0, abs=0.01)
    mechanics = pump.bench.pump_mechanics(28 * HOUR_S)
    assert mechanics.reservoir_ul == pytest.approx(0.0, abs=1e-9)
    # The motor goes on; strokes deliver nothing.
    assert (mechanics.flow_ul_per_h, mechanics.strokes_made) == (100.0, made)
    assert mechanics.strokes_commanded > made + 100
    assert pump.bench.tip_volume_ul(28 * HOUR_S) == pytest.approx(tip_ul, abs=1.0)


def test_only_an_implant_counts_the_days_without_delivery() -> None:
    assert ExternalPumpOnBench().at(100 * HOUR_S).status()["ALARMS"] == "-"


STALL = [{"kind": "stall", "at_s": 1000.0, "duration_s": 1000.0}]


def test_a_pump_that_cannot_feel_its_rotor_never_notices_a_stall() -> None:
    pump = PumpOnBench({"pump.stall_detection_s": None}, STALL)
    assert pump.ask("FUN?")["FUNCTIONS"] == "-"
    pump.run("CONTINUOUS 1", "100 -")
    found = pump.at(3000.0).status()
    assert (found["STATE"], found["ALARMS"]) == ("INFUSING", "-")
    assert pump.bench.pump_mechanics(3000.0).strokes_made < pump.bench.pump_mechanics(3000.0).strokes_commanded


def test_a_pump_that_feels_its_rotor_tells_a_stall_and_goes_on() -> None:
    pump = PumpOnBench({"pump.stall_detection_s": 120.0}, STALL)
    pump.run("CONTINUOUS 1", "100 -")
    assert pump.at(1000.0).status()["ALARMS"] == "-"
    found = pump.at(1180.0).status()
    assert (found["STATE"], found["ALARMS"]) == ("INFUSING", "MOTOR_STALL")
    assert 1000.0 < float(pump.ask("ALM?")["RAISED"]) <= 1120.0 + 60.0
    pump.ask("RUN")  # not refused
    assert pump.ask("ACK") == {"ALARMS": "MOTOR_STALL"}
    assert pump.status()["ALARMS"] == "MOTOR_STALL"  # it stalls still
    assert pump.at(2200.0).status()["ALARMS"] == "-"


def test_a_held_rotor_is_a_stall_until_it_is_let_go() -> None:
    pump = PumpOnBench({"pump.stall_detection_s": 120.0})
    pump.run("CONTINUOUS 1", "100 -")
    pump.bench.operate(1000.0, "hold_rotor", {})
    with pytest.raises(ValueError, match="held already"):
        pump.bench.operate(1001.0, "hold_rotor", {})
    assert pump.at(1300.0).status()["ALARMS"] == "MOTOR_STALL"
    held = pump.bench.pump_mechanics(2000.0).strokes_made
    assert held == pump.bench.pump_mechanics(1000.0).strokes_made
    pump.bench.operate(2000.0, "free_rotor", {})
    assert pump.bench.pump_mechanics(3000.0).strokes_made >= held + 27
    with pytest.raises(ValueError, match="nothing holds"):
        pump.bench.operate(3000.0, "free_rotor", {})


@pytest.mark.parametrize(
    ("alarm", "at_s"), [("MOTOR_STALL", 3000.0), ("LOW_RESERVOIR", 3000.0), ("STOPPED_TOO_LONG", 60 * HOUR_S)]
)
def test_a_silent_alarm_stays_away_and_the_others_come(alarm: str, at_s: float) -> None:
    def alarms(*silent: str) -> set[str]:
        stall = [{"kind": "stall", "at_s": 1000.0, "duration_s": 3000.0}]
        pump = PumpOnBench({"pump.stall_detection_s": 120.0, "pump.silent_alarms": list(silent)}, stall)
        pump.ask("LOW 19980")
        pump.run("CONTINUOUS 1", "100 -")
        pump.at(3000.0)
        found = set(pump.status()["ALARMS"].split(","))
        if at_s > 3000.0:
            pump.ask("STOP")
            found = set(pump.at(at_s).status()["ALARMS"].split(","))
        return found

    assert alarms() - alarms(alarm) == {alarm}


def test_a_stall_shorter_than_the_detection_goes_unnoticed() -> None:
    pump = PumpOnBench({"pump.stall_detection_s": 120.0}, [{"kind": "stall", "at_s": 1000.0, "duration_s": 50.0}])
    pump.run("CONTINUOUS 1", "100 -")
    assert pump.at(3000.0).status()["ALARMS"] == "-"


@pytest.mark.parametrize("alarm", [PumpAlarm.END_OF_SERVICE, PumpAlarm.MEMORY_ERROR, PumpAlarm.OCCLUSION])
def test_what_the_pump_finds_wrong_with_itself_stops_it(alarm: PumpAlarm) -> None:
    pump = PumpOnBench()
    pump.run("CONTINUOUS 1", "100 -")
    pump.firmware.fail(60.0, alarm)
    found = pump.at(61.0).status()
    assert (found["STATE"], found["ALARMS"]) == ("ALARM", alarm.name)
    assert pump.mechanism_flow() == 0.0
    pump.ask("ACK")
    # A worn-out battery stays worn out, and a lost program is lost.
    expected = {PumpAlarm.END_OF_SERVICE: 22, PumpAlarm.MEMORY_ERROR: 21}
    if alarm in expected:
        assert pump.refused("RUN") == expected[alarm]
    else:
        pump.ask("RUN")


@pytest.mark.parametrize(("alarm", "code"), [("END_OF_SERVICE", 22), ("MEMORY_ERROR", 21)])
def test_a_failure_of_the_truth_stops_the_pump_at_its_time(alarm: str, code: int) -> None:
    events = [{"kind": "pump_failure", "at_s": at_s, "alarm": alarm} for at_s in (900.0, 300.0)]
    pump = PumpOnBench(events=events)
    pump.run("CONTINUOUS 1", "100 -")
    assert pump.at(299.0).state()[0] == "INFUSING"
    found = pump.at(301.0).status()
    assert (found["STATE"], found["ALARMS"]) == ("ALARM", alarm)
    assert pump.ask("ALM?")["RAISED"] == "300"
    pump.ask("ACK")
    assert pump.refused("RUN") == code
    pump.at(901.0).status()
    assert [raised_s for raised_s, _ in pump.firmware.alarm_times_s] == [300.0, 900.0]


def test_without_power_nothing_answers_and_with_it_the_pump_begins_anew() -> None:
    pump = PumpOnBench()
    pump.ask("CTO 60")
    pump.run("CONTINUOUS 1", "100 -")
    pump.firmware.set_power(30.0, False)
    assert pump.at(31.0).mechanism_flow() == 0.0
    assert pump.exchange(encode_frame("0100 STA?")) == []
    pump.at(100.0).firmware.set_power(100.0, True)
    assert pump.at(101.0).status() == {
        "STATE": "STOPPED",
        "MODE": "-",
        "FLOW": "0",
        "DELIVERED": "0",
        "RESERVOIR": "20000",
        "ALARMS": "-",
        "UPTIME": "1",
    }
    assert pump.ask("CTO?") == {"SECONDS": "0"}
    assert pump.refused("RUN") == 21


def test_delivery_does_not_depend_on_who_looks() -> None:
    def tip_ul(looks: list[float]) -> list[float]:
        pump = PumpOnBench()
        pump.run("FLEX 2", "300 1800", "100 84600")
        pump.ask("CTO 7200")
        for look in looks:
            pump.bench.balance_signal(look)
            pump.bench.room(look)
        return [pump.bench.tip_volume_ul(t_s) for t_s in (900.0, 3600.0, 8000.0, 9000.0)]

    assert tip_ul([]) == tip_ul([float(t) for t in range(0, 9000, 7)])
