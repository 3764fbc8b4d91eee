"""A device on a loopback TCP port: one thread accepts, one thread serves each client."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable

from instruments.clock import Clock
from instruments.simulated.wires.conversation import Conversation, HungUp
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.session import Session
from instruments.simulated.wires.traffic import Traffic


class TcpWire:
    """Serves sessions of one device on a port of 127.0.0.1 chosen by the system."""

    def __init__(self, name: str, open_session: Callable[[], Session], clock: Clock, faults: LinkFaults) -> None:
        self._name = name
        self._open_session = open_session
        self._clock = clock
        self._faults = faults
        self.traffic = Traffic()
        self._lock = threading.Lock()
        self._closing = False
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        faults.call_on_change(self.mind_plug)
        self._accepting = threading.Thread(target=self._accept, name=f"{name} tcp", daemon=True)

    @property
    def host(self) -> str:
        """The address it listens on."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Begin to accept clients."""
        self._accepting.start()

    def close(self) -> None:
        """Hang up on every client and end every thread; idempotent."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            clients = list(self._clients.items())
        _shut(self._listener)
        self._listener.close()
        for client, _ in clients:
            _shut(client)
        if self._accepting.ident is not None:
            self._accepting.join()
        for _, thread in clients:
            thread.join()

    def drop_clients(self) -> None:
        """Hang up on every client now; new ones are welcome."""
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            _shut(client)

    def mind_plug(self) -> None:
        """Hang up on every client when the plug has been pulled."""
        if not self._faults.has_port(self._clock.now()):
            self.drop_clients()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(client,), name=f"{self._name} client", daemon=True)
            with self._lock:
                if self._closing or self._refuses():
                    client.close()
                    continue
                self._clients[client] = thread
                thread.start()

    def _refuses(self) -> bool:
        now_s = self._clock.now()
        return not self._faults.has_port(now_s) or self._faults.is_active(LinkFaultMode.DROP_CONNECTION, now_s)

    def _serve(self, client: socket.socket) -> None:
        conversation = Conversation(self._open_session(), self._faults, self._clock, self._name)
        hear, wait_s, note, now = conversation.hear, conversation.wait_s, self.traffic.note, self._clock.now
        try:
            while True:
                timeout_s = wait_s()
                if timeout_s is not None and not select.select([client], [], [], timeout_s)[0]:
                    said = conversation.speak()
                else:
                    data = client.recv(4096)
                    if not data:
                        return
                    note(now(), data, said=False)
                    said = hear(data)
                if said:
                    note(now(), said, said=True)
                    client.sendall(said)
        except (OSError, HungUp):
            return
        finally:
            with self._lock:
                self._clients.pop(client, None)
            client.close()


def _shut(wire: socket.socket) -> None:
    """Wake every thread blocked on a socket; a close alone leaves a blocked accept or recv waiting."""
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
