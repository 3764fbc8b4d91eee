"""The Sartorius driver against transcripts, over a serial port and over a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.balances.sbi import SbiBalance, SbiOptions, open_sbi
from instruments.balances.sbi_grammar import read_text, weight_reader
from instruments.clock import WallClock
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.link import Garbled, RefusedByDevice
from instruments.readings import ReadingState
from tests.instruments.scripted_peer import HANG_UP, PtyPeer, ScriptedPeer, Step, TcpPeer
from tests.instruments.wires import VISA_SERIAL, VISA_SOCKET, Wire, impatient

WHO: list[Step] = [
    (b"\x1bx1_\r\n", b"ME235P              \r\n"),
    (b"\x1bx2_\r\n", b"      21304567      \r\n"),
    (b"\x1bx3_\r\n", b"01-49-02            \r\n"),
]
TAKEN: Step = WHO[1]
"""The question after a silent command."""
STILL = b"N     +123.45678 g  \r\n"
MOVING = b"N     -  0.00012    \r\n"
MENU = dict.fromkeys(
    ("auto_zero", "internal_adjustment", "print_after_stability", "automatic_print"), "off at the menu"
)
every_wire = pytest.mark.parametrize("wire", [VISA_SERIAL, VISA_SOCKET], ids=lambda wire: wire.name)
read_weight = weight_reader("g")


def options(address: str, **changes: object) -> SbiOptions:
    told: dict[str, Any] = {"address": address, "serial": "21304567", "deadline_s": 20.0, **MENU}
    return SbiOptions.model_validate({**told, "environment": "very stable", **changes})


@contextmanager
def balance_saying(steps: Sequence[Step], *, wire: Wire = VISA_SOCKET) -> Iterator[SbiBalance]:
    with wire.peer([*WHO, *steps]) as peer:
        balance = open_sbi("balance", options(address_of(peer)), WallClock())
        try:
            yield balance
            assert balance.link.bytes_sent == peer.bytes_heard
        finally:
            balance.close()


def address_of(peer: ScriptedPeer) -> str:
    assert isinstance(peer, PtyPeer | TcpPeer)
    return peer.address


@every_wire
def test_the_whole_way_of_a_weighing(wire: Wire) -> None:
    steps: list[Step] = [
        (b"\x1bK\r\n", b""),
        TAKEN,
        (b"\x1bP\r\n", STILL),
        (b"\x1bU\r\n", b""),
        TAKEN,
        (b"\x1bP\r\n", MOVING),
        (b"\x1bP\r\n", b"Stat        High    \r\n"),
    ]
    with balance_saying(steps, wire=wire) as balance:
        record = balance.configure()
        balance.tare()
        moving, over = balance.read(), balance.read()
    assert record["environment"] == "very stable (K; sent, SBI reads nothing back)"
    assert all("not settable through SBI" in record[name] for name in MENU)
    assert (moving.mass_g, moving.state, moving.reply) == (
        -0.00012,
        ReadingState.DYNAMIC,
        MOVING.decode().rstrip("\r\n"),
    )
    assert (over.mass_g, over.state) == (None, ReadingState.OVERLOAD)


def test_identity_is_read_from_the_device() -> None:
    with balance_saying(WHO) as balance:
        identity = balance.identify()
    assert (identity.maker, identity.model, identity.serial) == ("Sartorius", "ME235P", "21304567")
    assert identity.firmware == "01-49-02"


@pytest.mark.parametrize(
    ("line", "mass_g", "state"),
    [
        (STILL, 123.45678, ReadingState.STABLE),
        (b"+   1255.7 g  \r\n", 1255.7, ReadingState.STABLE),
        (b"+  0.00000    \r\n", 0.0, ReadingState.DYNAMIC),
        (b"   0.00000 g  \r\n", 0.0, ReadingState.STABLE),
        (b"-111.25507 g  \r\n", -111.25507, ReadingState.STABLE),
        (b"N1    +  1.00000    \r\n", 1.0, ReadingState.DYNAMIC),
        (b"      +  1.00000 g  \r\n", 1.0, ReadingState.STABLE),
    ],
)
def test_a_weight_is_read_with_its_sign_and_its_stability(line: bytes, mass_g: float, state: ReadingState) -> None:
    assert len(line) in (16, 22)
    reading = read_weight(line)
    assert (reading.mass_g, reading.state) == (mass_g, state)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"Stat        High    \r\n", ReadingState.OVERLOAD),
        (b"Stat        Low     \r\n", ReadingState.UNDERLOAD),
        (b"Stat         H      \r\n", ReadingState.OVERLOAD),
        (b"Stat         LL     \r\n", ReadingState.UNDERLOAD),
        (b"      Low     \r\n", ReadingState.UNDERLOAD),
        (b"Stat    Cal.Int.    \r\n", ReadingState.BUSY),
        (b"Stat    Cal.Ext.    \r\n", ReadingState.BUSY),
        (b"Stat         --     \r\n", ReadingState.BUSY),
        (b"Stat     ERR 054    \r\n", ReadingState.DEVICE_ERROR),
        (b"   Err 320    \r\n", ReadingState.DEVICE_ERROR),
        (b"Stat     APP.ER     \r\n", ReadingState.DEVICE_ERROR),
    ],
)
def test_a_state_without_a_number_carries_none(line: bytes, state: ReadingState) -> None:
    reading = read_weight(line)
    assert (reading.mass_g, reading.state, reading.reply) == (None, state, line.decode().rstrip("\r\n"))


@pytest.mark.parametrize(
    "line",
    [
        b"N     +123,45678 g  \r\n",
        b"N     +12 .45678 g  \r\n",
        b"N     + 12345678 g  \r\n",
        b"N     +123.45678 g\r\n",
        b"N     +123.45678 g  ",
        b"Stat        Busy    \r\n",
        b"N     x123.45678 g  \r\n",
        b"\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_what_is_no_weight_is_refused(line: bytes) -> None:
    with pytest.raises(Garbled):
        read_weight(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [(b"N     +123.45678 oz \r\n", "weighs in 'oz'"), (b"Qnt   + 12.00000    \r\n", "sends 'Qnt'")],
)
def test_another_unit_or_quantity_is_refused_with_a_remedy(line: bytes, words: str) -> None:
    with pytest.raises(RefusedByDevice, match=words) as caught:
        read_weight(line)
    assert "menu" in caught.value.remedy


@given(st.binary(max_size=24))
@example(STILL)
@example(b"Stat     ERR 054    \r\n")
def test_any_line_is_a_reading_a_text_or_an_error(line: bytes) -> None:
    for read in (read_weight, read_text):
        with suppress(Garbled, RefusedByDevice):
            read(line)


@given(
    st.decimals("-999.99999", "999.99999", places=5, allow_nan=False),
    st.sampled_from([("g", 0), ("mg", -3), ("kg", 3)]),
    st.booleans(),
    st.sampled_from(["", "N     ", "G     "]),
)
def test_weights_round_trip(value: Any, unit: tuple[str, int], stable: bool, identifier: str) -> None:
    sign = "-" if value < 0 else "+"
    line = f"{identifier}{sign}{abs(value):>9} {unit[0] if stable else '':<3}\r\n".encode()
    reading = weight_reader(unit[0])(line)
    assert reading.mass_g == float(f"{value}e{unit[1]}")
    assert reading.state is (ReadingState.STABLE if stable else ReadingState.DYNAMIC)
    assert read_text(line) is None  # a late weight is never taken for a name


@every_wire
def test_after_silence_a_late_weight_is_passed_and_the_filter_sent_again(wire: Wire) -> None:
    again: list[Step] = [(WHO[0][0], STILL + (WHO[0][1] or b"")), *WHO[1:], (b"\x1bK\r\n", b""), TAKEN]
    steps = [(b"\x1bK\r\n", b""), TAKEN, (b"\x1bP\r\n", b""), *again, (b"\x1bP\r\n", MOVING)]
    with balance_saying(steps, wire=wire) as balance:
        balance.configure()
        with impatient(balance.link), pytest.raises(InstrumentTimeout, match=r"balance: no answer.*'ESC P'"):
            balance.read()
        assert balance.read().mass_g == -0.00012


@every_wire
def test_half_a_line_is_never_half_of_a_weight(wire: Wire) -> None:
    with balance_saying([(b"\x1bP\r\n", STILL[:12]), *WHO, (b"\x1bP\r\n", STILL)], wire=wire) as balance:
        with impatient(balance.link), pytest.raises(InstrumentTimeout):
            balance.read()
        assert balance.read().mass_g == 123.45678


@pytest.mark.parametrize("line", [b"N     +123,45678 g  \r\n", b"\x00\xff\x80garbage\r\n"])
def test_a_poll_that_cannot_be_used_says_why_and_weighing_goes_on(line: bytes) -> None:
    with balance_saying([(b"\x1bP\r\n", line), *WHO, (b"\x1bP\r\n", STILL)]) as balance:
        with pytest.raises(ProtocolError, match="unintelligible") as caught:
            balance.read()
        assert (caught.value.instrument, caught.value.command, caught.value.reply) == ("balance", "ESC P", line)
        assert balance.read().mass_g == 123.45678


def test_without_a_weight_no_tare_is_sent() -> None:
    with (
        balance_saying([(b"\x1bP\r\n", b"Stat        Low     \r\n")]) as balance,
        pytest.raises(ProtocolError, match="no tare in state 'underload'"),
    ):
        balance.tare()


@every_wire
def test_a_balance_that_vanishes_is_a_lost_link(wire: Wire) -> None:
    with wire.peer([*WHO, (b"\x1bP\r\n", HANG_UP)]) as peer:
        balance = open_sbi("balance", options(address_of(peer)), WallClock())
        with pytest.raises(LinkLost):
            balance.read()
    balance.close()


def test_another_balance_behind_the_address_is_refused() -> None:
    with (
        VISA_SOCKET.peer([WHO[0], (b"\x1bx2_\r\n", b"99999999            \r\n"), WHO[2]]) as peer,
        pytest.raises(ProtocolError, match=r"'99999999'.*ME235P.*not '21304567'"),
    ):
        open_sbi("balance", options(address_of(peer)), WallClock())


@pytest.mark.parametrize(
    "wrong", [{"auto_zero": "on"}, {"environment": "standard"}, {"unit": "ct"}, {"filter": "x"}, {"serial": ""}]
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options("TCPIP::192.0.2.7::49155::SOCKET", **wrong)


@pytest.mark.parametrize("missing", list(MENU))
def test_what_sbi_cannot_set_must_be_said_in_the_station_file(missing: str) -> None:
    said = {name: word for name, word in MENU.items() if name != missing}
    with pytest.raises(ValidationError, match=missing):
        SbiOptions.model_validate({"address": "TCPIP::192.0.2.7::49155::SOCKET", "serial": "1", **said})
