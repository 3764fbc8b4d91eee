"""The one place that looks behind the API of pyvisa-py: at the socket or the serial port of a session.

pyvisa-py (0.8) opens such a resource with nothing listening, takes a closed connection for a silent one and spins until
the time-out, and clears it only by waiting 100 ms. The socket itself can be asked at once.
"""

from __future__ import annotations

import os
import select
import socket
from enum import Enum, auto

import serial
from pyvisa.resources import MessageBasedResource

from instruments.clock import host_monotonic_s
from instruments.clock.interface import host_sleep

_CHUNK_BYTES = 4096
_LONGEST_BYTES = 65536
_LOOK_S = 0.001


class Arrival(Enum):
    """What there is to read from a socket."""

    WHOLE = auto()
    INCOMPLETE = auto()
    CLOSED = auto()


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

    def await_unit(self, terminator: bytes, until_s: float) -> Arrival:
        """Return what there is to read once a unit is in to its end, the peer has closed, or `until_s` of host time.

        Nothing is taken. pyvisa-py looks at its time-out only when nothing comes: a byte now and then would hold a
        read for hours.
        """
        while True:
            arrived = bytes(getattr(self._session, "_pending_buffer", None) or b"")
            if terminator in arrived:
                return Arrival.WHOLE
            if not self._readable(max(0.0, until_s - host_monotonic_s())):
                return Arrival.INCOMPLETE
            ahead = self._ahead()
            if not ahead:
                return Arrival.CLOSED
            if terminator in arrived + ahead:
                return Arrival.WHOLE
            if host_monotonic_s() >= until_s:
                return Arrival.INCOMPLETE
            host_sleep(_LOOK_S)

    def closed(self) -> bool:
        """Return True when the peer has closed and there is nothing left to read."""
        return not getattr(self._session, "_pending_buffer", None) and self._readable(0.0) and not self._ahead()

    def drain(self) -> bytes | None:
        """Drop everything that has arrived, and return it; None when the peer has closed.

        Of a peer that never ends, what comes next is for the next call.
        """
        dropped = b""
        buffered = getattr(self._session, "_pending_buffer", None)
        if buffered:
            dropped = bytes(buffered)
            buffered.clear()
        while len(dropped) < _LONGEST_BYTES and self._readable(0.0):
            chunk = self._connection.recv(_CHUNK_BYTES)
            if not chunk:
                return None
            dropped += chunk
        return dropped

    def _readable(self, within_s: float) -> bool:
        return bool(select.select(self._watched, (), (), within_s)[0])

    def _ahead(self) -> bytes:
        """Return what a read would find; nothing when the peer has closed, and it blocks where nothing is readable."""
        try:
            return self._connection.recv(_LONGEST_BYTES, socket.MSG_PEEK)
        except ConnectionError:
            return b""


class PortReader:
    """Reads units from the serial port of a session: pyvisa-py ends a read by the time of day, which may step."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._pending = b""

    def read_unit(self, terminator: bytes, until_s: float) -> bytes | None:
        """Return the bytes up to and with the terminator, None when `until_s` of host time passes before they are in.

        What came of it is kept for the next call, or for `drain`. Raises what pyserial raises when the port is gone.
        """
        while terminator not in self._pending:
            if len(self._pending) > _LONGEST_BYTES or not self._readable(until_s - host_monotonic_s()):
                return None
            arrived = self._port.read(self._port.in_waiting)
            if not arrived:
                raise serial.SerialException("the port reports bytes and has none: it was unplugged")
            self._pending += arrived
        unit, end, self._pending = self._pending.partition(terminator)
        return unit + end

    def drain(self) -> bytes:
        """Drop everything that has arrived, and return it."""
        waiting = self._port.in_waiting
        dropped, self._pending = self._pending + (self._port.read(waiting) if waiting else b""), b""
        return dropped

    def _readable(self, within_s: float) -> bool:
        if within_s <= 0.0:
            return False
        if os.name == "posix":
            return bool(select.select([self._port.fileno()], (), (), within_s)[0])
        until_s = host_monotonic_s() + within_s
        while not self._port.in_waiting:
            if host_monotonic_s() >= until_s:
                return False
            host_sleep(_LOOK_S)
        return True


def port_reader(resource: MessageBasedResource) -> PortReader | None:
    """Return a reader of the resource's serial port; None when it has none, or belongs to another VISA library."""
    connection = getattr(_session(resource), "interface", None)
    return PortReader(connection) if isinstance(connection, serial.Serial) else None


def own_port(resource: MessageBasedResource) -> None:
    """Keep other programs that ask for it from a serial port of pyvisa-py, which does not lock what it opens.

    Raises `OSError` when another program has locked it. Another VISA library locks by itself.
    """
    connection = getattr(_session(resource), "interface", None)
    if isinstance(connection, serial.Serial) and os.name == "posix":
        connection.exclusive = True


def _session(resource: MessageBasedResource) -> object:
    sessions = getattr(resource.visalib, "sessions", None)
    return sessions.get(resource.session) if isinstance(sessions, dict) else None


def socket_probe(resource: MessageBasedResource) -> SocketProbe | None:
    """Return a probe of the resource's socket; None when it has none, or belongs to another VISA library."""
    session = _session(resource)
    connection = getattr(session, "interface", None)
    return SocketProbe(session, connection) if isinstance(connection, socket.socket) else None
