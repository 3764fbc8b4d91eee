"""A device on a pseudo-terminal, the simulated serial port. The one place that knows about ptys (POSIX only)."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from pathlib import Path

from instruments.clock import Clock
from instruments.simulated.wires.conversation import Conversation, HungUp
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.session import Session
from instruments.simulated.wires.traffic import Traffic

_OUTPUT_LIMIT = 65536
_PATIENCE_S = 5.0  # of host time


class PtyWire:
    """Serves one session on a pseudo-terminal, published as a symbolic link that survives a hang-up.

    While it is unplugged there is no link; plugged in again elsewhere, the link has another name: `pump-2`.
    """

    def __init__(self, name: str, session: Session, clock: Clock, faults: LinkFaults, link: Path) -> None:
        self._name = name
        self._conversation = Conversation(session, faults, clock, name)
        self._clock = clock
        self._faults = faults
        self._first_link = link
        self._link: Path | None = None
        self.traffic = Traffic()
        self._output = b""
        self._closing = False
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        self._minded = threading.Event()
        self._master, self._slave = _open_pair()
        self._publish()
        faults.call_on_change(self.mind_plug)
        self._serving = threading.Thread(target=self._serve, name=f"{name} pty", daemon=True)

    @property
    def port(self) -> str:
        """The path to open as a serial port, as it was at first."""
        return str(self._first_link)

    def start(self) -> None:
        """Begin to serve."""
        self._serving.start()

    def close(self) -> None:
        """Hang up and end the thread; idempotent."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            os.write(self._wake_write, b"x")
        if self._serving.ident is not None:
            self._serving.join()
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._unpublish()

    def mind_plug(self) -> None:
        """Plug in, or pull out, as the faults say at this instant; returns when it is done."""
        with self._lock:
            if self._closing:
                return
            if self._serving.ident is None:
                self._follow_plug()
                return
            self._minded.clear()
            os.write(self._wake_write, b"p")
        self._minded.wait(_PATIENCE_S)

    def _serve(self) -> None:
        while True:
            writers = [self._master] if self._output else []
            readable, writable, _ = select.select(
                [self._master, self._wake_read], writers, [], self._conversation.wait_s()
            )
            if self._wake_read in readable:
                if b"x" in os.read(self._wake_read, 4096):
                    self._minded.set()
                    return
                self._follow_plug()
                self._minded.set()
                continue
            try:
                if self._master in readable:
                    data = os.read(self._master, 4096)
                    self.traffic.note(self._clock.now(), data, said=False)
                    self._say(self._conversation.hear(data))
                elif not writable:
                    self._say(self._conversation.speak())
            except HungUp:
                self._hang_up()
                continue
            if self._output:
                self._flush()

    def _say(self, said: bytes) -> None:
        # Nobody reads: what does not fit is lost, as on a serial line without handshake.
        if len(self._output) + len(said) <= _OUTPUT_LIMIT:
            self._output += said

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            written = os.write(self._master, self._output)
            self.traffic.note(self._clock.now(), self._output[:written], said=True)
            self._output = self._output[written:]

    def _hang_up(self) -> None:
        """Let the client see its port vanish; a fresh one waits behind the link at once, where there is one."""
        old = (self._master, self._slave)
        self._output = b""
        self._master, self._slave = _open_pair()
        self._publish()
        for descriptor in old:
            os.close(descriptor)

    def _follow_plug(self) -> None:
        if self._link != self._wanted_link():
            self._hang_up()

    def _wanted_link(self) -> Path | None:
        now_s = self._clock.now()
        if not self._faults.has_port(now_s):
            return None
        moved = self._faults.times_ended(LinkFaultMode.REPLUGGED, now_s)
        first = self._first_link
        return first if moved == 0 else first.with_name(f"{first.name}-{moved + 1}")

    def _publish(self) -> None:
        wanted = self._wanted_link()
        if wanted != self._link:
            self._unpublish()
        self._link = wanted
        if wanted is None:
            return
        fresh = wanted.with_name(f".{wanted.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(wanted)

    def _unpublish(self) -> None:
        if self._link is not None:
            self._link.unlink(missing_ok=True)


def _open_pair() -> tuple[int, int]:
    """Return master and slave of a raw pseudo-terminal; the master never blocks.

    The slave is kept open by the server, else the master reads EIO whenever the client closes. Raises `OSError` where
    the platform has no pseudo-terminals.
    """
    if sys.platform == "win32":
        raise OSError("this platform has no pseudo-terminals: run the simulated station on Linux or macOS")
    import tty

    master, slave = os.openpty()
    for descriptor in (master, slave):
        tty.setraw(descriptor)
    os.set_blocking(master, False)
    return master, slave
