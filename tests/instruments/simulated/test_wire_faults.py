"""Link faults as data, and what they do to a conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock, WallClock
from instruments.simulated.wires.conversation import Conversation, HungUp
from instruments.simulated.wires.faults import LinkFault, LinkFaultMode, LinkFaults
from instruments.simulated.wires.session import LineBuffer
from tests.instruments.simulated.benches import hand_clock
from tests.instruments.simulated.echo_session import EchoSession


def conversation(clock: VirtualClock, *faults: LinkFault) -> tuple[Conversation, LinkFaults, EchoSession]:
    session, link = EchoSession(), LinkFaults(faults)
    return Conversation(session, link, clock, "echo"), link, session


def test_a_scheduled_fault_holds_from_its_start_to_before_its_end() -> None:
    with hand_clock() as clock:
        said, _, session = conversation(clock, LinkFault(LinkFaultMode.SILENT, 10.0, 20.0))
        answers = []
        for t_s in (9.9, 10.0, 19.9, 20.0):
            clock.sleep_until(t_s)
            answers.append(said.hear(b"x\r\n"))
    assert answers == [b"1:x\r\n", b"", b"", b"2:x\r\n"]
    assert session.heard == [b"x", b"x"]


@given(
    st.lists(
        st.tuples(st.sampled_from(LinkFaultMode), st.integers(0, 50), st.integers(1, 50)),
        max_size=5,
    ),
    st.lists(st.integers(-1, 110), max_size=20),
)
def test_the_active_fault_is_the_first_that_covers_the_instant_whatever_was_asked_before(
    spans: list[tuple[LinkFaultMode, int, int]], instants: list[int]
) -> None:
    faults = [LinkFault(mode, start, start + length) for mode, start, length in spans]
    link = LinkFaults(faults)
    for instant in instants:
        expected = next((fault for fault in faults if fault.start_s <= instant < fault.end_s), None)
        assert link.active(float(instant)) == expected


def test_an_injected_fault_hides_the_scheduled_ones_until_it_is_cleared() -> None:
    link = LinkFaults([LinkFault(LinkFaultMode.GARBAGE, 0.0, 10.0)])
    assert link.is_active(LinkFaultMode.GARBAGE, 5.0)
    link.inject(LinkFaultMode.SILENT)
    assert link.is_active(LinkFaultMode.SILENT, 5.0)
    assert link.is_active(LinkFaultMode.SILENT, 50.0)
    link.clear()
    assert link.is_active(LinkFaultMode.GARBAGE, 5.0)
    assert link.active(50.0) is None


def test_a_lost_reply_was_carried_out() -> None:
    with hand_clock() as clock:
        said, link, session = conversation(clock)
        link.inject(LinkFaultMode.REPLY_LOST)
        assert said.hear(b"x\r\n") == b""
    assert session.heard == [b"x"]


def test_garbage_has_the_length_of_the_answer_and_is_the_same_each_time() -> None:
    said = []
    for _ in range(2):
        with hand_clock() as clock:
            talk, link, _ = conversation(clock)
            link.inject(LinkFaultMode.GARBAGE)
            said.append([talk.hear(b"x\r\n"), talk.hear(b"x\r\n")])
    first, second = said[0]
    assert len(first) == len(b"1:x\r\n")
    assert first not in (b"1:x\r\n", second)
    assert said[0] == said[1]


def test_half_a_line_has_no_end() -> None:
    with hand_clock() as clock:
        said, link, _ = conversation(clock)
        link.inject(LinkFaultMode.HALF_LINE)
        assert said.hear(b"abcd\r\n") == b"1:ab"


def test_a_duplicate_comes_twice() -> None:
    with hand_clock() as clock:
        said, link, _ = conversation(clock)
        link.inject(LinkFaultMode.DUPLICATE)
        assert said.hear(b"x\r\n") == b"1:x\r\n1:x\r\n"


def test_a_repeated_answer_comes_again_before_the_next_one_and_then_no_more() -> None:
    with hand_clock() as clock:
        said, link, _ = conversation(clock)
        link.inject(LinkFaultMode.REPEATED, delay_s=2.0)
        assert said.hear(b"a\r\n") == b"1:a\r\n"
        assert said.hear(b"b\r\n") == b"1:a\r\n2:b\r\n"
        clock.sleep_until(2.0)
        assert said.speak() == b"2:b\r\n"
        assert said.hear(b"c\r\n") == b"3:c\r\n"
        link.clear()
        assert said.hear(b"d\r\n") == b"3:c\r\n4:d\r\n"
        assert said.hear(b"e\r\n") == b"5:e\r\n"


def test_a_late_answer_comes_before_the_next_one_and_keeps_the_order() -> None:
    with hand_clock() as clock:
        said, link, _ = conversation(clock)
        link.inject(LinkFaultMode.LATE, delay_s=2.0)
        assert said.hear(b"a\r\n") == b""
        link.clear()
        clock.sleep_until(1.0)
        assert said.hear(b"b\r\n") == b""  # queued behind the late one
        clock.sleep_until(2.0)
        assert said.hear(b"c\r\n") == b"1:a\r\n2:b\r\n3:c\r\n"
        assert said.hear(b"d\r\n") == b"4:d\r\n"


def test_a_late_answer_comes_by_itself_when_time_passes_by_itself() -> None:
    clock = WallClock()
    session, link = EchoSession(), LinkFaults()
    said = Conversation(session, link, clock, "echo")
    link.inject(LinkFaultMode.LATE, delay_s=0.02)
    assert said.hear(b"a\r\n") == b""
    wait_s = said.wait_s()
    assert wait_s is not None
    assert 0.0 <= wait_s <= 0.02
    clock.sleep_until(clock.now() + wait_s)
    assert said.speak() == b"1:a\r\n"
    assert said.wait_s() is None


def test_a_dropped_connection_hangs_up_and_tells_the_device_nothing() -> None:
    with hand_clock() as clock:
        said, link, session = conversation(clock)
        link.inject(LinkFaultMode.DROP_CONNECTION)
        with pytest.raises(HungUp):
            said.hear(b"x\r\n")
    assert session.heard == []


def test_what_a_device_says_unasked_passes_the_same_faults() -> None:
    with hand_clock() as clock:
        said, link, session = conversation(clock)
        session.speak_at_s = 5.0
        assert said.wait_s() is not None
        assert said.speak() == b""
        clock.sleep_until(5.0)
        link.inject(LinkFaultMode.HALF_LINE)
        assert said.speak() == b"unas"
        assert said.wait_s() is None


@given(st.lists(st.binary(max_size=60)))
def test_lines_do_not_depend_on_how_the_bytes_were_cut(chunks: list[bytes]) -> None:
    whole, cut = LineBuffer(20), LineBuffer(20)
    expected = whole.lines(b"".join(chunks))
    found = [line for chunk in chunks for line in cut.lines(chunk)]
    assert found == expected
    assert all(0 < len(line) <= 21 for line in found)
    assert not any({0x0A, 0x0D} & set(line) for line in found)
