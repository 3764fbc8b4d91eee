"""What every link promises, on every wire."""

import socket
import threading
from pathlib import Path

import pytest

from instruments.clock import VirtualClock
from instruments.errors import InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.serial import SerialTransport
from instruments.links.visa import VisaTransport
from tests.instruments.linked import HELLO, LONG_S, SHORT_S, Rig, connected
from tests.instruments.scripted_peer import HANG_UP, PtyPeer
from tests.instruments.wires import SERIAL, VISA_SERIAL, VISA_SOCKET, WIRES, Wire, impatient

every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


@every_wire
def test_answers_come_back_and_every_byte_passes_the_wire(wire: Wire) -> None:
    with connected(wire, [(b"a\n", b"a=1\n"), (b"b\n", b"b=2\n")]) as (rig, peer):
        assert (rig.ask("a"), rig.ask("b")) == ("1", "2")
        assert rig.link.bytes_sent == peer.bytes_heard == len(b"who\na\nb\n")
        assert rig.link.bytes_received == peer.bytes_said == len(b"who=unit 7\na=1\nb=2\n")
        assert rig.resynchronised == 1


@every_wire
def test_an_answer_to_another_question_is_passed_over(wire: Wire) -> None:
    with connected(wire, [(b"b\n", b"a=1\na=1\nb=2\n")]) as (rig, _):
        assert rig.ask("b") == "2"
        assert rig.resynchronised == 1


@every_wire
def test_what_arrived_unasked_is_dropped_and_the_link_resynchronised(wire: Wire) -> None:
    # After an answer too many nobody knows how many more there will be.
    with connected(wire, [(b"a\n", b"a=1\na=1\n"), HELLO, (b"a\n", b"a=2\n"), (b"b\n", b"b=3\n")]) as (rig, peer):
        assert rig.ask("a") == "1"
        peer.say(b"a=77\n")
        wire.wait_for_input(rig.link.transport, 5)
        assert rig.ask("a") == "2"
        assert rig.ask("b") == "3"
        assert rig.resynchronised == 2


@every_wire
def test_what_arrived_unasked_and_is_harmless_is_dropped_alone(wire: Wire) -> None:
    with connected(wire, [(b"a\n", b"a=1\n"), (b"a\n", b"a=2\n")], is_suspect=lambda unasked: unasked != b">\n") as (
        rig,
        peer,
    ):
        assert rig.ask("a") == "1"
        peer.say(b">\n")
        wire.wait_for_input(rig.link.transport, 2)
        assert rig.ask("a") == "2"
        assert rig.resynchronised == 1


@every_wire
def test_silence_is_a_timeout_that_names_everything(wire: Wire) -> None:
    with connected(wire, [(b"a\n", b"")]) as (rig, _):
        with impatient(rig.link), pytest.raises(InstrumentTimeout) as caught:
            rig.ask("a")
        error = caught.value
        assert (error.instrument, error.command, error.reply) == ("meter", "a", b"")
        assert error.elapsed_s > 0.0
        assert error.remedy


@every_wire
def test_half_an_answer_is_a_timeout_and_never_half_of_the_next(wire: Wire) -> None:
    script = [(b"a\n", b"a=1"), HELLO, (b"a\n", b"a=2\n")]
    with connected(wire, script) as (rig, _):
        with impatient(rig.link), pytest.raises(InstrumentTimeout):
            rig.ask("a")
        assert rig.ask("a") == "2"


@every_wire
def test_a_late_answer_is_not_taken_for_the_next_one(wire: Wire) -> None:
    # The old answer comes first thing after the next question was sent, where no discarding can catch it.
    script = [(b"a\n", b""), (b"who\n", b"a=old\nwho=unit 7\n"), (b"a\n", b"a=new\n")]
    with connected(wire, script) as (rig, _):
        with impatient(rig.link), pytest.raises(InstrumentTimeout):
            rig.ask("a")
        assert rig.ask("a") == "new"
        assert rig.resynchronised == 2


@every_wire
def test_a_late_answer_that_came_in_between_is_dropped(wire: Wire) -> None:
    script = [(b"a\n", b""), HELLO, (b"a\n", b"a=new\n")]
    with connected(wire, script) as (rig, peer):
        with impatient(rig.link), pytest.raises(InstrumentTimeout):
            rig.ask("a")
        peer.say(b"a=old\n")
        wire.wait_for_input(rig.link.transport, 6)
        assert rig.ask("a") == "new"


@every_wire
def test_garbage_is_a_protocol_error_and_the_next_call_resynchronises(wire: Wire) -> None:
    with connected(wire, [(b"a\n", b"\xff\x00\x80~\n"), HELLO, (b"a\n", b"a=1\n")]) as (rig, _):
        with pytest.raises(ProtocolError) as caught:
            rig.ask("a")
        assert caught.value.reply == b"\xff\x00\x80~\n"
        assert rig.ask("a") == "1"
        assert rig.resynchronised == 2


@every_wire
def test_only_answers_to_other_questions_is_a_protocol_error(wire: Wire) -> None:
    with connected(wire, [(b"b\n", b"a=1\n")]) as (rig, _):
        with impatient(rig.link, 1.0), pytest.raises(ProtocolError, match="none to this command") as caught:
            rig.ask("b")
        assert caught.value.reply == b"a=1\n"


@every_wire
def test_a_refusal_keeps_the_conversation_in_order(wire: Wire) -> None:
    with connected(wire, [(b"a\n", b"a!not now\n"), (b"b\n", b"b=2\n")]) as (rig, _):
        with pytest.raises(ProtocolError, match=r"not now.*Ask for something else"):
            rig.ask("a")
        assert rig.ask("b") == "2"
        assert rig.resynchronised == 1


@every_wire
def test_a_peer_that_vanishes_is_a_lost_link_at_once_and_stays_lost(wire: Wire) -> None:
    with wire.peer([HELLO, (b"a\n", HANG_UP)]) as peer:
        rig = Rig(wire.transport(peer), deadline_s=LONG_S)
        rig.connect()
        with pytest.raises(LinkLost) as caught:
            rig.ask("a")
        assert caught.value.remedy
    for _ in range(3):
        with pytest.raises(LinkLost):
            rig.ask("a")
    rig.link.close()


def test_a_socket_that_comes_back_is_opened_and_identified_again() -> None:
    script = [(b"a\n", HANG_UP), HELLO, (b"a\n", b"a=1\n")]
    with connected(VISA_SOCKET, script) as (rig, _):
        with pytest.raises(LinkLost):
            rig.ask("a")
        assert rig.ask("a") == "1"
        assert rig.resynchronised == 2


@pytest.mark.parametrize("wire", [SERIAL, VISA_SERIAL], ids=lambda wire: wire.name)
def test_a_port_that_comes_back_under_its_name_is_opened_and_identified_again(wire: Wire, tmp_path: Path) -> None:
    name = tmp_path / "by-id"
    with wire.peer([HELLO, (b"a\n", HANG_UP)]) as first:
        assert isinstance(first, PtyPeer)
        name.symlink_to(first.port)
        serial_port, visa = SerialTransport(str(name), terminator=b"\n"), VisaTransport(f"ASRL{name}::INSTR")
        rig = Rig(serial_port if wire is SERIAL else visa, deadline_s=LONG_S)
        rig.connect()
        with pytest.raises(LinkLost):
            rig.ask("a")
    with wire.peer([HELLO, (b"a\n", b"a=1\n")]) as second:
        assert isinstance(second, PtyPeer)
        name.unlink()
        name.symlink_to(second.port)
        assert rig.ask("a") == "1"
        assert rig.resynchronised == 2
        rig.link.close()


def test_a_peer_that_closed_while_idle_is_noticed_before_anything_is_sent() -> None:
    script = [(b"a\n", b"a=1\n"), (b"b\n", HANG_UP), HELLO, (b"a\n", b"a=2\n")]
    with connected(VISA_SOCKET, script) as (rig, peer):
        assert rig.ask("a") == "1"
        rig.link.tell(b"b\n")
        VISA_SOCKET.wait_for_hang_up(rig.link.transport)
        with pytest.raises(LinkLost):
            rig.ask("a")
        heard = peer.bytes_heard
        assert rig.ask("a") == "2"
        assert peer.bytes_heard - heard == len(b"who\na\n")


@every_wire
def test_another_device_behind_the_address_is_refused(wire: Wire) -> None:
    script = [(b"a\n", b"?\n"), (b"who\n", b"who=unit 8\n"), (b"who\n", b"who=unit 8\n")]
    with connected(wire, script) as (rig, _):
        with pytest.raises(ProtocolError):
            rig.ask("a")
        for _ in range(2):
            with pytest.raises(ProtocolError, match=r"another device.*unit 8.*unit 7"):
                rig.ask("a")


@every_wire
def test_the_wrong_serial_number_is_refused_at_once(wire: Wire) -> None:
    with wire.peer([(b"who\n", b"who=unit 9\n")]) as peer:
        rig = Rig(wire.transport(peer), deadline_s=LONG_S)
        with pytest.raises(ProtocolError, match=r"'unit 9'.*not 'unit 7'.*correct its serial number"):
            rig.connect()
        rig.link.close()


@every_wire
def test_a_silence_is_charged_to_station_time_and_an_answer_is_not(wire: Wire) -> None:
    clock = VirtualClock()
    with wire.peer([HELLO, (b"a\n", b"a=1\n"), (b"a\n", b""), (b"who\n", b"")]) as peer, clock.participate("test"):
        rig = Rig(wire.transport(peer), deadline_s=LONG_S, clock=clock)
        rig.connect()
        rig.ask("a")
        assert clock.now() == 0.0
        with impatient(rig.link), pytest.raises(InstrumentTimeout):
            rig.ask("a")
        assert clock.now() == pytest.approx(SHORT_S)
        with impatient(rig.link), pytest.raises(InstrumentTimeout):  # while resynchronising
            rig.ask("a")
        assert clock.now() == pytest.approx(2 * SHORT_S)
        rig.link.close()


def test_the_deadline_is_charged_after_the_lock_is_given_back() -> None:
    # Were it charged inside, another participant that wants the link would stand still, and time with it, for ever.
    clock = VirtualClock()
    answers: list[str] = []
    with VISA_SOCKET.peer([HELLO, (b"a\n", b""), HELLO, (b"b\n", b"b=2\n")]) as peer, clock.participate("test"):
        rig = Rig(VISA_SOCKET.transport(peer), deadline_s=LONG_S, clock=clock)
        rig.connect()

        def other() -> None:
            clock.sleep_until(SHORT_S / 2)
            answers.append(rig.ask("b"))

        task = clock.spawn("other", other)
        with impatient(rig.link, 1.0), pytest.raises(InstrumentTimeout):
            rig.ask("a")
        assert task.join(10.0)
        assert (task.error, answers) == (None, ["2"])
        rig.link.close()


def test_requests_of_many_threads_are_never_mixed() -> None:
    count = 40
    keys = [f"k{i}" for i in range(count)]

    class Echo(threading.Thread):
        """Answers every line with `line=line`, slowly enough cut to show a mix-up."""

        def __init__(self) -> None:
            super().__init__(daemon=True)
            self.listener = socket.create_server(("127.0.0.1", 0))

        def run(self) -> None:
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    word = line.strip()
                    value = b"unit 7" if word == b"who" else word
                    for piece in (word, b"=", value, b"\n"):
                        connection.sendall(piece)

    echo = Echo()
    echo.start()
    rig = Rig(VisaTransport(f"TCPIP::127.0.0.1::{echo.listener.getsockname()[1]}::SOCKET"), deadline_s=LONG_S)
    rig.connect()
    got: dict[str, str] = {}
    threads = [threading.Thread(target=lambda key=key: got.update({key: rig.ask(key)})) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rig.link.close()
    echo.join()
    echo.listener.close()
    assert got == {key: key for key in keys}


def test_an_endless_unit_ends() -> None:
    with connected(SERIAL, [(b"a\n", b"x" * 10000)]) as (rig, _), pytest.raises(InstrumentTimeout, match="incomplete"):
        rig.ask("a")


def test_a_hanging_conversation_does_not_block_another_thread_for_ever() -> None:
    with connected(VISA_SOCKET, [(b"a\n", b"")]) as (rig, _):
        entered, leave = threading.Event(), threading.Event()

        def hang(unit: bytes) -> str:
            raise AssertionError(unit)

        def hold() -> None:
            with rig.link._turn():
                entered.set()
                leave.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        entered.wait()
        with impatient(rig.link), pytest.raises(InstrumentTimeout, match="another request holds the link"):
            rig.link.ask(b"a\n", hang)
        leave.set()
        holder.join()
        with impatient(rig.link), pytest.raises(InstrumentTimeout):
            rig.ask("a")
