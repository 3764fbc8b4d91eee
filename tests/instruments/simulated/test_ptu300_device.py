"""The simulated ambient sensor, line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.ambient.ptu300 import read_air, read_serial, read_version
from instruments.readings import AmbientReading, Identity, ReadingState
from instruments.simulated.devices.ptu300 import SimulatedTransmitter, TransmitterSession
from instruments.simulated.devices.ptu300.form import FormError
from instruments.simulated.physics.bench import Bench
from tests.instruments.simulated.benches import truth


def exactly(value: float) -> dict[str, Any]:
    return {"value": value, "u": 0.0, "distribution": "normal"}


ERRORS = {
    "ambient_sensor.temperature_error_k": exactly(0.5),
    "ambient_sensor.humidity_error_percent": exactly(-2.0),
    "ambient_sensor.pressure_error_hpa": exactly(1.5),
}


class SensorOnBench:
    def __init__(self, changes: dict[str, Any] | None = None, *, echo: bool = False) -> None:
        self.bench = Bench(truth(changes), seed=1)
        identity = Identity("Vaisala", "PTU300", "H1230007", "1.01")
        self.transmitter = SimulatedTransmitter(self.bench, self.bench.drawn.ambient_sensor, lambda t_s: identity)
        self.session = TransmitterSession(self.transmitter)
        self.now_s = 60.0
        if not echo:
            self.say("ECHO OFF")

    def at(self, now_s: float) -> SensorOnBench:
        self.now_s = now_s
        return self

    def say(self, command: str) -> str:
        return self.session.receive(f"{command}\r".encode("latin-1"), self.now_s).decode("latin-1")

    def talk(self, conversation: Sequence[tuple[str, str]]) -> None:
        for command, answer in conversation:
            assert self.say(command) == answer, command

    def air(self) -> AmbientReading:
        reading = read_air(self.say("SEND").encode("latin-1"))
        assert reading is not None
        return reading


def test_the_air_with_the_sensor_s_own_errors() -> None:
    sensor = SensorOnBench(ERRORS)
    room = sensor.bench.room(60.0)
    line = sensor.say("SEND")
    assert re.fullmatch(r"P=  1\d{3}\.\d hPa   T= 2\d\.\d 'C RH= 4\d\.\d %RH \r\n", line)
    reading = sensor.air()
    assert reading.state is ReadingState.STABLE
    assert reading.temperature_c == pytest.approx(room.temperature_c + 0.5, abs=0.051)
    assert reading.humidity_percent == pytest.approx(room.humidity_percent - 2.0, abs=0.051)
    assert reading.pressure_hpa == pytest.approx(room.pressure_hpa + 1.5, abs=0.051)


def test_it_measures_once_a_second_whoever_asks() -> None:
    sensor = SensorOnBench()
    sensor.say('FORM 6.5 P " " T " " RH #r #n')
    assert sensor.at(60.0).say("SEND") == sensor.at(60.99).say("SEND")
    assert sensor.at(61.0).say("SEND") != sensor.at(60.0).say("SEND")


def test_identity() -> None:
    sensor = SensorOnBench()
    assert read_version(sensor.say("VERS").encode("ascii")) == ("PTU300", "1.01")
    found = [read_serial(f"{line}\r\n".encode("ascii")) for line in sensor.say("?").splitlines()]
    assert [serial for serial in found if serial] == ["H1230007"]
    assert sensor.say("??") == sensor.say("?")


def test_settings_are_set_and_shown() -> None:
    SensorOnBench().talk(
        [
            ("INTV", "Output interval: 1 s\r\n"),
            ("INTV 10 MIN", "Output interval: 10 min\r\n"),
            ("intv 5", "Output interval: 5 s\r\n"),
            ("SERI", "Baud P D S     : 9600 N 8 1\r\n"),
            ("SERI 4800 e 7 1", "Baud P D S     : 4800 E 7 1\r\n"),
            ("SMODE", "Serial mode    : STOP\r\n"),
            ("ADDR 7", "Address        : 7\r\n"),
            ("ERRS", "NO ERRORS\r\n"),
            ("UNIT", "Output units   : metric\r\nPressure unit  : hPa\r\n"),
            ("S", ""),
        ]
    )


@pytest.mark.parametrize(
    "command",
    [
        "INTV 256",
        "INTV x",
        "INTV 1 D",
        "INTV 1 S S",
        "SERI 9601 N 8 1",
        "SERI 9600 N 8",
        "SMODE FAST",
        "ADDR 256",
        "ADDR -1",
        "UNIT X",
        "UNIT P furlong",
        "ECHO MAYBE",
        "FORM Q",
        'FORM "',
        "FORM #999",
        'FORM "' + "x" * 150 + '"',
    ],
)
def test_wrong_parameters_change_nothing(command: str) -> None:
    sensor = SensorOnBench()
    before = sensor.say("?"), sensor.say("FORM")
    assert sensor.say(command) == "Invalid parameter\r\n"
    assert (sensor.say("?"), sensor.say("FORM")) == before


def test_unknown_commands() -> None:
    assert SensorOnBench().say("WHO") == "Unknown command\r\n"


def test_formats() -> None:
    sensor = SensorOnBench(ERRORS | {"room.pressure_wander_hpa": 0.0})
    pressure_hpa = sensor.bench.room(60.0).pressure_hpa + 1.5
    for form, expected in (
        ("4.2 P #r #n", f"{pressure_hpa:7.2f}\r\n"),
        ('"p" 4.0 p U #n', f"p{pressure_hpa:4.0f}hPa\n"),
        ("4.1 P U6 #124 #t", f"{pressure_hpa:6.1f}hPa   |\t"),
        ("ERR SN ADDR OK \\r", "0000H1230007  0OK\r"),
        ('"AB" CS2 #n', "AB83\n"),
        ('"AB" CS4 CSX', f"AB0083{0x41 ^ 0x42 ^ 0x30 ^ 0x30 ^ 0x38 ^ 0x33:02X}"),
    ):
        assert sensor.say(f"FORM {form}") == "OK\r\n"
        assert sensor.say("SEND") == expected
        assert sensor.say("FORM") == form.replace("#", "\\") + "\r\n"
    assert sensor.say("FORM /") == "OK\r\n"
    assert sensor.air().state is ReadingState.STABLE


def test_units() -> None:
    sensor = SensorOnBench()
    metric = sensor.air()
    assert metric.temperature_c is not None
    assert metric.pressure_hpa is not None
    sensor.say("UNIT N")
    line = sensor.say("SEND")
    found = re.fullmatch(r"P= +(\d+\.\d) inHg  T= +(\d+\.\d) 'F RH=.*\r\n", line)
    assert found is not None
    assert float(found[1]) == pytest.approx(metric.pressure_hpa * 0.02952998, abs=0.06)
    assert float(found[2]) == pytest.approx(metric.temperature_c * 1.8 + 32.0, abs=0.2)
    sensor.say("UNIT M")
    assert sensor.air() == metric
    sensor.say("UNIT P kPa")
    assert " kPa " in sensor.say("SEND")


def test_a_failed_sensor_shows_stars_and_is_told() -> None:
    sensor = SensorOnBench()
    sensor.transmitter.failed = frozenset({"RH", "P"})
    line = sensor.say("SEND")
    assert re.fullmatch(r"P=\*{8} hPa   T= 2\d\.\d 'C RH=\*{5} %RH \r\n", line)
    reading = sensor.air()
    assert (reading.state, reading.humidity_percent, reading.pressure_hpa) == (ReadingState.DEVICE_ERROR, None, None)
    assert sensor.say("ERRS") == "FAIL\r\nError: Pressure measurement\r\nError: Humidity measurement\r\n"
    sensor.say("FORM ERR")
    assert sensor.say("SEND") == "1001"


def test_echo_and_prompt() -> None:
    sensor = SensorOnBench(echo=True)
    assert sensor.say("vers") == "vers\r\nPTU300 / 1.01\r\n>"
    assert sensor.say("s") == "s\r\n>"
    assert sensor.say("ECHO OFF") == "ECHO OFF\r\nEcho           : OFF\r\n"
    assert sensor.say("vers") == "PTU300 / 1.01\r\n"
    assert sensor.say("ECHO ON") == "Echo           : ON\r\n>"


def test_continuous_output_until_stopped() -> None:
    sensor = SensorOnBench()
    sensor.say("INTV 10 S")
    assert sensor.say("R") == ""
    assert sensor.session.next_output_s() == 60.0
    said = sensor.session.speak(80.0).decode("ascii").splitlines(keepends=True)
    assert said == [sensor_at(t_s) for t_s in (60.0, 70.0, 80.0)]
    assert sensor.at(85.0).say("VERS") == ""
    assert sensor.session.speak(100_000.0).count(b"\r\n") == 50
    assert sensor.say("S") == ""
    assert sensor.session.next_output_s() is None
    assert sensor.session.speak(200_000.0) == b""


def sensor_at(t_s: float) -> str:
    return SensorOnBench().at(t_s).say("SEND")


def test_in_poll_mode_only_its_address_is_heard() -> None:
    sensor = SensorOnBench()
    sensor.say("ADDR 5")
    sensor.say("SMODE POLL")
    for command in ("SEND", "SEND 4", "VERS", "OPEN 4", "R"):
        assert sensor.say(command) == ""
    assert sensor.say("SEND 5").startswith("P=")
    assert "opened" in sensor.say("OPEN 5")
    assert sensor.say("VERS") == "PTU300 / 1.01\r\n"
    assert sensor.say("SEND 4") == ""
    assert sensor.say("CLOSE") == "line closed\r\n"
    assert sensor.say("VERS") == ""
    sensor.say("OPEN 5")
    assert sensor.say("SMODE STOP") == "Serial mode    : STOP\r\n"
    assert sensor.say("SEND").startswith("P=")


@given(st.text(max_size=160))
def test_any_format_is_accepted_or_refused(form: str) -> None:
    sensor = SensorOnBench()
    try:
        sensor.transmitter.set_form(form)
    except FormError:
        assert sensor.air().state is ReadingState.STABLE
    else:
        assert isinstance(sensor.say("SEND"), str)


WORDS = (
    "? R S SEND FORM / INTV SMODE STOP RUN POLL SERI 9600 N 8 1 ADDR 5 OPEN CLOSE ECHO ON OFF ERRS VERS UNIT M P T RH "
    "4.1"
)
words = st.sampled_from(WORDS.split())
commands = st.lists(words, min_size=1, max_size=5).map(lambda parts: " ".join(parts).encode() + b"\r")


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.one_of(st.binary(max_size=60), commands)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_nothing_one_can_send_upsets_the_sensor(said: list[tuple[float, bytes]]) -> None:
    sensor = SensorOnBench()
    for wait_s, message in said:
        sensor.now_s += wait_s
        sensor.session.receive(message, sensor.now_s)
        sensor.session.speak(sensor.now_s)
    address = sensor.transmitter.settings.address
    for command in ("", "S", f"OPEN {address}", "SMODE STOP", "ECHO OFF", "UNIT M", "FORM /"):
        sensor.say(command)
    assert sensor.air().state is ReadingState.STABLE
