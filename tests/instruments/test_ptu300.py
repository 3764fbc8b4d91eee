"""The PTU300 driver against transcripts, over a serial port and over a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.ambient.ptu300 import Ptu300, Ptu300Options, open_ptu300, read_air, read_ok, read_serial, read_version
from instruments.clock import WallClock
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.link import Garbled, RefusedByDevice
from instruments.readings import ReadingState
from tests.instruments.scripted_peer import HANG_UP, PtyPeer, ScriptedPeer, Step, TcpPeer
from tests.instruments.wires import VISA_SERIAL, VISA_SOCKET, Wire, impatient

CARD = (
    b"PTU300 / 2.05\r\nSerial number : A1234567\r\nBatch number  : B7654321\r\n"
    b"Serial mode   : STOP\r\nBaud P D S    : 9600 N 8 1\r\nAddress : 0\r\nEcho : OFF\r\n"
)
AIR = b"P= 1013.2 hPa T=   21.1 'C RH=  38.3 %RH\r\n"
WHO: list[Step] = [(b"S\r?\r", CARD), (b"VERS\r", b"PTU300 / 2.05\r\n")]
every_wire = pytest.mark.parametrize("wire", [VISA_SERIAL, VISA_SOCKET], ids=lambda wire: wire.name)


def options(peer: ScriptedPeer) -> Ptu300Options:
    assert isinstance(peer, PtyPeer | TcpPeer)
    return Ptu300Options(address=peer.address, serial="A1234567", deadline_s=20.0)


@contextmanager
def sensor_saying(steps: Sequence[Step], *, wire: Wire = VISA_SOCKET) -> Iterator[Ptu300]:
    with wire.peer([*WHO, *steps]) as peer:
        sensor = open_ptu300("ambient", options(peer), WallClock())
        try:
            yield sensor
            assert sensor.link.bytes_sent == peer.bytes_heard
        finally:
            sensor.close()


@every_wire
def test_the_whole_way_of_a_reading(wire: Wire) -> None:
    with sensor_saying([(b"FORM /\r", b"OK\r\n"), (b"SEND\r", AIR), (b"SEND\r", AIR)], wire=wire) as sensor:
        assert sensor.configure()["units"] == "P hPa, T 'C, RH %RH"
        reading = sensor.read()
        assert (reading.pressure_hpa, reading.temperature_c, reading.humidity_percent) == (1013.2, 21.1, 38.3)
        assert reading.state is ReadingState.STABLE


def test_identity_is_read_from_the_device() -> None:
    with sensor_saying([(b"?\r", CARD), (b"VERS\r", b"PTU300 / 2.05\r\n")]) as sensor:
        identity = sensor.identify()
        assert (identity.maker, identity.model) == ("Vaisala", "PTU300")
        assert (identity.serial, identity.firmware) == ("A1234567", "2.05")


def test_prompts_echoes_and_lines_of_a_running_transmitter_are_passed_over() -> None:
    chatty: list[Step] = [
        (b"S\r?\r", AIR + AIR + b"s\r\n>?\r\n" + CARD + b">"),
        (b"VERS\r", b"vers\r\nPTU300 / 2.05\r\n>"),
        (b"SEND\r", b"send\r\n" + AIR + b">"),
    ]
    with VISA_SOCKET.peer(chatty) as peer:
        sensor = open_ptu300("ambient", options(peer), WallClock())
        assert sensor.read().temperature_c == 21.1
        sensor.close()


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b"P= 1013.2 hPa T= 21.1 'C RH= 38.3 %RH\r\n", (21.1, 38.3, 1013.2)),
        (b"P=****.* hPa T= 21.1 'C RH= 38.3 %RH\r\n", (21.1, 38.3, None)),
        (b"P= 1013.2 hPa T= ***.* 'C RH= ***.* %RH\r\n", (None, None, 1013.2)),
        (b"T= -12.34'C RH=  0.0%RH P=  870.00hPa\r\n", (-12.34, 0.0, 870.0)),
        (b">P= 1013.2 hPa T= 21.1 'C RH= 38.3 %RH Td= 6.4 'C\r\n", (21.1, 38.3, 1013.2)),
        (b"P= 1013 hPa T= 21 'C RH= 100 %RH\n", (21.0, 100.0, 1013.0)),
    ],
)
def test_each_quantity_is_a_number_or_a_fault_of_its_own(
    line: bytes, values: tuple[float | None, float | None, float | None]
) -> None:
    reading = read_air(line)
    assert reading is not None
    assert (reading.temperature_c, reading.humidity_percent, reading.pressure_hpa) == values
    assert reading.state is (ReadingState.DEVICE_ERROR if None in values else ReadingState.STABLE)


@pytest.mark.parametrize(
    "line",
    [
        b"P= 1013.2 hPa T= 21.1 'C\r\n",
        b"P= 1013,2 hPa T= 21,1 'C RH= 38,3 %RH\r\n",
        b"P= nan hPa T= 21.1 'C RH= 38.3 %RH\r\n",
        b"P= 1013.2 T= 21.1 'C RH= 38.3 %RH\r\n",
        b"P= 1013.2 hPa T= 21.1 'C RH= 38.3 %RH RH= 40 %RH\r\n",
        b"P= 1013.2 hPa T= 21.1 'C RH= 38.3\r\n",
        b"=\r\n",
        b"\xff=\x00\r\n",
    ],
)
def test_a_line_that_lacks_something_is_refused(line: bytes) -> None:
    with pytest.raises(Garbled):
        read_air(line)


@pytest.mark.parametrize(
    "line",
    [
        b"P= 29.92 inHg T= 21.1 'C RH= 38.3 %RH\r\n",
        b"P= 1013.2 hPa T= 70.1 'F RH= 38.3 %RH\r\n",
        b"P= 101.32 kPa T= 21.1 'C RH= 38.3 %RH\r\n",
    ],
)
def test_other_units_are_refused_with_a_remedy(line: bytes) -> None:
    with pytest.raises(RefusedByDevice) as caught:
        read_air(line)
    assert "UNIT M" in caught.value.remedy


@given(st.binary(max_size=80))
@example(AIR)
def test_any_line_is_an_answer_another_s_or_an_error(unit: bytes) -> None:
    for read in (read_air, read_ok, read_serial, read_version):
        with suppress(Garbled, RefusedByDevice):
            read(unit)


@given(
    st.decimals(500, 1100, places=1), st.decimals(-40, 60, places=2), st.decimals(0, 100, places=1), st.integers(0, 5)
)
def test_readings_round_trip(pressure: object, temperature: object, humidity: object, blanks: int) -> None:
    gap = " " * blanks
    reading = read_air(f"P={gap}{pressure} hPa T={gap}{temperature} 'C RH={gap}{humidity} %RH\r\n".encode())
    assert reading is not None
    found = (reading.pressure_hpa, reading.temperature_c, reading.humidity_percent)
    assert found == (float(str(pressure)), float(str(temperature)), float(str(humidity)))


@every_wire
def test_after_silence_it_is_stopped_identified_and_set_again(wire: Wire) -> None:
    late = AIR.replace(b"21.1", b"99.9")
    steps: list[Step] = [
        (b"FORM /\r", b"OK\r\n"),
        (b"SEND\r", AIR),
        (b"SEND\r", b""),
        (b"S\r?\r", late + CARD),
        WHO[1],
        (b"FORM /\r", b"OK\r\n"),
        (b"SEND\r", AIR),
    ]
    with sensor_saying(steps, wire=wire) as sensor:
        sensor.configure()
        with impatient(sensor.link), pytest.raises(InstrumentTimeout, match=r"ambient: no answer.*'SEND'"):
            sensor.read()
        assert sensor.read().temperature_c == 21.1


@every_wire
@pytest.mark.parametrize("reply", [b"P= 10", b"garbage without sense\r\n", b"P= x hPa\r\n", b"\xff\xfe\r\n"])
def test_what_is_no_reading_is_an_error_and_reading_goes_on(wire: Wire, reply: bytes) -> None:
    steps = [(b"SEND\r", reply), *WHO, (b"SEND\r", AIR)]
    with sensor_saying(steps, wire=wire) as sensor:
        with impatient(sensor.link), pytest.raises((InstrumentTimeout, ProtocolError), match="SEND"):
            sensor.read()
        assert sensor.read().temperature_c == 21.1


def test_a_transmitter_that_vanishes_is_a_lost_link() -> None:
    with sensor_saying([(b"SEND\r", HANG_UP)]) as sensor, pytest.raises(LinkLost):
        sensor.read()


def test_the_wrong_transmitter_is_refused() -> None:
    with (
        VISA_SOCKET.peer([(b"S\r?\r", CARD.replace(b"A1234567", b"A7654321")), WHO[1]]) as peer,
        pytest.raises(ProtocolError, match=r"'A7654321'.*not 'A1234567'"),
    ):
        open_ptu300("ambient", options(peer), WallClock())


def test_other_units_are_refused_when_configured() -> None:
    steps: list[Step] = [(b"FORM /\r", b"OK\r\n"), (b"SEND\r", AIR.replace(b"'C", b"'F"))]
    with sensor_saying(steps) as sensor, pytest.raises(ProtocolError, match=r"T comes in \"'F\".*UNIT M"):
        sensor.configure()


def test_a_format_that_is_refused_says_so() -> None:
    with (
        sensor_saying([(b"FORM /\r", b"Unknown command\r\n")]) as sensor,
        pytest.raises(ProtocolError, match=r"'Unknown command'.*FORM /.*another driver"),
    ):
        sensor.configure()


@pytest.mark.parametrize("wrong", [{"baud": 0}, {"deadline_s": float("inf")}, {"parity": "E"}, {"address": 7}])
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Ptu300Options.model_validate({"address": "ASRL/dev/ttyUSB1::INSTR", "serial": "A1", **wrong})
