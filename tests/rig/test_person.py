"""A person is asked for a manual step: who confirms, who does not, and who is told that the run has ended."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rig.faults import NotRun, RigFault
from rig.operators.person import PersonAtTerminal
from rig.operators.step import OperatorStep
from rig.terminal.keyboard import Keyboard

PLACE = OperatorStep(
    name="place 200 mg", instruction="Lay the check weight of 200 mg on the pan.", action="place_weight"
)


class Typing:
    """What somebody types, at the other end of a keyboard's descriptor."""

    def __init__(self) -> None:
        seen, self._typed = os.pipe()
        self.keyboard = Keyboard(seen)

    def type(self, text: str) -> None:
        os.write(self._typed, text.encode())

    def leave(self) -> None:
        """End the input, as Ctrl-D does."""
        if self._typed >= 0:
            os.close(self._typed)
        self._typed = -1


@contextmanager
def somebody() -> Iterator[Typing]:
    typing = Typing()
    try:
        yield typing
    finally:
        typing.leave()
        typing.keyboard.close()


def nothing_ended() -> None:
    return


def person(typing: Typing | None, *, question: io.StringIO | None = None, patience_s: float = 10.0) -> PersonAtTerminal:
    keyboard = None if typing is None else typing.keyboard
    return PersonAtTerminal(question=question or io.StringIO(), keyboard=keyboard, patience_s=patience_s)


class Answering(io.StringIO):
    """A terminal at which somebody answers each question as it appears."""

    def __init__(self, typing: Typing, *answers: str) -> None:
        super().__init__()
        self._typing = typing
        self._answers = list(answers)

    def flush(self) -> None:
        if self._answers and self.getvalue().endswith("name: "):
            self._typing.type(self._answers.pop(0))


@pytest.mark.parametrize("answer", ["\n", "   \n"])
def test_an_empty_answer_confirms_nothing(answer: str) -> None:
    with somebody() as typing, pytest.raises(NotRun, match="place 200 mg"):
        person(typing, question=Answering(typing, answer)).perform(PLACE, nothing_ended)


def test_a_step_is_not_confirmed_where_nobody_is() -> None:
    with pytest.raises(NotRun, match="place 200 mg"):
        person(None).perform(PLACE, nothing_ended)


def test_a_step_is_not_confirmed_by_whoever_leaves() -> None:
    with somebody() as typing:
        typing.leave()
        for _ in range(2):
            with pytest.raises(NotRun, match="place 200 mg"):
                person(typing).perform(PLACE, nothing_ended)


def test_a_step_is_not_confirmed_by_a_name_without_enter() -> None:
    with somebody() as typing, pytest.raises(NotRun):
        person(typing, question=Answering(typing, "A. Web"), patience_s=0.3).perform(PLACE, nothing_ended)


def test_a_person_confirms_with_a_name() -> None:
    with somebody() as typing:
        question = Answering(typing, "A. W\u00e9ber\r\n")
        confirmation = person(typing, question=question).perform(PLACE, nothing_ended)
        assert confirmation.by == "A. W\u00e9ber"
        assert confirmation.at_utc.endswith("+00:00")
        assert PLACE.instruction in question.getvalue()


def test_each_question_has_the_answer_given_to_it() -> None:
    with somebody() as typing:
        operator = person(typing, question=Answering(typing, "A. Weber\n", "B. Kern\n"))
        assert operator.perform(PLACE, nothing_ended).by == "A. Weber"
        assert operator.perform(PLACE, nothing_ended).by == "B. Kern"


def test_what_was_typed_before_a_question_does_not_answer_it() -> None:
    """An answer that came too late for one question would confirm the next."""
    with somebody() as typing:
        with pytest.raises(NotRun):
            person(typing, patience_s=0.05).perform(PLACE, nothing_ended)
        typing.type("A. Weber\n")
        while typing.keyboard._lines.empty():
            threading.Event().wait(0.01)
        question = Answering(typing, "B. Kern\n")
        assert person(typing, question=question).perform(PLACE, nothing_ended).by == "B. Kern"


def test_who_is_waited_for_is_told_that_the_run_has_ended() -> None:
    ended: list[str] = []

    def check() -> None:
        if ended:
            raise RigFault(ended[0])
        ended.append("line pressure over its limit")

    question = io.StringIO()
    with somebody() as typing, pytest.raises(RigFault, match="over its limit"):
        person(typing, question=question, patience_s=3600.0).perform(PLACE, check)
    assert "The run has ended. Leave 'place 200 mg' undone." in question.getvalue()


def test_a_keyboard_nobody_types_on_can_be_closed() -> None:
    with somebody() as typing:
        typing.keyboard.forget()
        assert typing.keyboard.line(within_s=0.01) is None
        typing.keyboard.close()
        typing.keyboard.close()
