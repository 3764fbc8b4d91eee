"""A serial instrument whose port has another name now is looked for, asked who it is, and found."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from instruments.errors import LinkLost, ProtocolError
from instruments.links.ports import Adapter, adapter_of, candidates, ports_of
from instruments.links.serial import SerialTransport
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport, address_of, port_of
from tests.instruments.linked import HELLO, Rig
from tests.instruments.scripted_peer import HANG_UP, PtyPeer

MakeTransport = Callable[[Path, Path], Transport]
STRANGER = (b"who\n", b"ES=?\nwho=unit 9\n")


def _serial(port: Path, folder: Path) -> Transport:
    return SerialTransport(str(port), terminator=b"\n", search=(str(folder / "tty*"),))


def _visa(port: Path, folder: Path) -> Transport:
    return VisaTransport(f"ASRL{port}::INSTR", search=(str(folder / "tty*"),))


every_transport = pytest.mark.parametrize("make", [_serial, _visa], ids=["pyserial", "pyvisa ASRL"])


@every_transport
def test_a_device_that_comes_back_under_another_name_is_found_by_its_serial_number(
    make: MakeTransport, tmp_path: Path
) -> None:
    with PtyPeer([HELLO, (b"a\n", HANG_UP)]) as before:
        (tmp_path / "ttyA").symlink_to(before.port)
        rig = Rig(make(tmp_path / "ttyA", tmp_path), deadline_s=1.0)
        rig.connect()
        with pytest.raises(LinkLost):
            rig.ask("a")
    (tmp_path / "ttyA").unlink()
    # Asked twice: as a stranger might be, and once it is known, by the driver as after every opening.
    with PtyPeer([STRANGER]) as other, PtyPeer([HELLO, HELLO, (b"a\n", b"a=1\n")]) as again:
        (tmp_path / "ttyB").symlink_to(other.port)
        (tmp_path / "ttyC").symlink_to(again.port)
        assert rig.ask("a") == "1"
        assert str(tmp_path / "ttyC") in rig.link.transport.address
        assert other.bytes_heard == len(b"who\n")
        rig.link.close()


@every_transport
def test_a_device_that_is_at_none_of_the_ports_is_a_lost_link_at_the_address_it_had(
    make: MakeTransport, tmp_path: Path
) -> None:
    with PtyPeer([STRANGER, STRANGER]) as other:
        (tmp_path / "ttyB").symlink_to(other.port)
        rig = Rig(make(tmp_path / "ttyA", tmp_path), deadline_s=1.0)
        with pytest.raises(LinkLost, match="ttyA"):
            rig.connect()
        assert str(tmp_path / "ttyA") in rig.link.transport.address
        rig.link.close()
        # Once it is there, the next attempt finds it.
        with PtyPeer([HELLO, HELLO, (b"a\n", b"a=1\n")]) as own:
            (tmp_path / "ttyC").symlink_to(own.port)
            rig.connect()
            assert rig.ask("a") == "1"
            rig.link.close()


def test_two_devices_whose_ports_were_swapped_are_found(tmp_path: Path) -> None:
    with PtyPeer([STRANGER]) as other, PtyPeer([HELLO, HELLO]) as own:
        (tmp_path / "ttyA").symlink_to(other.port)
        (tmp_path / "ttyB").symlink_to(own.port)
        rig = Rig(_serial(tmp_path / "ttyA", tmp_path), deadline_s=1.0)
        assert rig.connect().serial == "unit 7"
        rig.link.close()


@every_transport
def test_a_port_in_use_is_not_asked(make: MakeTransport, tmp_path: Path) -> None:
    with PtyPeer([]) as other:
        (tmp_path / "ttyB").symlink_to(other.port)
        holder = SerialTransport(other.port, terminator=b"\n")
        holder.open()
        rig = Rig(make(tmp_path / "ttyA", tmp_path), deadline_s=1.0)
        with pytest.raises(LinkLost, match="ttyA"):
            rig.connect()
        holder.close()
        assert other.bytes_heard == 0


def test_nobody_is_asked_where_nothing_says_where_to_look(tmp_path: Path) -> None:
    with PtyPeer([STRANGER]) as other:
        (tmp_path / "ttyA").symlink_to(other.port)
        rig = Rig(SerialTransport(str(tmp_path / "ttyA"), terminator=b"\n"), deadline_s=1.0)
        with pytest.raises(ProtocolError, match=r"unit 9.*not 'unit 7'"):
            rig.connect()
        rig.link.close()


def _info(device: str, *, serial: str | None, product: int = 0x6001) -> ListPortInfo:
    info = ListPortInfo(device)
    info.vid, info.pid, info.serial_number = 0x0403, product, serial
    return info


def test_an_adapter_is_known_again_by_its_own_serial_number() -> None:
    before = [
        _info("/dev/ttyUSB0", serial="A10K"),
        _info("/dev/ttyUSB1", serial="B7"),
        _info("/dev/ttyS0", serial=None),
    ]
    adapter = adapter_of("/dev/ttyUSB0", before)
    assert adapter == Adapter(0x0403, 0x6001, "A10K")
    after = [
        _info("/dev/ttyUSB1", serial="B7"),
        _info("/dev/ttyUSB3", serial="A10K"),
        _info("/dev/x", serial="A10K", product=1),
    ]
    assert ports_of(adapter, after) == ["/dev/ttyUSB3"]
    assert adapter_of("/dev/ttyS0", before) is None
    assert adapter_of("/dev/ttyUSB9", before) is None


def test_candidates_leave_out_the_port_itself_and_name_each_device_once(tmp_path: Path) -> None:
    for name in ("ttyA", "ttyB"):
        (tmp_path / name).touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyB")
    patterns = (str(tmp_path / "tty*"), str(tmp_path / "by-*"))
    assert candidates(str(tmp_path / "ttyA"), adapter=None, patterns=patterns) == (str(tmp_path / "by-id"),)
    assert candidates(str(tmp_path / "ttyA"), adapter=None, patterns=()) == ()


@pytest.mark.parametrize(
    ("address", "port"),
    [("ASRL/dev/ttyUSB1::INSTR", "/dev/ttyUSB1"), ("ASRL4::INSTR", "COM4")],
)
def test_visa_addresses_and_ports(address: str, port: str) -> None:
    assert port_of(address) == port
    assert address_of(port) == address


def test_a_socket_has_no_port() -> None:
    assert port_of("TCPIP::192.0.2.7::4305::SOCKET") is None
    assert VisaTransport("TCPIP::192.0.2.7::4305::SOCKET", search=("/dev/tty*",)).elsewhere() == ()


def test_a_visa_port_is_locked_against_others(tmp_path: Path) -> None:
    with PtyPeer([]) as peer:
        first, second = VisaTransport(peer.address), SerialTransport(peer.port, terminator=b"\n")
        first.open()
        with pytest.raises(Exception, match="in use") as caught:
            second.open()
        assert getattr(caught.value.__cause__, "errno", errno.EAGAIN) in (errno.EAGAIN, None)
        first.close()
        second.open()
        second.close()
