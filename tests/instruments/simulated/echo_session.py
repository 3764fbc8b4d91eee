"""A device that says back what it is told, with a number: enough to see what a wire does to a conversation."""

from __future__ import annotations

from instruments.simulated.wires.session import LineBuffer


class EchoSession:
    """Answers line `x` with `n:x`; speaks unasked when told to."""

    def __init__(self) -> None:
        self._lines = LineBuffer(40)
        self.heard: list[bytes] = []
        self.speak_at_s: float | None = None

    def receive(self, data: bytes, now_s: float) -> bytes:
        said = b""
        for line in self._lines.lines(data):
            self.heard.append(line)
            said += b"%d:%b\r\n" % (len(self.heard), line)
        return said

    def next_output_s(self) -> float | None:
        return self.speak_at_s

    def speak(self, now_s: float) -> bytes:
        if self.speak_at_s is None or now_s < self.speak_at_s:
            return b""
        self.speak_at_s = None
        return b"unasked\r\n"
