"""Ptys and TCP ports: several clients, clients that come and go, clients that do not read, and a clean end."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest
import pyvisa
import serial

from instruments.clock import VirtualClock, WallClock
from instruments.simulated.wires.faults import LinkFaultMode, LinkFaults
from instruments.simulated.wires.pty import PtyWire
from instruments.simulated.wires.tcp import TcpWire
from tests.instruments.simulated.benches import descriptors, threads, wait_for
from tests.instruments.simulated.echo_session import EchoSession


def tcp_wire(faults: LinkFaults | None = None) -> TcpWire:
    wire = TcpWire("echo", EchoSession, VirtualClock(), faults or LinkFaults())
    wire.start()
    return wire


def connected(wire: TcpWire) -> socket.socket:
    return socket.create_connection((wire.host, wire.port), timeout=10.0)


def asked(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    return line_from(client)


def line_from(client: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n"):
        data = client.recv(100)
        if not data:
            return received
        received += data
    return received


def flood(client: socket.socket) -> None:
    while True:
        client.sendall(b"0123456789\r\n" * 1000)


def test_tcp_serves_several_clients_at_once_each_with_its_own_session() -> None:
    wire = tcp_wire()
    with connected(wire) as one, connected(wire) as two:
        assert asked(one, b"a\r\n") == b"1:a\r\n"
        assert asked(two, b"b\r\n") == b"1:b\r\n"
        assert asked(one, b"c\r\n") == b"2:c\r\n"
    wire.close()


def test_tcp_joins_what_arrives_in_pieces() -> None:
    wire = tcp_wire()
    with connected(wire) as client:
        client.sendall(b"ab")
        assert asked(client, b"c\r\nd\r\n") == b"1:abc\r\n2:d\r\n"
    wire.close()


def test_tcp_through_pyvisa() -> None:
    wire = tcp_wire()
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(
        f"TCPIP::{wire.host}::{wire.port}::SOCKET", read_termination="\r\n", write_termination="\r\n"
    )
    assert isinstance(resource, pyvisa.resources.MessageBasedResource)
    assert [resource.query("SI") for _ in range(3)] == ["1:SI", "2:SI", "3:SI"]
    resource.close()
    manager.close()
    wire.close()


def test_closing_tcp_ends_clients_that_wait_and_every_thread() -> None:
    before, open_before = threads(), descriptors()
    wire = tcp_wire()
    with connected(wire) as client:
        assert asked(client, b"a\r\n") == b"1:a\r\n"
        wire.close()
        wire.close()
        assert client.recv(10) == b""
        with pytest.raises(OSError):
            connected(wire)
    assert threads() == before
    assert descriptors() == open_before


def test_closing_tcp_ends_a_client_that_does_not_read() -> None:
    before = threads()
    wire = tcp_wire()
    with connected(wire) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            flood(client)
        wire.close()
    assert threads() == before


def test_a_tcp_wire_never_started_closes() -> None:
    before = descriptors()
    TcpWire("echo", EchoSession, VirtualClock(), LinkFaults()).close()
    assert descriptors() == before


def test_a_dropped_tcp_connection_is_refused_until_the_fault_ends() -> None:
    faults = LinkFaults()
    wire = tcp_wire(faults)
    with connected(wire) as client:
        assert asked(client, b"a\r\n") == b"1:a\r\n"
        faults.inject(LinkFaultMode.DROP_CONNECTION)
        assert asked(client, b"a\r\n") == b""
    with connected(wire) as client:
        assert client.recv(10) == b""
    faults.clear()
    with connected(wire) as client:
        assert asked(client, b"a\r\n") == b"1:a\r\n"
    wire.close()


def test_tcp_speaks_unasked_at_its_time() -> None:
    session = EchoSession()
    clock = WallClock()
    wire = TcpWire("echo", lambda: session, clock, LinkFaults())
    wire.start()
    with connected(wire) as client:
        session.speak_at_s = clock.now() + 0.05
        assert asked(client, b"a\r\n") == b"1:a\r\n"
        assert line_from(client) == b"unasked\r\n"
    wire.close()


def pty_wire(folder: Path, faults: LinkFaults | None = None) -> PtyWire:
    wire = PtyWire("echo", EchoSession(), VirtualClock(), faults or LinkFaults(), folder / "port")
    wire.start()
    return wire


def opened(port: str) -> serial.Serial:
    return serial.Serial(port, 9600, timeout=10.0)


def test_pty_answers_pyserial_byte_for_byte(tmp_path: Path) -> None:
    wire = pty_wire(tmp_path)
    with opened(wire.port) as port:
        port.write(b"a\r\nb\n\x11\x13\x03\x7f\r\n")
        assert port.read_until(b"\x7f\r\n") == b"1:a\r\n2:b\r\n3:\x11\x13\x03\x7f\r\n"
    wire.close()


def test_pty_survives_clients_that_come_and_go(tmp_path: Path) -> None:
    wire = pty_wire(tmp_path)
    for number in range(1, 4):
        with opened(wire.port) as port:
            port.write(b"x\r\n")
            assert port.read_until(b"\n") == b"%d:x\r\n" % number
    wire.close()


def test_pty_through_pyvisa(tmp_path: Path) -> None:
    wire = pty_wire(tmp_path)
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(f"ASRL{wire.port}::INSTR", read_termination="\r\n", write_termination="\r\n")
    assert isinstance(resource, pyvisa.resources.MessageBasedResource)
    assert [resource.query("SI") for _ in range(3)] == ["1:SI", "2:SI", "3:SI"]
    resource.close()
    manager.close()
    wire.close()


def test_a_pty_nobody_reads_never_blocks_the_device(tmp_path: Path) -> None:
    session = EchoSession()
    wire = PtyWire("echo", session, VirtualClock(), LinkFaults(), tmp_path / "port")
    wire.start()
    count = 40_000
    with opened(wire.port) as port:
        for _ in range(count // 100):
            port.write(b"x\r\n" * 100)
        wait_for(lambda: len(session.heard) == count)
    wire.close()
    assert len(session.heard) == count


def test_a_pty_hang_up_is_seen_and_the_port_can_be_opened_again(tmp_path: Path) -> None:
    faults = LinkFaults()
    wire = pty_wire(tmp_path, faults)
    with opened(wire.port) as port:
        faults.inject(LinkFaultMode.DROP_CONNECTION)
        port.write(b"x\r\n")
        select.select([port.fileno()], [], [], 10.0)
        with pytest.raises(serial.SerialException):
            port.read_until(b"\n")
    faults.clear()
    with opened(wire.port) as port:
        port.write(b"x\r\n")
        assert port.read_until(b"\n") == b"1:x\r\n"
    wire.close()


def test_closing_a_pty_leaves_nothing(tmp_path: Path) -> None:
    before, open_before = threads(), descriptors()
    wire = pty_wire(tmp_path)
    assert os.path.islink(wire.port)
    wire.close()
    wire.close()
    PtyWire("idle", EchoSession(), VirtualClock(), LinkFaults(), tmp_path / "idle").close()
    assert list(tmp_path.iterdir()) == []
    assert threads() == before
    assert descriptors() == open_before
