"""A device that says whole lines without a pause, none of them the answer, holds nobody beyond the deadline."""

from __future__ import annotations

import pytest

from instruments.clock import WallClock, host_monotonic_s
from instruments.errors import ProtocolError
from instruments.links.link import Link
from instruments.readings import Identity

DEADLINE_S = 0.05


class Endless:
    """A transport that always has a line of somebody else's."""

    address = "nowhere"
    bytes_sent = bytes_received = 0

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def discard_input(self) -> bytes:
        return b""

    def write(self, data: bytes) -> None:
        pass

    def read_unit(self, until_s: float) -> bytes:
        assert host_monotonic_s() < until_s + 30.0
        return b"b=2\n"

    def elsewhere(self) -> tuple[str, ...]:
        return ()

    def move(self, address: str) -> None:
        pass


def test_lines_that_are_no_answer_end_with_the_deadline() -> None:
    link = Link(
        Endless(),
        instrument="meter",
        clock=WallClock(),
        deadline_s=DEADLINE_S,
        resynchronise=lambda: Identity("maker", "model", "7", "1"),
    )
    link.connect(expected_serial="7")
    with pytest.raises(ProtocolError, match="answers came, none to this command"):
        link.ask(b"a\n", lambda unit: None)
