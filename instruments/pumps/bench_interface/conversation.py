"""Questions and answers of the bench interface over a link: sequence numbers, refusals, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import TypeVar

from instruments.clock import Clock
from instruments.errors import CommandRefused, LockedOut, ReadBackDiffers
from instruments.links.link import Garbled, Link, RefusedByDevice
from instruments.links.transport import Transport
from instruments.pumps.bench_interface.frames import DamagedFrame, FrameDecoder, encode_frame
from instruments.pumps.bench_interface.messages import (
    SEQUENCE_NUMBERS,
    ErrorCode,
    MessageError,
    Request,
    format_request,
    parse_reply,
)
from instruments.pumps.bench_interface.replies import Introduction, read_introduction
from instruments.readings import Identity

_Answer = TypeVar("_Answer")
_INTERFACE = "1"
PROFILES = ("IMPLANTABLE", "EXTERNAL")
_REMEDIES = {
    ErrorCode.BAD_FRAME: "Check cable, grounding and line settings (115200 8N1)",
    ErrorCode.UNKNOWN_COMMAND: "The pump does not have this function",
    ErrorCode.OUT_OF_RANGE: "Choose a dose and concentration that give a flow within the pump's range",
    ErrorCode.NO_PROGRAM: "Upload a program first",
    ErrorCode.ALARM_STANDING: "Remove the cause of the alarm and acknowledge it",
    ErrorCode.LOCKOUT: "Wait for the end of the lockout",
}


class Conversation:
    """The conversation with one pump. `restore` puts back what the pump forgets when it restarts."""

    def __init__(
        self, name: str, transport: Transport, *, clock: Clock, deadline_s: float, restore: Callable[[], None]
    ) -> None:
        """Make a conversation over a closed transport."""
        self.link = Link(
            transport,
            instrument=name,
            clock=clock,
            deadline_s=deadline_s,
            resynchronise=self._resynchronise,
            identify=self.identify,
            is_suspect=lambda _: False,  # sequence numbers tell every answer from every other
        )
        self._name = name
        self._restore = restore
        self._sequence = count()
        self.profile = ""
        """Of the pump that answered last."""

    def identify(self) -> Identity:
        """Ask the pump who it is; `ProtocolError` when it speaks another interface or profile."""
        introduction = self.ask(_checked_introduction, "IDN?")
        self.profile = introduction.profile
        return introduction.identity

    def ask(self, read: Callable[[Mapping[str, str]], _Answer], command: str, *arguments: str) -> _Answer:
        """Send a request and return what `read` makes of the fields of its grant; see `Link.ask` for the errors."""
        self.link.synchronise()  # so that its own questions come before this one in number, too
        request = Request(next(self._sequence) % SEQUENCE_NUMBERS, command, arguments)
        frame = encode_frame(format_request(request))

        def understand(unit: bytes) -> _Answer | None:
            received = FrameDecoder().feed(unit)
            if not received:
                return None  # noise that happened to end like a frame
            last = received[-1]
            if isinstance(last, DamagedFrame):
                raise Garbled(last.damage.value)
            try:
                reply = parse_reply(last)
                if (reply.sequence, reply.command) != (request.sequence, command):
                    return None  # also of a damaged frame: it says not which; the answer to this one may follow
                if reply.error is None:
                    return read(reply.fields)
            except MessageError as error:
                raise Garbled(str(error)) from error
            raise _refusal(*reply.error)

        return self.link.ask(frame, understand, words=" ".join((command, *arguments)))

    def compare(self, command: str, found: object, expected: object) -> None:
        """Raise `ReadBackDiffers` unless a read-back is what was sent."""
        if found != expected:
            raise ReadBackDiffers(
                f"read-back differs: {found}, not {expected}",
                instrument=self._name,
                command=command,
                reply=repr(found).encode(),
                remedy="The pump cannot hold these numbers; do not use it for this program",
            )

    def _resynchronise(self) -> Identity:
        # Sequence numbers tell late replies apart: there is nothing to clear.
        identity = self.identify()
        self._restore()
        return identity


def _checked_introduction(fields: Mapping[str, str]) -> Introduction:
    introduction = read_introduction(fields)
    if introduction.profile not in PROFILES or introduction.interface != _INTERFACE:
        raise RefusedByDevice(
            f"profile {introduction.profile}, interface {introduction.interface}; "
            f"this driver speaks profiles {' and '.join(PROFILES)}, interface {_INTERFACE}",
            "Use the driver that fits this pump",
        )
    return introduction


def _refusal(code: int, words: str) -> RefusedByDevice:
    known = code in ErrorCode.__members__.values()
    remedy = _REMEDIES.get(ErrorCode(code), "") if known else ""
    kind = LockedOut if code == ErrorCode.LOCKOUT else CommandRefused
    return RefusedByDevice(f"the pump refuses (error {code:02d}: {words})", remedy, kind=kind)
