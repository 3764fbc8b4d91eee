"""A link: a transport with one request in flight, whose answers are trusted only while question and answer match.

Every call drops stale input, writes the question, and reads until the answer to *that* question is in. After a call
that ended in any other way, or when bytes came that nobody had asked for, nobody knows what is still on the way; the
link is then unsynchronised, and the next call first lets the driver resynchronise and identify the device. Only the
device seen at `connect` is accepted. Where its address is empty, or has another device, it is looked for elsewhere.

Deadlines are host time. A deadline spent in silence is charged to station time, after the lock is given back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from instruments.clock import Clock, host_monotonic_s
from instruments.errors import CommandRefused, InstrumentError, InstrumentTimeout, LinkLost, ProtocolError
from instruments.links.transport import Transport, TransportLost, TransportTimeout
from instruments.readings import Identity

_Answer = TypeVar("_Answer")
_BUSY_DEADLINES = 10.0
_SILENT_REMEDY = "Check power, cable, line settings and that no other program talks to it"
_GARBLED_REMEDY = "Check line settings (speed, parity), cable and grounding, and that the driver fits the device"


class RefusedByDevice(Exception):
    """A well-formed answer to the question that refuses it; the conversation is in order."""

    def __init__(self, problem: str, remedy: str = "", *, kind: type[CommandRefused] = CommandRefused) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.kind = kind


class Garbled(Exception):
    """A unit that no sound device sends; the conversation is out of step from here."""


Understand = Callable[[bytes], _Answer | None]
"""Reads one unit: the answer, None when it does not belong to the question; or `RefusedByDevice`, `Garbled`."""


class Link:
    """The conversation with one device over one transport. Safe to use from several threads."""

    def __init__(
        self,
        transport: Transport,
        *,
        instrument: str,
        clock: Clock,
        deadline_s: float,
        resynchronise: Callable[[], Identity],
        identify: Callable[[], Identity] | None = None,
        is_suspect: Callable[[bytes], bool] = lambda unasked: True,
        separate: Callable[[], object] | None = None,
    ) -> None:
        """Make a closed link.

        `resynchronise` clears the conversation, asks the device who it is, and restores whatever a restart of the
        device would have undone; it is called by the link with the lock held, and talks through this link.
        `identify` asks nothing but who it is: all that a stranger's device gets to hear; without it there is no search.
        `is_suspect` tells whether bytes that nobody asked for leave the conversation in doubt.
        `separate` asks what has an answer like no other question's. Once something came unasked, it comes before every
        question: on a wire that keeps order, what the device repeats has passed by then.
        """
        self.transport = transport
        self.instrument = instrument
        self.deadline_s = deadline_s
        self._clock = clock
        self._resynchronise = resynchronise
        self._identify = identify
        self._is_suspect = is_suspect
        self._separate = separate
        self.doubts = 0
        """How often an answer was followed by something unasked, and may itself have been the repetition of another."""
        self.is_wary = False
        """Whether anything has ever come unasked."""
        self._last_answer = b""
        self._kept_apart = False
        self._expected_serial: str | None = None
        self._lock = threading.RLock()
        self._identity: Identity | None = None
        self._opened = False
        self._synchronised = False
        self._resynchronising = False
        self._owed_s = 0.0

    @property
    def identity(self) -> Identity | None:
        """The device seen at `connect`."""
        return self._identity

    @property
    def bytes_sent(self) -> int:
        """Bytes written to the wire so far."""
        return self.transport.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes taken from the wire so far."""
        return self.transport.bytes_received

    def connect(self, *, expected_serial: str) -> Identity:
        """Open the transport and find out who answers: an open port alone proves nothing.

        `ProtocolError` unless the device has the serial number the station file names.
        """
        self._expected_serial = expected_serial
        with self._turn():
            return self._recover()

    def ask(
        self,
        question: bytes,
        understand: Understand[_Answer],
        *,
        words: str | None = None,
        deadline_s: float | None = None,
    ) -> _Answer:
        """Send a question and return its answer; errors call the question `words`, by default its own bytes.

        Raises `InstrumentTimeout` when nothing came within the deadline (host time), `LinkLost` when the transport is
        gone, `ProtocolError` when the device refused or what came is not an answer.
        """
        with self._turn():
            words = question.decode("latin-1").strip() if words is None else words
            is_clear = self._settle(words)
            started_s = host_monotonic_s()
            self._send(question, words, started_s, is_clear=is_clear)
            return self._await(words, understand, started_s, self.deadline_s if deadline_s is None else deadline_s)

    def tell(self, command: bytes) -> None:
        """Send a command that has no answer; stale input is dropped first."""
        with self._turn():
            words = command.decode("latin-1").strip()
            is_clear = self._settle(words)
            self._send(command, words, host_monotonic_s(), is_clear=is_clear)
            self._synchronised = not self._resynchronising

    def synchronise(self) -> None:
        """Resynchronise now if the next request would have to; for drivers whose questions carry a number."""
        with self._turn():
            if not self._synchronised and not self._resynchronising:
                self._recover()

    def distrust(self) -> None:
        """Resynchronise before the next question, whatever the last answer was."""
        self._synchronised = False

    def close(self) -> None:
        """Close the transport; idempotent."""
        with self._turn():
            self._drop()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # Bounded, so that a safe state is never stuck behind a hanging conversation.
        busy_s = _BUSY_DEADLINES * self.deadline_s
        if not self._lock.acquire(timeout=busy_s):
            raise InstrumentTimeout("another request holds the link", instrument=self.instrument, elapsed_s=busy_s)
        owed_s = 0.0
        try:
            yield
        finally:
            if not self._resynchronising:
                owed_s, self._owed_s = self._owed_s, 0.0
            self._lock.release()
            if owed_s > 0.0:
                self._clock.charge(owed_s)

    def _settle(self, words: str) -> bool:
        """Resynchronise if the last call left the conversation in doubt, or something has come unasked since.

        Returns True where the input has just been seen empty, and nothing was asked after that.
        """
        if self._resynchronising:
            return False
        if self._synchronised:
            started_s = host_monotonic_s()
            try:
                unasked = self.transport.discard_input()
                is_quiet = not unasked or not self._is_suspect(unasked)
            except TransportLost as lost:
                self._drop()
                raise self._failure(LinkLost, lost.problem, words, b"", started_s, lost.remedy) from lost
            if is_quiet:
                return not self._keep_apart()
            self.is_wary = True
            # The copies of an answer do it no harm, nor does what follows one whose question was kept apart.
            if not self._kept_apart and unasked.replace(self._last_answer or unasked, b""):
                self.doubts += 1
        self._recover()
        self._kept_apart = True
        return False

    def _keep_apart(self) -> bool:
        """Let a question of its own kind come before the next one, where there is reason to; return whether it did."""
        self._kept_apart = self.is_wary and self._separate is not None
        if not self.is_wary or self._separate is None:
            return False
        self._resynchronising = True
        try:
            self._separate()
        finally:
            self._resynchronising = False
        self._synchronised = True
        return True

    def _recover(self) -> Identity:
        was_closed = not self._opened
        self._resynchronising = True
        try:
            try:
                found = self._meet()
            except InstrumentError as error:
                if not was_closed or self._identify is None:
                    raise
                found = self._search(self._identify, error)
        finally:
            self._resynchronising = False
        self._identity = found
        self._synchronised = True
        return found

    def _meet(self) -> Identity:
        """Open the transport where it is closed, resynchronise, and refuse any device but the one wanted."""
        self._open()
        found = self._resynchronise()
        if self._identity is None:
            wanted, remedy = (
                self._expected_serial,
                "Connect the device of the station file, or correct its serial number",
            )
            if found.serial == wanted or wanted is None:
                return found
            problem = (
                f"serial number {found.serial!r} ({found.maker} {found.model}) answers at "
                f"{self.transport.address}, not {wanted!r}"
            )
            remedy = f"{remedy} there"
        elif found == self._identity:
            return found
        else:
            problem = f"another device answers at {self.transport.address}: {found}, not {self._identity}"
            remedy = "Put the device of this run back, or start a new run with the other one"
        raise ProtocolError(
            problem, instrument=self.instrument, command="identify", reply=str(found).encode(), remedy=remedy
        )

    def _search(self, identify: Callable[[], Identity], error: InstrumentError) -> Identity:
        """Look for the device at other addresses; raise `error` where it is at none of them."""
        here, others = self.transport.address, self.transport.elsewhere()
        if not others:
            raise error
        for address in others:
            self._drop()
            self.transport.move(address)
            try:
                self._open()
                found = identify()
            except InstrumentError:
                continue  # in use, silent, or no such device
            if found.serial == self._expected_serial and self._identity in (None, found):
                return self._meet()
        self._drop()
        self.transport.move(here)
        raise error

    def _open(self) -> None:
        if self._opened:
            return
        try:
            self.transport.open()
        except TransportLost as lost:
            raise LinkLost(lost.problem, instrument=self.instrument, remedy=lost.remedy) from lost
        self._opened = True

    def _send(self, data: bytes, words: str, started_s: float, *, is_clear: bool) -> None:
        self._synchronised = False  # until the answer is in: also when a signal ends this call half way
        try:
            if not is_clear:
                self.transport.discard_input()
            self.transport.write(data)
        except TransportTimeout as timeout:
            raise self._failure(
                InstrumentTimeout, "it takes no data", words, b"", started_s, _SILENT_REMEDY
            ) from timeout
        except TransportLost as lost:
            self._drop()
            raise self._failure(LinkLost, lost.problem, words, b"", started_s, lost.remedy) from lost

    def _await(self, words: str, understand: Understand[_Answer], started_s: float, deadline_s: float) -> _Answer:
        unit = stray = b""
        try:
            while True:
                unit = self.transport.read_unit(started_s + deadline_s)
                answer = understand(unit)
                if answer is not None:
                    self._synchronised = not self._resynchronising
                    self._last_answer = unit
                    return answer
                stray = unit
                if host_monotonic_s() >= started_s + deadline_s:  # a device that never pauses holds nobody
                    raise TransportTimeout
        except TransportTimeout as timeout:
            self._owed_s += deadline_s
            if stray:
                problem = "answers came, none to this command"
                raise self._failure(ProtocolError, problem, words, stray, started_s, _GARBLED_REMEDY) from timeout
            problem = "incomplete answer" if timeout.partial else f"no answer within {deadline_s:g} s"
            raise self._failure(
                InstrumentTimeout, problem, words, timeout.partial, started_s, _SILENT_REMEDY
            ) from timeout
        except TransportLost as lost:
            self._drop()
            raise self._failure(LinkLost, lost.problem, words, b"", started_s, lost.remedy) from lost
        except RefusedByDevice as refused:
            self._synchronised = not self._resynchronising
            raise self._failure(refused.kind, refused.problem, words, unit, started_s, refused.remedy) from refused
        except Garbled as garbled:
            problem = f"unintelligible answer: {garbled}"
            raise self._failure(ProtocolError, problem, words, unit, started_s, _GARBLED_REMEDY) from garbled

    def _failure(
        self, kind: type[InstrumentError], problem: str, words: str, reply: bytes, started_s: float, remedy: str
    ) -> InstrumentError:
        return kind(
            problem,
            instrument=self.instrument,
            command=words,
            reply=reply,
            elapsed_s=host_monotonic_s() - started_s,
            remedy=remedy,
        )

    def _drop(self) -> None:
        self._synchronised = False
        self._opened = False
        self.transport.close()
