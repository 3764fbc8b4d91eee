"""The other end of a real wire, playing a transcript of (expected, reply) pairs that must be consumed whole."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Sequence
from types import TracebackType
from typing import Self

HANG_UP = None
"""In place of a reply: the peer closes the connection."""

Step = tuple[bytes, bytes | None]


class ScriptedPeer:
    """Plays its transcript in a thread; leaving the `with` block checks that everything was said and nothing else."""

    def __init__(self, transcript: Sequence[Step]) -> None:
        self._steps = list(transcript)
        self._consumed = 0
        self._heard = b""
        self.wrong: str | None = None
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._run, name="scripted peer", daemon=True)
        self.bytes_heard = 0
        self.bytes_said = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write(self._wake_writer, b"x")
        self._thread.join()
        self._close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)
        if kind is None:
            assert self.wrong is None, self.wrong
            assert self._heard == b"", f"heard {self._heard!r} beyond the transcript"
            left = self._steps[self._consumed :]
            assert not left, f"never asked: {[expected for expected, _ in left]}"

    def say(self, data: bytes) -> None:
        """Send bytes unasked, from the thread of the test."""
        self.bytes_said += len(data)  # before: the other side may compare as soon as it has them
        self._send(data)

    def _run(self) -> None:
        while not self.wrong:
            data = self._receive()
            if data is None:
                return
            self.bytes_heard += len(data)
            self._heard += data
            self._answer()

    def _answer(self) -> None:
        while self._consumed < len(self._steps):
            expected, reply = self._steps[self._consumed]
            if not self._heard.startswith(expected):
                if not expected.startswith(self._heard):
                    self.wrong = f"step {self._consumed}: heard {self._heard!r}, expected {expected!r}"
                return
            self._heard = self._heard[len(expected) :]
            self._consumed += 1
            if reply is HANG_UP:
                self._hang_up()
            else:
                self.say(reply)
            if not self._heard:
                return

    def _receive(self) -> bytes | None:
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        raise NotImplementedError

    def _hang_up(self) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class TcpPeer(ScriptedPeer):
    """A peer behind a TCP port of the loopback; after a hang-up it accepts the next connection."""

    def __init__(self, transcript: Sequence[Step]) -> None:
        super().__init__(transcript)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None

    @property
    def address(self) -> str:
        """The VISA address to open."""
        return f"TCPIP::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"

    def _receive(self) -> bytes | None:
        while True:
            source: socket.socket = self._connection or self._listener
            readable, _, _ = select.select([source.fileno(), self._wake_reader], [], [])
            if self._wake_reader in readable:
                return None
            if self._connection is None:
                self._connection, _ = self._listener.accept()
                continue
            try:
                data = self._connection.recv(4096)
            except ConnectionResetError:  # the other side closed with something unread
                data = b""
            if data:
                return data
            self._hang_up()

    def _send(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.sendall(data)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _close(self) -> None:
        self._hang_up()
        self._listener.close()


class PtyPeer(ScriptedPeer):
    """A peer behind a pseudo-terminal; a hang-up takes the terminal away for good."""

    def __init__(self, transcript: Sequence[Step]) -> None:
        super().__init__(transcript)
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)

    @property
    def address(self) -> str:
        """The VISA address to open."""
        return f"ASRL{self.port}::INSTR"

    def _receive(self) -> bytes | None:
        sources = [self._wake_reader] if self._master < 0 else [self._master, self._wake_reader]
        readable, _, _ = select.select(sources, [], [])
        return None if self._wake_reader in readable else os.read(self._master, 4096)

    def _send(self, data: bytes) -> None:
        os.write(self._master, data)

    def _hang_up(self) -> None:
        if self._master >= 0:
            os.close(self._slave)
            os.close(self._master)
            self._master = self._slave = -1

    def _close(self) -> None:
        self._hang_up()
