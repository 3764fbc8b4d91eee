"""Ending signals interrupt the protocol once, and never the safe end of it."""

from __future__ import annotations

import os
import queue
import signal
import threading
from contextlib import suppress

import pytest

from rig.safety import emergency
from rig.safety.signals import ENDING_SIGNALS, Interrupted, SignalGate
from rig.safety.undisturbed import undisturbed


def send(number: signal.Signals) -> None:
    """Send a signal to this process; its handler runs before this returns."""
    os.kill(os.getpid(), number)
    signal.sigtimedwait([], 0.01)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_each_ending_signal_interrupts_and_names_itself(number: signal.Signals) -> None:
    gate = SignalGate()
    with gate.installed(), pytest.raises(Interrupted, match=signal.Signals(number).name):
        send(number)


def test_a_shut_gate_notes_signals_and_lets_nothing_through() -> None:
    gate = SignalGate()
    with gate.installed():
        with gate.shut():
            send(signal.SIGTERM)
        assert gate.noted == ["SIGTERM"]
        with pytest.raises(Interrupted):
            send(signal.SIGTERM)


def test_a_signal_is_not_lost_with_the_call_that_fails_meanwhile() -> None:
    gate = SignalGate()

    def ask() -> None:
        with gate.deferred():
            send(signal.SIGTERM)
            raise ValueError("the pump gave no answer")

    with gate.installed(), pytest.raises(Interrupted, match="SIGTERM") as interrupted:
        ask()
    assert isinstance(interrupted.value.__context__, ValueError)


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with SignalGate().installed():
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] != before
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before


def test_a_signal_that_somebody_swallowed_is_raised_again_but_not_while_the_gate_is_shut() -> None:
    gate = SignalGate()
    gate.heed()
    assert gate.asked_to_end == ""
    with gate.installed():
        with suppress(KeyboardInterrupt):
            send(signal.SIGHUP)
        with gate.shut():
            gate.heed()
        assert gate.asked_to_end == "SIGHUP"
        with pytest.raises(Interrupted, match="SIGHUP"):
            gate.heed()


@pytest.mark.parametrize(
    ("letting_go_s", "signals", "why"), [(600.0, 2, "SIGTERM and SIGTERM"), (0.01, 1, "SIGTERM, 0.01 s ago")]
)
def test_a_protocol_that_does_not_let_go_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, letting_go_s: float, signals: int, why: str
) -> None:
    monkeypatch.setattr(emergency, "LETTING_GO_S", letting_go_s)
    ended: queue.SimpleQueue[str] = queue.SimpleQueue()
    gate = SignalGate()
    with gate.installed():
        gate.guard(ended.put)
        for _ in range(signals):
            with pytest.raises(Interrupted):
                send(signal.SIGTERM)
        assert ended.get(timeout=60.0) == why


def test_a_signal_put_off_interrupts_at_the_end_of_the_block() -> None:
    gate = SignalGate()
    passed: list[str] = []

    def held_up() -> None:
        with gate.deferred():
            send(signal.SIGTERM)
            passed.append("the block")

    with gate.installed(), pytest.raises(Interrupted, match="SIGTERM"):
        held_up()
    assert passed == ["the block"]


class Lines:
    """Lines whose command is interrupted half-way, if anything may interrupt it."""

    def __init__(self) -> None:
        self.half_done = False

    def write(self, line: str, energised: bool) -> str:
        self.half_done = True
        send(signal.SIGTERM)
        self.half_done = False
        return f"{line} {energised}"


def test_a_command_under_way_is_done_before_a_signal_interrupts() -> None:
    gate, lines = SignalGate(), Lines()
    with gate.installed(), pytest.raises(Interrupted, match="SIGTERM"):
        undisturbed(lines, gate.deferred).write("outlet", False)
    assert not lines.half_done


def test_what_another_thread_commands_touches_no_gate() -> None:
    gate, own = SignalGate(), Lines()
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(undisturbed(own, gate.deferred).write))
    thread.start()
    thread.join()
    assert found == [own.write]
