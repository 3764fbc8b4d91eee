"""A port or an address that cannot be opened says why, and what to do."""

import errno
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from instruments.errors import LinkLost
from instruments.links.serial import SerialTransport, open_failure
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport
from tests.instruments.linked import LONG_S, Rig
from tests.instruments.wires import SERIAL


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (lambda: VisaTransport(f"TCPIP::127.0.0.1::{free_port()}::SOCKET"), "cannot be opened.*Check power"),
        (lambda: VisaTransport("ASRL/dev/serial/by-id/no-such-port::INSTR"), "cannot be opened.*Check power"),
        (lambda: VisaTransport("TCPIP::"), "cannot be opened"),
        (lambda: VisaTransport("no address at all"), "cannot be opened"),
        (lambda: VisaTransport("TCPIP::127.0.0.1::1::SOCKET", visa_library="@none"), "VISA library '@none'.*'@py'"),
        (lambda: VisaTransport("TCPIP::127.0.0.1::1::SOCKET", visa_library="/no/visa.so"), "VISA library.*'@py'"),
        (
            lambda: SerialTransport("/dev/serial/by-id/no-such-port", terminator=b"\n"),
            "cannot be opened.*Plug the adap",
        ),
    ],
)
def test_nothing_there_is_one_clear_message(transport: Callable[[], Transport], words: str) -> None:
    rig = Rig(transport(), deadline_s=LONG_S)
    with pytest.raises(LinkLost, match=words):
        rig.connect()
    rig.link.close()


def test_a_port_in_use_says_so() -> None:
    with SERIAL.peer([]) as peer:
        transport = SERIAL.transport(peer)
        with serial.Serial(transport.address, exclusive=True):
            rig = Rig(transport, deadline_s=LONG_S)
            with pytest.raises(LinkLost, match=r"in use.*Close the other program"):
                rig.connect()


def test_a_port_without_permission_says_so() -> None:
    lost = open_failure("/dev/ttyUSB0", serial.SerialException(errno.EACCES, "Permission denied"))
    assert "dialout" in lost.remedy
    assert "/dev/ttyUSB0" in lost.problem


def test_a_file_that_is_no_terminal_is_refused(tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.touch()
    rig = Rig(SerialTransport(str(port), terminator=b"\n"), deadline_s=LONG_S)
    with pytest.raises(LinkLost, match="cannot be opened"):
        rig.connect()
