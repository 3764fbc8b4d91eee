"""The three ways a conversation with an instrument can fail, and what each message must say."""

from __future__ import annotations


class InstrumentError(Exception):
    """Base of the instrument errors: who, what was asked, what came back, after how long, and what to do."""

    def __init__(
        self,
        problem: str,
        *,
        instrument: str,
        command: str = "",
        reply: bytes = b"",
        elapsed_s: float = 0.0,
        remedy: str = "",
    ) -> None:
        self.problem = problem
        self.instrument = instrument
        self.command = command
        self.reply = reply
        self.elapsed_s = elapsed_s
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        parts = [f"{self.instrument}: {self.problem}"]
        if self.command:
            parts.append(f"command {self.command!r}")
            parts.append(f"reply {self.reply!r}" if self.reply else "no reply")
            parts.append(f"after {self.elapsed_s:.3f} s")
        text = "; ".join(parts)
        return f"{text}. {self.remedy}" if self.remedy else text


class InstrumentTimeout(InstrumentError):
    """No complete reply within the deadline; the link may still be there."""


class LinkLost(InstrumentError):
    """The transport is gone: unplugged, refused, closed, driver or device lost."""


class ProtocolError(InstrumentError):
    """A reply that does not belong to the question, cannot be parsed, or refuses the command."""


class CommandRefused(ProtocolError):
    """A well-formed reply by which the device refuses the command; the conversation is in order."""


class LockedOut(CommandRefused):
    """The device refuses because its lockout has not passed yet."""


class ReadBackDiffers(ProtocolError):
    """The device holds another value than it was told, and says so in a well-formed reply."""


class SamplesLost(ProtocolError):
    """The device overwrote samples before they were read: an overrun. The task must be started again."""
