"""What ends a run while the protocol waits for a person: the bench is safe before anybody answers."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instruments.balances.mt_sics import MtSicsBalance
from instruments.program import continuous
from instruments.readings import PumpState
from results.decision import Verdict
from rig.bench import Bench
from rig.faults import RigFault
from rig.operators.person import PersonAtTerminal
from rig.operators.step import OperatorStep
from rig.terminal.keyboard import Keyboard
from tests.rig.bench_sessions import ended_by, events_of, record_of, session_on

STEP = OperatorStep(name="refill", instruction="Fill the reservoir.", action="refill")


class Terminal(io.StringIO):
    """A terminal; as soon as a question stands on it, something happens elsewhere."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happens = threading.Thread(target=happens)

    def flush(self) -> None:
        if self._happens.ident is None and self.getvalue().endswith("name: "):
            self._happens.start()

    def close(self) -> None:
        self._happens.join()


def ask_nobody(bench: Bench, keyboard: Keyboard, terminal: Terminal) -> None:
    """Ask for a step with the pump running: nobody ever answers."""
    bench.start_infusion(continuous(90.0))
    assert bench.wait_for_state(PumpState.INFUSING, deadline_s=30.0)
    bench.operator = PersonAtTerminal(question=terminal, keyboard=keyboard, patience_s=600.0)
    bench.operator_step(STEP)


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    """A keyboard nobody types on."""
    seen, typed = os.pipe()
    keyboard = Keyboard(seen)
    try:
        yield keyboard
    finally:
        os.close(typed)
        keyboard.close()


def test_a_sampler_that_dies_leaves_the_pump_stopped_and_the_person_told(
    tmp_path: Path, keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_on(tmp_path)
    session.session.virtual = False

    def break_down(balance: MtSicsBalance) -> None:
        raise ZeroDivisionError("a driver at fault")

    terminal = Terminal(lambda: monkeypatch.setattr(MtSicsBalance, "read", break_down))
    died = "nothing samples mass any more"
    run = ended_by(session, lambda bench: ask_nobody(bench, keyboard, terminal), RigFault, f"{died}: a driver at fault")
    assert run.verdict is Verdict.INVALID
    assert "The run has ended. Leave 'refill' undone." in terminal.getvalue()
    assert record_of(run)["safe_state"]["failed"] == []
    assert not events_of(run, "operator")


def test_a_record_that_can_no_longer_be_written_leaves_the_pump_stopped_and_the_person_told(
    tmp_path: Path, keyboard: Keyboard
) -> None:
    session = session_on(tmp_path)
    session.session.virtual = False
    terminals: list[Terminal] = []

    def protocol(bench: Bench) -> None:
        terminals.append(Terminal(lambda: bench.storage_failed(OSError("the disk is gone"))))
        ask_nobody(bench, keyboard, terminals[0])

    run = ended_by(session, protocol, RigFault, "the disk is gone")
    assert run.verdict is Verdict.INVALID
    assert "The run has ended" in terminals[0].getvalue()
    assert record_of(run)["safe_state"]["failed"] == []
