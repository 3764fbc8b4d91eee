"""The simulated external pump, word by word: what it refuses, where its infusion ends, and that nothing upsets it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.pumps.bench_interface.frames import encode_frame
from instruments.readings import PumpAlarm
from instruments.simulated.truth import TwinConfigError
from tests.instruments.simulated.pump_bench import ExternalPumpOnBench


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("PGM FLEX 2", 11),
        ("PGM BRIDGE_BOLUS 1", 11),
        ("PGM MINIMUM_RATE 0", 11),
        ("OCC", 11),
        ("OCC x", 11),
        ("OCC 30 50", 11),
        ("OCC 31", 12),
        ("OCC 0", 12),
        ("RLS", 11),
        ("RLS YES", 11),
        ("ARS on", 11),
        ("VTI", 11),
        ("VTI 0", 12),
        ("VTI 0.999999", 12),
        ("VTI 9999000.1", 12),
        ("VTI -5", 11),
        ("OCC? 1", 11),
        ("RES 100001", 12),
    ],
)
def test_refusals(words: str, code: int) -> None:
    assert ExternalPumpOnBench().refused(words) == code


@pytest.mark.parametrize(("flow", "granted"), [("19.999999", False), ("20", True), ("125000", True), ("125001", False)])
def test_the_range_of_the_external_pump(flow: str, granted: bool) -> None:
    pump = ExternalPumpOnBench()
    pump.ask("PGM CONTINUOUS 1")
    assert (pump.reply(f"STEP 1 {flow} -").error is None) is granted


def test_settings_are_kept_until_the_power_goes() -> None:
    pump = ExternalPumpOnBench()

    def settings_of() -> list[dict[str, str]]:
        return [pump.ask(words) for words in ("OCC?", "RLS?", "ARS?", "VTI?")]

    new = settings_of()
    for words in ("OCC 120", "RLS OFF", "ARS ON", "VTI 500"):
        pump.ask(words)
    assert settings_of() == [
        {"THRESHOLD": "120"},
        {"REDUCTION": "OFF", "DRAWN_BACK": "0"},
        {"RESTART": "ON", "LEFT": "3"},
        {"VOLUME": "500", "LEFT": "500"},
    ]
    pump.firmware.set_power(10.0, False)
    pump.at(20.0).firmware.set_power(20.0, True)
    assert settings_of() == new


def test_the_infusion_ends_and_the_line_is_kept_open() -> None:
    pump = ExternalPumpOnBench()
    pump.ask("VTI 1000")
    pump.run("CONTINUOUS 1", "10000 -")
    assert pump.at(359.0).state() == ("INFUSING", "CONTINUOUS", "10000")
    assert pump.ask("VTI?") == {"VOLUME": "1000", "LEFT": "2.778"}
    found = pump.at(361.0).status()
    assert (found["STATE"], found["MODE"], found["FLOW"]) == ("KEEP_OPEN", "CONTINUOUS", "100")
    assert found["ALARMS"] == "END_OF_INFUSION"
    ((ended_s, alarm),) = pump.firmware.alarm_times_s
    assert alarm is PumpAlarm.END_OF_INFUSION
    assert ended_s == pytest.approx(360.0, abs=1e-6)
    assert pump.mechanism_flow() == 100.0
    assert not pump.firmware.alarm_contact(400.0)  # nothing has stopped it
    assert pump.ask("ACK") == {"ALARMS": "END_OF_INFUSION"}
    assert pump.at(3960.0).status()["DELIVERED"] == "1100"
    assert pump.state()[0] == "KEEP_OPEN"
    assert pump.send("RUN") == "ERR 20 nothing is left to be infused"
    pump.ask("STOP")
    assert pump.state() == ("STOPPED", "-", "0")
    assert pump.refused("RUN") == 20
    pump.ask("VTI 50")
    pump.ask("RUN")
    assert pump.state()[0] == "INFUSING"
    assert pump.at(4000.0).state()[0] == "KEEP_OPEN"
    pump.ask("VTI -")
    pump.ask("RUN")
    assert pump.at(9000.0).state()[0] == "INFUSING"


def test_keeping_open_is_never_faster_than_the_infusion_was() -> None:
    pump = ExternalPumpOnBench()
    pump.ask("VTI 1")
    pump.run("CONTINUOUS 1", "36 -")
    assert pump.at(200.0).state() == ("KEEP_OPEN", "CONTINUOUS", "36")


def test_boluses_count_towards_the_volume_to_be_infused() -> None:
    pump = ExternalPumpOnBench()
    pump.ask("VTI 500")
    pump.run("CONTINUOUS 1", "100 -")
    pump.at(100.0).run("SINGLE_BOLUS 1", "60000 60")
    # 2.778 uL before the bolus; the bolus would give 1000 uL and ends the infusion half way.
    assert pump.at(129.0).state()[0] == "BOLUS"
    assert pump.at(131.0).state() == ("KEEP_OPEN", "SINGLE_BOLUS", "100")
    assert pump.at(200.0).state()[0] == "KEEP_OPEN"


def test_a_bolus_with_lockout() -> None:
    pump = ExternalPumpOnBench()
    pump.run("SINGLE_BOLUS 1 LOCKOUT=3600", "120000 60")
    assert pump.at(61.0).status()["DELIVERED"] == "2000"
    assert pump.at(3599.0).refused("RUN") == 23
    pump.at(3600.0).ask("RUN")
    assert pump.at(3661.0).status()["DELIVERED"] == "4000"


def test_an_external_pump_without_a_sensor_is_no_pump_of_this_interface() -> None:
    with pytest.raises(TwinConfigError, match=r"pump\.occlusion_sensor: .* silent = true"):
        ExternalPumpOnBench({"pump.occlusion_sensor": None})


def test_a_stalled_motor_is_noticed() -> None:
    pump = ExternalPumpOnBench(events=[{"kind": "stall", "at_s": 1000.0, "duration_s": 600.0}])
    pump.run("CONTINUOUS 1", "1000 -")
    assert pump.at(1040.0).status()["ALARMS"] == "MOTOR_STALL"


WORDS = (
    "IDN? FUN? PGM STEP STORE RUN STOP STA? ALM? ACK RES LOW CTO OCC OCC? RLS RLS? ARS ARS? VTI VTI? CONTINUOUS "
    "SINGLE_BOLUS ON OFF 0 1 2 30 50 60 120 3600 20000 99999999 - LOCKOUT=5 x"
)
words = st.sampled_from(WORDS.split())
requests = st.one_of(
    st.lists(words, min_size=1, max_size=4).map(" ".join),
    st.sampled_from(["PGM CONTINUOUS 1", "STEP 1 20000 -", "PGM SINGLE_BOLUS 1", "STEP 1 60000 60", "STORE", "RUN"]),
    st.sampled_from(["OCC 30", "ARS ON", "RLS ON", "VTI 50", "ACK", "occlude", "release"]),
)


@given(st.lists(st.tuples(st.floats(0.0, 60.0), requests), max_size=30))
@settings(max_examples=60, deadline=None)
def test_nothing_one_can_say_upsets_the_pump(said: list[tuple[float, str]]) -> None:
    pump = ExternalPumpOnBench()
    for number, (wait_s, message) in enumerate(said):
        pump.at(pump.now_s + wait_s)
        if message in ("occlude", "release"):
            pump.occlude(message == "occlude")
            continue
        (answer,) = pump.exchange(encode_frame(f"{number:04X} {message}"))
        assert answer.startswith((f"{number:04X} ", "???? - ERR 01"))
    # What it says of its flow is what the mechanism is commanded to, and it can always be stopped.
    state, _, flow = pump.state()
    assert (pump.mechanism_flow() < 0.0) is (state == "BOLUS_REDUCTION")
    assert max(0.0, pump.mechanism_flow()) == float(flow)
    pump.ask("STOP")
    assert pump.mechanism_flow() == 0.0
    assert pump.state()[0] in ("STOPPED", "ALARM")
