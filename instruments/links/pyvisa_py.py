"""The one place that looks behind the API of pyvisa-py: at the socket of a `TCPIP::...::SOCKET` session.

pyvisa-py (0.8) opens such a resource with nothing listening, takes a closed connection for a silent one and spins until
the time-out, and clears it only by waiting 100 ms. The socket itself can be asked at once.
"""

from __future__ import annotations

import select
import socket

from pyvisa.resources import MessageBasedResource

_CHUNK_BYTES = 4096


class SocketProbe:
    """Looks at the input of a socket session without taking part in its conversation."""

    def __init__(self, session: object, connection: socket.socket) -> None:
        self._session = session
        self._connection = connection
        self._watched = [connection]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def refusal(self) -> OSError | None:
        """Return why the connection was never made, or None."""
        code = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(code, "connection refused or host unreachable") if code else None

    def wait(self, duration_s: float) -> bool:
        """Return True once something can be read or the peer has closed; False after `duration_s` of host time."""
        return self._buffered() or bool(select.select(self._watched, (), (), duration_s)[0])

    def closed(self) -> bool:
        """Return True when the peer has closed; only after `wait` returned True, or it blocks."""
        try:
            return not self._buffered() and not self._connection.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def drain(self) -> bool:
        """Drop everything that has arrived; return False when the peer has closed."""
        buffered = getattr(self._session, "_pending_buffer", None)
        if buffered:
            buffered.clear()
        while select.select(self._watched, (), (), 0)[0]:
            if not self._connection.recv(_CHUNK_BYTES):
                return False
        return True

    def _buffered(self) -> bool:
        return bool(getattr(self._session, "_pending_buffer", None))


def socket_probe(resource: MessageBasedResource) -> SocketProbe | None:
    """Return a probe of the resource's socket; None when it has none, or belongs to another VISA library."""
    sessions = getattr(resource.visalib, "sessions", None)
    session = sessions.get(resource.session) if isinstance(sessions, dict) else None
    connection = getattr(session, "interface", None)
    return SocketProbe(session, connection) if isinstance(connection, socket.socket) else None


def is_pyvisa_py(resource: MessageBasedResource) -> bool:
    """Return True when the resource is served by pyvisa-py."""
    return type(resource.visalib).__module__.startswith("pyvisa_py")
