"""A serial port through pyserial, always 8N1 and without flow control."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import serial

from instruments.clock import host_monotonic_s
from instruments.links.ports import Adapter, adapter_of, candidates, known_ports
from instruments.links.transport import TERMINAL_ERRORS, TransportLost, TransportTimeout

_SLICE_S = 0.05  # longest uninterrupted wait inside pyserial; changing it per call would cost a tcsetattr each time
_MAXIMUM_UNIT_BYTES = 4096
_GONE_REMEDY = "Check that the adapter is plugged in; the next request opens it again"
_OPEN_ERRORS: tuple[type[Exception], ...] = (*TERMINAL_ERRORS, ValueError)
_OPEN_REMEDIES = {
    errno.ENOENT: "Plug the adapter in, or correct the port in the station file",
    errno.ENXIO: "Plug the adapter in, or correct the port in the station file",
    errno.EACCES: "Give this user access to the port (on Linux: membership of the group dialout)",
    errno.EBUSY: "Close the other program that uses the port",
}


def open_failure(port: str, error: Exception) -> TransportLost:
    """Return what to tell of a port that could not be opened."""
    code = getattr(error, "errno", None)
    # A lock that another program holds comes as EAGAIN, wrapped by pyserial in words of its own.
    busy = code in (errno.EBUSY, errno.EAGAIN) or "lock" in str(error).lower()
    what = "is in use" if busy else "cannot be opened"
    remedy = _OPEN_REMEDIES.get(errno.EBUSY if busy else (code or 0), "Check the port in the station file")
    return TransportLost(f"port {port} {what} ({error})", remedy)


class SerialTransport:
    """One serial port, opened exclusively, its input cut at a terminator."""

    def __init__(
        self,
        port: str,
        *,
        terminator: bytes,
        baud: int = 115200,
        write_timeout_s: float = 1.0,
        search: Sequence[str] = (),
    ) -> None:
        self.address = port
        self._search = tuple(search)
        self._adapter: Adapter | None = None
        self.bytes_sent = 0
        self.bytes_received = 0
        self._terminator = terminator
        self._baud = baud
        self._write_timeout_s = write_timeout_s
        self._port: serial.Serial | None = None
        self._buffer = bytearray()

    def open(self) -> None:
        """Open the port; it is refused when another program holds it exclusively."""
        try:
            self._port = serial.serial_for_url(
                self.address,
                baudrate=self._baud,
                timeout=_SLICE_S,
                write_timeout=self._write_timeout_s,
                exclusive=True,
            )
        except _OPEN_ERRORS as error:
            raise open_failure(self.address, error) from error
        self._buffer.clear()
        if self._adapter is None:
            self._adapter = adapter_of(self.address, known_ports())

    def elsewhere(self) -> tuple[str, ...]:
        """Return other ports of the same USB adapter, and those the search patterns find."""
        return candidates(self.address, adapter=self._adapter, patterns=self._search)

    def move(self, address: str) -> None:
        """Lead to another port from the next `open` on."""
        self.address = address

    def close(self) -> None:
        """Close the port."""
        port, self._port = self._port, None
        self._buffer.clear()
        if port is not None:
            try:
                port.close()
            except TERMINAL_ERRORS:
                return  # it is gone, which is all that was wanted

    def discard_input(self) -> bytes:
        """Drop what arrived and was not read, and return it."""
        stale = bytes(self._buffer)
        self._buffer.clear()
        port = self._opened()
        try:
            waiting = port.in_waiting
            if waiting:
                stale += port.read(waiting)
                port.reset_input_buffer()
        except TERMINAL_ERRORS as error:
            raise self._gone(error) from error
        return stale

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._opened().write(data)
        except serial.SerialTimeoutException as error:
            raise TransportTimeout from error
        except TERMINAL_ERRORS as error:
            raise self._gone(error) from error
        self.bytes_sent += len(data)

    def read_unit(self, until_s: float) -> bytes:
        """Return the bytes up to and with the terminator."""
        port = self._opened()
        while True:
            end = self._buffer.find(self._terminator)
            if end >= 0:
                end += len(self._terminator)
                unit = bytes(self._buffer[:end])
                del self._buffer[:end]
                return unit
            if len(self._buffer) > _MAXIMUM_UNIT_BYTES or host_monotonic_s() >= until_s:
                raise TransportTimeout(bytes(self._buffer))
            try:
                arrived = port.read(port.in_waiting or 1)
            except TERMINAL_ERRORS as error:
                raise self._gone(error) from error
            self.bytes_received += len(arrived)
            self._buffer += arrived

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise TransportLost(f"port {self.address} is not open", _GONE_REMEDY)
        return self._port

    def _gone(self, error: Exception) -> TransportLost:
        return TransportLost(f"port {self.address} is gone ({error})", _GONE_REMEDY)
