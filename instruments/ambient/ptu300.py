"""Driver for the Vaisala PTU300 (pressure, temperature, humidity), on a serial port or a TCP socket, through VISA.

Commands end with CR, lines with CR LF; with echo on, the transmitter repeats commands and prints a prompt `>`, both of
which are passed over. A serial port must be set to 8N1 (`SERI 9600 N 8 1` at the transmitter; it leaves the factory
with 4800 7E1). Source: Vaisala, PTU300 User's Guide M210796EN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.links.link import Garbled, Link, RefusedByDevice
from instruments.links.ports import PortSearch
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport
from instruments.options import Deadline, DriverOptions, Text
from instruments.readings import AmbientReading, Identity, ReadingState

_MAKER = "Vaisala"
_VERSION = re.compile(r"(PTU[0-9]+)\s*/\s*(\S+)")
_SERIAL = re.compile(r"(?:\S+ )?Serial number\s*:?\s*(\S+)", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9]*)=\s*([-+]?[0-9]+(?:\.[0-9]+)?|[*][*.]*)\s*([A-Za-z'%]\S*)\s*")
_UNITS = {"P": "hPa", "T": "'C", "RH": "%RH"}
_UNIT_REMEDY = "Set the transmitter to metric units: UNIT M"


class Ptu300Options(DriverOptions):
    """Options of the station file."""

    address: Text
    """VISA address: `TCPIP::host::port::SOCKET` or `ASRL/dev/...::INSTR`."""
    serial: Text
    """Serial number the transmitter must report."""
    port_search: PortSearch = ()
    """Patterns of other ports to look at when this one is gone: `/dev/ttyUSB*`. Each is asked who is there."""
    visa_library: Text = "@py"
    deadline_s: Deadline = 2.0
    baud: Annotated[int, Field(gt=0)] = 9600


def read_air(unit: bytes) -> AmbientReading | None:
    """Read the answer to `SEND`; None for a prompt, an echo, or an answer to something else."""
    line = _line(unit)
    if "=" not in line:
        return None
    fields: dict[str, tuple[str, str]] = {}
    position = 0
    while position < len(line):
        match = _FIELD.match(line, position)
        if match is None or match[1] in fields:
            raise Garbled(f"no quantity: {line[position:]!r}")
        fields[match[1]] = (match[2], match[3])
        position = match.end()
    temperature_c, humidity_percent, pressure_hpa = (_value(fields, quantity) for quantity in ("T", "RH", "P"))
    whole = None not in (temperature_c, humidity_percent, pressure_hpa)
    return AmbientReading(
        temperature_c,
        humidity_percent,
        pressure_hpa,
        ReadingState.STABLE if whole else ReadingState.DEVICE_ERROR,
        line,
    )


def read_version(unit: bytes) -> tuple[str, str] | None:
    """Read model and software version from the answer to `VERS`; None for any other line."""
    match = _VERSION.fullmatch(_line(unit))
    return None if match is None else (match[1], match[2])


def read_serial(unit: bytes) -> str | None:
    """Read the serial number from the lines of the answer to `?`; None for any other line."""
    match = _SERIAL.fullmatch(_line(unit))
    return None if match is None else match[1]


def read_ok(unit: bytes) -> bool | None:
    """Read the answer to a setting."""
    line = _line(unit)
    if "unknown" in line.lower() or "error" in line.lower():
        raise RefusedByDevice(f"the transmitter says {line!r}", "Use a PTU300, or another driver")
    return True if line.upper() == "OK" else None


class Ptu300:
    """A PTU300 transmitter."""

    def __init__(self, name: str, transport: Transport, options: Ptu300Options, clock: Clock) -> None:
        """Make an unconnected driver; `connect` comes first."""
        self.name = name
        self._options = options
        self._configured = False
        self.link = Link(
            transport,
            instrument=name,
            clock=clock,
            deadline_s=options.deadline_s,
            resynchronise=self._resynchronise,
            identify=self.identify,
            is_suspect=lambda unasked: b"=" in unasked,  # a reading; the rest of an identity or a prompt is none
            separate=lambda: self.link.ask(b"VERS\r", read_version, words="VERS"),
        )

    def connect(self) -> None:
        """Find out who answers; `ProtocolError` unless it is the transmitter of the station file."""
        self.link.connect(expected_serial=self._options.serial)

    def identify(self) -> Identity:
        """Ask the transmitter who it is."""
        serial = self.link.ask(b"?\r", read_serial, words="?")
        # The rest of that long answer is still coming; the version, asked for alone, is its end.
        model, firmware = self.link.ask(b"VERS\r", read_version, words="VERS")
        return Identity(_MAKER, model, serial, firmware)

    def configure(self) -> Mapping[str, str]:
        """Set the default output format, and make sure that it has all three quantities in the right units."""
        self._configured = True
        self._set_format()
        self.read()
        return {"format": "/ (default)", "units": ", ".join(f"{name} {unit}" for name, unit in _UNITS.items())}

    def read(self) -> AmbientReading:
        """Return the present air temperature, humidity and pressure."""
        return self.link.ask(b"SEND\r", read_air, words="SEND")

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another."""
        return self.link.doubts

    def close(self) -> None:
        """Give the transport back."""
        self.link.close()

    def _resynchronise(self) -> Identity:
        self.link.tell(b"S\r")  # a transmitter that was left running sends lines unasked
        identity = self.identify()
        if self._configured:
            self._set_format()
        return identity

    def _set_format(self) -> None:
        self.link.ask(b"FORM /\r", read_ok, words="FORM /")


def _line(unit: bytes) -> str:
    return unit.decode("latin-1").strip().lstrip(">").strip()


def _value(fields: Mapping[str, tuple[str, str]], quantity: str) -> float | None:
    if quantity not in fields:
        raise Garbled(f"no {quantity} in it")
    value, unit = fields[quantity]
    if unit != _UNITS[quantity]:
        raise RefusedByDevice(f"{quantity} comes in {unit!r}, not in {_UNITS[quantity]!r}", _UNIT_REMEDY)
    return None if value.startswith("*") else float(value)


def open_ptu300(name: str, options: Ptu300Options, clock: Clock) -> Ptu300:
    """Open the address and connect; one clear error when the transmitter is absent, silent, or another one."""
    transport = VisaTransport(
        options.address, visa_library=options.visa_library, baud=options.baud, search=options.port_search
    )
    sensor = Ptu300(name, transport, options, clock)
    try:
        sensor.connect()
    except BaseException:
        sensor.close()
        raise
    return sensor


DRIVER = Driver(Ptu300Options, open_ptu300)
