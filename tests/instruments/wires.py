"""Transports on real wires, each with a scripted peer at the other end."""

import fcntl
import select
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from instruments.clock.interface import host_sleep
from instruments.links.link import Link
from instruments.links.serial import SerialTransport
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport
from tests.instruments.scripted_peer import PtyPeer, ScriptedPeer, Step, TcpPeer


@dataclass(frozen=True)
class Wire:
    """A kind of wire: how to make a peer on it, and the transport that leads to that peer."""

    name: str
    peer: Callable[[Sequence[Step]], ScriptedPeer]
    transport: Callable[[ScriptedPeer], Transport]

    def wait_for_input(self, transport: Transport, count: int) -> None:
        """Return when `count` unread bytes have arrived at the transport: loopback wires deliver a little later."""
        descriptor = _descriptor(transport)
        while (
            _taken(transport) + int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4), sys.byteorder)
            < count
        ):
            host_sleep(0.001)

    def wait_for_hang_up(self, transport: Transport) -> None:
        """Return when the peer's hang-up has arrived at the transport."""
        select.select([_descriptor(transport)], [], [])


@contextmanager
def impatient(link: Link, deadline_s: float = 0.15) -> Iterator[None]:
    """Let a link wait only so long for the silence to come; around it, it waits as long as a busy host needs."""
    usual_s, link.deadline_s = link.deadline_s, deadline_s
    try:
        yield
    finally:
        link.deadline_s = usual_s


def _taken(transport: Transport) -> int:
    """Return how many bytes beyond the last unit the transport holds already."""
    port = transport._port if isinstance(transport, VisaTransport) else None
    return 0 if port is None else len(port._pending)


def _descriptor(transport: Transport) -> int:
    if isinstance(transport, SerialTransport):
        assert transport._port is not None
        return transport._port.fileno()
    assert isinstance(transport, VisaTransport)
    assert transport._resource is not None
    sessions = vars(transport._resource.visalib)["sessions"]
    descriptor: int = sessions[transport._resource.session].interface.fileno()
    return descriptor


def _serial(peer: ScriptedPeer) -> Transport:
    assert isinstance(peer, PtyPeer)
    return SerialTransport(peer.port, terminator=b"\n")


def _visa(peer: ScriptedPeer) -> Transport:
    assert isinstance(peer, PtyPeer | TcpPeer)
    return VisaTransport(peer.address)


SERIAL = Wire("pyserial on a pty", PtyPeer, _serial)
VISA_SERIAL = Wire("pyvisa ASRL on a pty", PtyPeer, _visa)
VISA_SOCKET = Wire("pyvisa TCPIP SOCKET", TcpPeer, _visa)
WIRES = (SERIAL, VISA_SERIAL, VISA_SOCKET)
