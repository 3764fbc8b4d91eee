"""The balance driver against transcripts, over a serial port and over a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.balances.mt_sics import MtSicsBalance, MtSicsOptions, open_mt_sics
from instruments.balances.mt_sics_grammar import answer_to, read_weight
from instruments.clock import WallClock
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.link import Garbled, RefusedByDevice
from instruments.readings import ReadingState
from tests.instruments.scripted_peer import HANG_UP, PtyPeer, ScriptedPeer, Step, TcpPeer
from tests.instruments.wires import VISA_SERIAL, VISA_SOCKET, Wire, impatient

WHO: list[Step] = [
    (b"@\r\n", b'I4 A "B123456789"\r\n'),
    (b"I2\r\n", b'I2 A "XPE505C" "520.0090 g"\r\n'),
    (b"I3\r\n", b'I3 A "1.10" "10.28.0.493.142"\r\n'),
]
SETTINGS: list[Step] = [
    (b"M01 2\r\n", b"M01 A\r\n"),
    (b"M01\r\n", b"M01 A 2\r\n"),
    (b"M02 0\r\n", b"M02 A\r\n"),
    (b"M02\r\n", b"M02 A 0\r\n"),
    (b"M03 0\r\n", b"M03 A\r\n"),
    (b"M03\r\n", b"M03 A 0\r\n"),
    (b"UPD 10\r\n", b"UPD A\r\n"),
    (b"UPD\r\n", b"UPD A 10.173\r\n"),
    (b"C0 0 0\r\n", b"C0 A\r\n"),
    (b"C0\r\n", b'C0 A 0 0 ""\r\n'),
]
every_wire = pytest.mark.parametrize("wire", [VISA_SERIAL, VISA_SOCKET], ids=lambda wire: wire.name)


def options(peer: ScriptedPeer) -> MtSicsOptions:
    assert isinstance(peer, PtyPeer | TcpPeer)
    return MtSicsOptions(
        address=peer.address,
        serial="B123456789",
        deadline_s=20.0,
        mode="sensor",
        environment="very stable",
        update_rate_hz=10.0,
    )


@contextmanager
def balance_saying(steps: Sequence[Step], *, wire: Wire = VISA_SOCKET) -> Iterator[tuple[MtSicsBalance, ScriptedPeer]]:
    with wire.peer([*WHO, *steps]) as peer:
        balance = open_mt_sics("balance", options(peer), WallClock())
        try:
            yield balance, peer
            assert balance.link.bytes_sent == peer.bytes_heard
        finally:
            balance.close()


def changed(steps: Sequence[Step], question: bytes, reply: bytes) -> list[Step]:
    """The script up to a question that is answered otherwise."""
    index = [asked for asked, _ in steps].index(question)
    return [*steps[:index], (question, reply)]


@every_wire
def test_the_whole_way_of_a_weighing(wire: Wire) -> None:
    steps = [
        *SETTINGS,
        (b"TI\r\n", b"TI S      12.3456 g\r\n"),
        (b"SI\r\n", b"S D      -0.0001 g\r\n"),
        (b"SI\r\n", b"S S     100.0000 g\r\n"),
        (b"SI\r\n", b"S I\r\n"),
    ]
    with balance_saying(steps, wire=wire) as (balance, _):
        assert balance.configure() == {
            "mode": "sensor (2)",
            "environment": "very stable (0)",
            "auto_zero": "off (0)",
            "update_rate_hz": "10.173",
            "internal_adjustment": "off",
        }
        balance.tare()
        moving, settled, busy = balance.read(), balance.read(), balance.read()
        assert (moving.mass_g, moving.state, moving.reply) == (-0.0001, ReadingState.DYNAMIC, "S D      -0.0001 g")
        assert (settled.mass_g, settled.state) == (100.0, ReadingState.STABLE)
        assert (busy.mass_g, busy.state) == (None, ReadingState.BUSY)


def test_identity_is_read_from_the_device() -> None:
    with balance_saying([(b"I4\r\n", b'I4 A "B123456789"\r\n'), *WHO[1:]]) as (balance, _):
        identity = balance.identify()
        assert identity.maker == "Mettler-Toledo"
        assert (identity.model, identity.serial) == ("XPE505C 520.0090 g", "B123456789")
        assert identity.firmware == "1.10 10.28.0.493.142"


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (b"S I\r\n", ReadingState.BUSY),
        (b"S +\r\n", ReadingState.OVERLOAD),
        (b"S -\r\n", ReadingState.UNDERLOAD),
        (b"S S Error 10b\r\n", ReadingState.DEVICE_ERROR),
        (b"S S Error 1t\r\n", ReadingState.DEVICE_ERROR),
    ],
)
def test_a_state_without_a_number_carries_none(reply: bytes, state: ReadingState) -> None:
    reading = read_weight(reply)
    assert reading is not None
    assert (reading.mass_g, reading.state, reading.reply) == (None, state, reply.strip().decode())


@pytest.mark.parametrize(
    ("reply", "mass_g"),
    [
        (b"S S     100.0000 g\r\n", 100.0),
        (b"S S       0.0000 g\r\n", 0.0),
        (b"S D       0.000 g\r\n", 0.0),
        (b"S S      -0.0012 g\r\n", -0.0012),
        (b"S S      +3.5 g\r\n", 3.5),
        (b"S S         12.34 mg\r\n", 0.01234),
        (b"S S       0.1 mg\r\n", 0.0001),
        (b"S S   1.00000005 kg\r\n", 1000.00005),
        (b"S S 123456789012.345678 g\r\n", 123456789012.345678),
        (b"S S        42 g\n", 42.0),
        (b"S S     100.0000 g  \r\n", 100.0),
    ],
)
def test_a_weight_is_read_with_its_sign_and_unit(reply: bytes, mass_g: float) -> None:
    reading = read_weight(reply)
    assert reading is not None
    assert reading.mass_g == mass_g


@pytest.mark.parametrize(
    "reply",
    [
        b"S S     100,0000 g\r\n",
        b"S S     1.234e3 g\r\n",
        b"S S     - 1.2 g\r\n",
        b"S S     100.0000\r\n",
        b"S S     nan g\r\n",
        b"S S  \r\n",
        b"S\r\n",
        b"S X 1.0 g\r\n",
        b"S S     .5 g\r\n",
        b"S S 100.0000 g",
        b"s s 1.0 g\r\n",
        b"\xff\xfe\r\n",
        b"\r\n",
        b"0.1234 g\r\n",
    ],
)
def test_what_is_no_weight_is_refused(reply: bytes) -> None:
    with pytest.raises(Garbled):
        read_weight(reply)


@pytest.mark.parametrize("reply", [b"S S   1.0 oz\r\n", b"S D   1.0 ct\r\n", b"S S  1.0 G\r\n", b"S S  1.0 kG\r\n"])
def test_a_unit_that_is_no_gram_is_refused_with_a_remedy(reply: bytes) -> None:
    with pytest.raises(RefusedByDevice) as caught:
        read_weight(reply)
    assert "Set the host unit" in caught.value.remedy


@pytest.mark.parametrize("reply", [b'I4 A "B1"\r\n', b"M03 A 0\r\n", b"TI S 1.0 g\r\n", b"Z A\r\n", b"@ A\r\n"])
def test_an_answer_to_another_command_is_no_weight(reply: bytes) -> None:
    assert read_weight(reply) is None


@given(st.binary(max_size=40))
@example(b"S S     100.0000 g\r\n")
def test_any_line_is_a_reading_another_s_answer_or_an_error(unit: bytes) -> None:
    for read in (read_weight, answer_to("M03"), answer_to("I4")):
        with suppress(Garbled, RefusedByDevice):
            read(unit)


@given(
    st.decimals(-99999, 99999, places=5, allow_nan=False),
    st.sampled_from([("g", 0), ("mg", -3), ("kg", 3)]),
    st.sampled_from("SD"),
)
def test_weights_round_trip(value: object, unit: tuple[str, int], letter: str) -> None:
    reading = read_weight(f"S {letter} {value!s:>10} {unit[0]}\r\n".encode())
    assert reading is not None
    assert reading.mass_g == float(f"{value}e{unit[1]}")
    assert reading.state is (ReadingState.STABLE if letter == "S" else ReadingState.DYNAMIC)


@given(st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\')), max_size=4))
def test_quoted_parameters_keep_their_spaces(texts: list[str]) -> None:
    line = " ".join(("I2 A", *(f'"{text}"' for text in texts)))
    assert answer_to("I2")(f"{line}\r\n".encode()) == tuple(texts)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"ES\r\n", "does not know the command"),
        (b"ET\r\n", "damaged command.*Check line settings"),
        (b"EL\r\n", "cannot execute"),
        (b"S S     100,0000 g\r\n", "decimal comma"),
        (b"S L\r\n", "unintelligible"),
        (b"S S   1.0 lb\r\n", "weighs in 'lb'.*Set the host unit"),
        (b"\x00\xff\x80garbage\r\n", "unintelligible"),
    ],
)
@every_wire
def test_a_poll_that_cannot_be_used_says_why_and_weighing_goes_on(wire: Wire, reply: bytes, words: str) -> None:
    in_order = reply[:2] in (b"ES", b"EL") or b"lb" in reply
    steps = [(b"SI\r\n", reply), *([] if in_order else WHO), (b"SI\r\n", b"S S   1.0 g\r\n")]
    with balance_saying(steps, wire=wire) as (balance, _):
        with pytest.raises(ProtocolError, match=words) as caught:
            balance.read()
        assert (caught.value.instrument, caught.value.command, caught.value.reply) == ("balance", "SI", reply)
        assert balance.read().mass_g == 1.0


@every_wire
def test_after_silence_the_balance_is_cancelled_identified_and_set_again(wire: Wire) -> None:
    late = b"S S      55.0 g\r\n"
    again: list[Step] = [(b"@\r\n", late + b'I4 A "B123456789"\r\n'), *WHO[1:], *SETTINGS]
    steps = [*SETTINGS, (b"SI\r\n", b""), *again, (b"SI\r\n", b"S S   1.0 g\r\n")]
    with balance_saying(steps, wire=wire) as (balance, _):
        balance.configure()
        with impatient(balance.link), pytest.raises(InstrumentTimeout, match=r"balance: no answer.*'SI'"):
            balance.read()
        assert balance.read().mass_g == 1.0


@every_wire
def test_half_a_line_is_never_half_of_a_weight(wire: Wire) -> None:
    steps = [(b"SI\r\n", b"S S     10"), *WHO, (b"SI\r\n", b"S S   1.0 g\r\n")]
    with balance_saying(steps, wire=wire) as (balance, _):
        with impatient(balance.link), pytest.raises(InstrumentTimeout):
            balance.read()
        assert balance.read().mass_g == 1.0


@every_wire
def test_a_duplicated_answer_is_not_the_next_reading(wire: Wire) -> None:
    twice = b"S S   1.0 g\r\n" * 2
    steps: list[Step] = [(b"SI\r\n", twice), *WHO, (b"SI\r\n", b"S S   2.0 g\r\n")]
    with balance_saying(steps, wire=wire) as (balance, peer):
        assert balance.read().mass_g == 1.0
        if wire is VISA_SERIAL:
            wire.wait_for_input(balance.link.transport, len(twice) // 2)
        assert balance.read().mass_g == 2.0
        assert peer.bytes_said > balance.link.bytes_received


@every_wire
def test_a_balance_that_vanishes_is_a_lost_link(wire: Wire) -> None:
    with wire.peer([*WHO, (b"SI\r\n", HANG_UP)]) as peer:
        balance = open_mt_sics("balance", options(peer), WallClock())
        with pytest.raises(LinkLost):
            balance.read()
    with pytest.raises(LinkLost):
        balance.read()
    balance.close()


@every_wire
def test_another_balance_behind_the_address_is_refused(wire: Wire) -> None:
    with (
        wire.peer([(b"@\r\n", b'I4 A "B000"\r\n'), *WHO[1:]]) as peer,
        pytest.raises(ProtocolError, match=r"'B000'.*XPE505C.*not 'B123456789'"),
    ):
        open_mt_sics("balance", options(peer), WallClock())


@every_wire
def test_a_device_that_is_no_balance_is_refused(wire: Wire) -> None:
    with wire.peer([(b"@\r\n", b"*** unknown command\r\n")]) as peer, pytest.raises(ProtocolError, match="'@'"):
        open_mt_sics("balance", options(peer), WallClock())


@pytest.mark.parametrize(
    "steps",
    [
        changed(SETTINGS, b"M03 0\r\n", b"ES\r\n"),
        changed(SETTINGS, b"M03 0\r\n", b"M03 L\r\n"),
        changed(SETTINGS, b"M03 0\r\n", b"M03 I\r\n"),
        changed(SETTINGS, b"M03\r\n", b"M03 A 1\r\n"),
        [*changed(SETTINGS, b"M03\r\n", b"M03 A\r\n"), (b"M03\r\n", b"M03 A\r\n")],
        changed(SETTINGS, b"M01\r\n", b"M01 A 0\r\n"),
        changed(SETTINGS, b"M02 0\r\n", b"M02 L\r\n"),
        changed(SETTINGS, b"UPD\r\n", b"UPD A 23\r\n"),
        changed(SETTINGS, b"UPD\r\n", b"UPD A fast\r\n"),
        changed(SETTINGS, b"UPD\r\n", b"UPD A nan\r\n"),
        changed(SETTINGS, b"C0\r\n", b'C0 A 1 0 ""\r\n'),
    ],
    ids=lambda steps: repr(steps[-1]),
)
def test_a_setting_that_does_not_hold_is_refused_with_a_remedy(steps: list[Step]) -> None:
    with balance_saying(steps) as (balance, _), pytest.raises(ProtocolError, match="menu") as caught:
        balance.configure()
    assert caught.value.command.split()[0] == steps[-1][0].split()[0].decode()


@pytest.mark.parametrize("reply", [b"ES\r\n", b"C0 L\r\n", b"C0 I\r\n", b"EL\r\n"])
def test_a_balance_without_an_adjustment_switch_is_recorded_as_such(reply: bytes) -> None:
    with balance_saying(changed(SETTINGS, b"C0 0 0\r\n", reply)) as (balance, _):
        assert "not settable" in balance.configure()["internal_adjustment"]


def test_garbage_is_no_missing_adjustment_switch() -> None:
    with (
        balance_saying(changed(SETTINGS, b"C0 0 0\r\n", b"\xff\xff\r\n")) as (balance, _),
        pytest.raises(ProtocolError, match="unintelligible"),
    ):
        balance.configure()


def test_without_a_rate_the_balance_keeps_its_own() -> None:
    steps = [step for step in SETTINGS if step[0] != b"UPD 10\r\n"]
    with VISA_SOCKET.peer([*WHO, *steps]) as peer:
        given_options = options(peer).model_copy(update={"update_rate_hz": None})
        balance = open_mt_sics("balance", given_options, WallClock())
        assert balance.configure()["update_rate_hz"] == "10.173"
        balance.close()


@pytest.mark.parametrize("reply", [b"TI I\r\n", b"TI +\r\n", b"TI -\r\n", b"TI L\r\n"])
def test_a_refused_tare_is_an_error(reply: bytes) -> None:
    with balance_saying([(b"TI\r\n", reply)]) as (balance, _), pytest.raises(ProtocolError, match="TI"):
        balance.tare()


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "fast"},
        {"environment": 2},
        {"update_rate_hz": 0.0},
        {"deadline_s": -1.0},
        {"filter": "x"},
        {"serial": ""},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MtSicsOptions.model_validate({"address": "TCPIP::192.0.2.7::4305::SOCKET", "serial": "B1", **wrong})


def test_once_the_balance_repeats_itself_every_reading_is_kept_apart_from_the_one_before() -> None:
    first, second, third = (b"S S   %d.0 g\r\n" % number for number in (1, 2, 3))
    apart: Step = (b"I4\r\n", third + b'I4 A "B123456789"\r\n')
    steps: list[Step] = [
        (b"SI\r\n", first),
        (b"SI\r\n", first + second),  # the repetition is taken, and may be: it is at most one poll old
        *WHO,
        (b"SI\r\n", third),
        apart,
        (b"SI\r\n", b"S S   4.0 g\r\n"),
    ]
    with balance_saying(steps, wire=VISA_SERIAL) as (balance, _):
        assert (balance.read().mass_g, balance.read().mass_g) == (1.0, 1.0)
        assert balance.link.doubts == 0
        VISA_SERIAL.wait_for_input(balance.link.transport, len(second))
        assert balance.read().mass_g == 3.0
        assert balance.link.doubts == 1
        assert balance.read().mass_g == 4.0


def test_the_repetition_of_an_acknowledgement_is_not_the_value_that_was_set() -> None:
    index = [asked for asked, _ in SETTINGS].index(b"M03\r\n")
    steps = [*SETTINGS[:index], (b"M03\r\n", b"M03 A\r\n"), *SETTINGS[index:]]
    with balance_saying(steps) as (balance, _):
        assert balance.configure()["auto_zero"] == "off (0)"


def test_an_answer_that_comes_twice_at_once_is_not_doubted() -> None:
    answers = [b"S S   %d.0 g\r\n" % number for number in (1, 2)]
    steps: list[Step] = [(b"SI\r\n", 2 * answers[0]), *WHO, (b"SI\r\n", answers[1])]
    with balance_saying(steps, wire=VISA_SERIAL) as (balance, _):
        assert balance.read().mass_g == 1.0
        VISA_SERIAL.wait_for_input(balance.link.transport, len(answers[0]))
        assert balance.read().mass_g == 2.0
        assert balance.link.is_wary
        assert balance.link.doubts == 0
