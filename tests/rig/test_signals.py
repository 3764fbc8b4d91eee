"""Ending signals interrupt the protocol once, and never the safe end of it."""

from __future__ import annotations

import os
import signal

import pytest

from rig.safety.signals import ENDING_SIGNALS, Interrupted, SignalGate


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


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in ENDING_SIGNALS]
    with SignalGate().installed():
        assert [signal.getsignal(number) for number in ENDING_SIGNALS] != before
    assert [signal.getsignal(number) for number in ENDING_SIGNALS] == before
