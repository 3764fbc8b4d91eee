"""A VISA resource through pyvisa: `ASRL...::INSTR` and `TCPIP::host::port::SOCKET`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyvisa
from pyvisa.constants import BufferOperation, StatusCode
from pyvisa.resources import MessageBasedResource, SerialInstrument

from instruments.clock import host_monotonic_s
from instruments.links.ports import Adapter, adapter_of, candidates, known_ports
from instruments.links.pyvisa_py import Arrival, PortReader, SocketProbe, own_port, port_reader, socket_probe
from instruments.links.transport import TERMINAL_ERRORS, TransportLost, TransportTimeout

_LIBRARY_ERRORS: tuple[type[Exception], ...] = (pyvisa.errors.Error, *TERMINAL_ERRORS)
_OPEN_TIMEOUT_S = 3.0
_GONE_REMEDY = "Check power and cable; the next request opens it again"
_ABSENT_REMEDY = "Check power, cable and the address in the station file"
_LIBRARY_REMEDY = "Install it, or set visa_library = '@py' in the station file"
_TIMEOUT_TOLERANCE = 0.1
_SERIAL_ADDRESS = re.compile(r"ASRL(.+?)(?:::INSTR)?", re.IGNORECASE)


class VisaTransport:
    """One VISA resource, its input cut at a terminator of one character."""

    def __init__(
        self,
        address: str,
        *,
        visa_library: str = "@py",
        terminator: str = "\n",
        baud: int = 9600,
        search: Sequence[str] = (),
    ) -> None:
        self.address = address
        self._search = tuple(search)
        self._adapter: Adapter | None = None
        self.bytes_sent = 0
        self.bytes_received = 0
        self._visa_library = visa_library
        self._terminator = terminator
        self._baud = baud
        self._resource: MessageBasedResource | None = None
        self._probe: SocketProbe | None = None
        self._port: PortReader | None = None
        self._timeout_s = 0.0

    def open(self) -> None:
        """Open the resource; a socket must have found a listener."""
        try:
            manager = pyvisa.ResourceManager(self._visa_library)
        except Exception as error:  # whatever the absence of a library leads to
            raise TransportLost(
                f"VISA library {self._visa_library!r} cannot be loaded ({error})", _LIBRARY_REMEDY
            ) from error
        try:
            resource = manager.open_resource(self.address, open_timeout=int(_OPEN_TIMEOUT_S * 1000))
        except Exception as error:  # pyvisa-py raises plain Exception for an address it cannot reach
            raise TransportLost(f"{self.address} cannot be opened ({error})", _ABSENT_REMEDY) from error
        if not isinstance(resource, MessageBasedResource):
            resource.close()
            raise TransportLost(f"{self.address} is no serial port or socket", _ABSENT_REMEDY)
        self._resource = resource
        try:
            self._prepare(resource)
        except _LIBRARY_ERRORS as error:
            self.close()
            raise TransportLost(f"{self.address} cannot be opened ({error})", _ABSENT_REMEDY) from error
        port = port_of(self.address)
        if port is not None and self._adapter is None:
            self._adapter = adapter_of(port, known_ports())

    def elsewhere(self) -> tuple[str, ...]:
        """Return the addresses of other ports of the same USB adapter, and of those the search patterns find."""
        port = port_of(self.address)
        if port is None:
            return ()
        found = candidates(port, adapter=self._adapter, patterns=self._search)
        return tuple(address_of(one) for one in found)

    def move(self, address: str) -> None:
        """Lead to another address from the next `open` on."""
        self.address = address

    def _prepare(self, resource: MessageBasedResource) -> None:
        self._probe = socket_probe(resource)
        refusal = None if self._probe is None else self._probe.refusal()
        if refusal is not None:
            raise refusal
        self._port = port_reader(resource)
        resource.read_termination = self._terminator
        resource.write_termination = ""
        if isinstance(resource, SerialInstrument):
            own_port(resource)
            resource.baud_rate = self._baud
        self._timeout_s = 0.0

    def close(self) -> None:
        """Close the resource."""
        resource, self._resource, self._probe, self._port = self._resource, None, None, None
        if resource is not None:
            try:
                resource.close()
            except _LIBRARY_ERRORS:
                return  # it is gone, which is all that was wanted

    def discard_input(self) -> bytes:
        """Drop what arrived and was not read, and return it."""
        resource = self._opened()
        try:
            if self._probe is not None:
                dropped = self._probe.drain()
                if dropped is None:
                    raise self._gone("the other side has closed it")
                return dropped
            if self._port is not None:
                return self._port.drain()
            waiting = resource.bytes_in_buffer if isinstance(resource, SerialInstrument) else 0
            dropped = resource.read_bytes(waiting) if waiting else b""
            resource.flush(BufferOperation.discard_receive_buffer)
        except _LIBRARY_ERRORS as error:
            raise self._gone(error) from error
        return dropped

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._opened().write_raw(data)
        except _LIBRARY_ERRORS as error:
            raise self._failed(error) from error
        self.bytes_sent += len(data)

    def read_unit(self, until_s: float) -> bytes:
        """Return the bytes up to and with the terminator; what came of an incomplete unit no error tells."""
        resource = self._opened()
        try:
            if self._port is not None:
                own = self._port.read_unit(self._terminator.encode("ascii"), until_s)
                if own is None:
                    raise TransportTimeout
                self.bytes_received += len(own)
                return own
            remaining_s = until_s - host_monotonic_s()
            if self._probe is not None:
                arrival = self._probe.await_unit(self._terminator.encode("ascii"), until_s)
                if arrival is Arrival.CLOSED:
                    raise self._gone("the other side has closed it")
                if arrival is Arrival.INCOMPLETE:
                    raise TransportTimeout
                remaining_s = until_s - host_monotonic_s()
            elif remaining_s <= 0.0:
                raise TransportTimeout
            self._limit(resource, remaining_s)
            unit = resource.read_raw()
        except _LIBRARY_ERRORS as error:
            raise self._failed(error) from error
        self.bytes_received += len(unit)
        return unit

    def _limit(self, resource: MessageBasedResource, remaining_s: float) -> None:
        # Setting the attribute costs as much as the reading itself: only when it matters.
        if abs(remaining_s - self._timeout_s) > _TIMEOUT_TOLERANCE * self._timeout_s:
            self._timeout_s = max(remaining_s, 0.001)
            resource.timeout = max(1.0, remaining_s * 1000.0)

    def _failed(self, error: Exception) -> TransportTimeout | TransportLost:
        silent = isinstance(error, pyvisa.errors.VisaIOError) and error.error_code == StatusCode.error_timeout
        if silent and not (self._probe is not None and self._probe.closed()):
            return TransportTimeout()
        return self._gone("the other side has closed it" if silent else error)

    def _opened(self) -> MessageBasedResource:
        if self._resource is None:
            raise TransportLost(f"{self.address} is not open", _GONE_REMEDY)
        return self._resource

    def _gone(self, why: object) -> TransportLost:
        return TransportLost(f"{self.address} is gone ({why})", _GONE_REMEDY)


def port_of(address: str) -> str | None:
    """Return the serial port of a VISA address; None where it is none. `ASRL4::INSTR` is COM4."""
    match = _SERIAL_ADDRESS.fullmatch(address)
    if match is None:
        return None
    return f"COM{match[1]}" if match[1].isdigit() else match[1]


def address_of(port: str) -> str:
    """Return the VISA address of a serial port."""
    number = port[3:] if port.upper().startswith("COM") else ""
    return f"ASRL{number if number.isdigit() else port}::INSTR"
