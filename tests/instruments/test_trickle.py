"""A device that sends a byte now and then and never ends its answer holds nobody beyond the deadline."""

from __future__ import annotations

import threading

import pytest

from instruments.errors import InstrumentError, InstrumentTimeout
from tests.instruments.linked import connected
from tests.instruments.wires import WIRES, Wire, impatient

HANG_S = 60.0


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_an_answer_that_trickles_without_end_is_a_timeout(wire: Wire) -> None:
    raised: list[InstrumentError] = []
    ended = threading.Event()
    with connected(wire, [(b"a\n", b"a=")]) as (rig, peer):

        def trickle() -> None:
            while not ended.wait(0.02):
                peer.say(b"1")

        def ask() -> None:
            try:
                rig.ask("a")
            except InstrumentError as error:
                raised.append(error)

        with impatient(rig.link):
            trickling = threading.Thread(target=trickle, daemon=True)
            asking = threading.Thread(target=ask, daemon=True)
            trickling.start()
            asking.start()
            asking.join(HANG_S)
            is_held = asking.is_alive()
            ended.set()
            trickling.join()
        assert not is_held
        (error,) = raised
        assert isinstance(error, InstrumentTimeout)


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_a_time_of_day_that_stands_holds_nobody_beyond_the_deadline(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of it may be of hours; pyvisa-py ends what it reads from a serial port by it."""
    raised: list[InstrumentError] = []
    with connected(wire, [(b"a\n", b"")]) as (rig, _):

        def ask() -> None:
            try:
                rig.ask("a")
            except InstrumentError as error:
                raised.append(error)

        with impatient(rig.link), monkeypatch.context() as patched:
            patched.setattr("time.time", lambda: 1.7e9)
            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            asking.join(HANG_S)
    (error,) = raised
    assert isinstance(error, InstrumentTimeout)
