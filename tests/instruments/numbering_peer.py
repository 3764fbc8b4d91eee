"""A device that numbers its readings: every question for one is answered with its own number, so an old one shows.

Its wire keeps order, as serial lines and sockets do, and may do to each answer one of `TROUBLES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from instruments.pumps.bench_interface.frames import encode_frame
from instruments.pumps.ne1000.packets import encode_safe
from tests.instruments.bench_interface_peer import FUNCTIONS, IDENTITY, LIMITS, STATUS
from tests.instruments.scripted_peer import PtyPeer

TROUBLES = ("none", "lost", "cut", "twice", "again", "late")
"""The answer: comes; does not; in half; twice; again just before the next one; only just before the next one."""

Answer = Callable[[bytes, int], bytes]
"""Answers one question; a reading has the number given."""


@dataclass(frozen=True)
class Language:
    """How questions are cut from what is heard, which of them asks for a reading, and how they are answered."""

    question: re.Pattern[bytes]
    asks_for_reading: re.Pattern[bytes]
    answer: Answer


class NumberingPeer(PtyPeer):
    """Answers for ever; `troubles` are those of the next answers, sound again when they are used up."""

    def __init__(self, language: Language) -> None:
        super().__init__([])
        self._language = language
        self._held = b""
        self.number = 0
        """Of the last question for a reading."""
        self.troubles: list[str] = []
        self.withheld = False
        """Whether the answer to that question did not come when it was asked."""

    def _run(self) -> None:
        while (data := self._receive()) is not None:
            self._heard += data
            while found := self._language.question.search(self._heard):
                self._heard = self._heard[found.end() :]
                self._reply(found[0])

    def _reply(self, question: bytes) -> None:
        trouble = self.troubles.pop(0) if self.troubles else "none"
        if self._language.asks_for_reading.search(question):
            self.number += 1
            self.withheld = trouble in ("lost", "late")
        answer = self._language.answer(question, self.number)
        held, self._held = self._held, answer if trouble in ("again", "late") else b""
        said = {"lost": b"", "late": b"", "cut": answer[: len(answer) // 2], "twice": answer + answer}
        self.say(held + said.get(trouble, answer))


def _sics(question: bytes, number: int) -> bytes:
    identity = {
        b"@": b'I4 A "B123456789"',
        b"I4": b'I4 A "B123456789"',
        b"I2": b'I2 A "XPE505C"',
        b"I3": b'I3 A "1.10"',
    }
    word = question.strip()
    return (identity[word] if word in identity else b"S S %10d.0 g" % number) + b"\r\n"


def _sbi(question: bytes, number: int) -> bytes:
    texts = {b"x1_": b"SIM-ME235P", b"x2_": b"B123456789", b"x3_": b"01-49-02"}
    word = question.strip(b"\x1b\r\n")
    return (texts[word].ljust(20) if word in texts else b"N     +%7d.0 g  " % number) + b"\r\n"


def _bench_interface(question: bytes, number: int) -> bytes:
    sequence, command = question[3:7].decode(), question[8:-5].decode()
    words = {"IDN?": IDENTITY, "LIM?": LIMITS, "FUN?": FUNCTIONS, "STA?": STATUS.replace("12.5", str(number))}
    return encode_frame(f"{sequence} {command} {words[command]}")


def _ne1000(question: bytes, number: int) -> bytes:
    words = {b"VER": "SNE1000V3.928", b"DIS": f"SI{number / 1000.0:.3f}W0.000ML"}
    return encode_safe(f"00{words.get(question[4:-3], 'S')}".encode())


LANGUAGES = {
    "mt-sics": Language(re.compile(rb"[^\n]*\n"), re.compile(rb"SI\r"), _sics),
    "sbi": Language(re.compile(rb"[^\n]*\n"), re.compile(rb"\x1bP"), _sbi),
    "bench-interface": Language(re.compile(rb"\x02[^\x03]*\x03"), re.compile(rb"STA\?"), _bench_interface),
    "ne1000": Language(re.compile(rb"\x02.00[A-Z0-9]*..\x03", re.DOTALL), re.compile(rb"00DIS"), _ne1000),
}
