"""Driver for a Sartorius balance with SBI, on a serial port or a TCP socket, through VISA.

SBI has no read-back: commands are silent, and those a balance does not know are ignored. What can be set is sent, and
recorded as sent; what cannot be set and spoils a slow flow (zero tracking, automatic adjustment, printing that waits
for stability or goes on by itself) must be off at the balance's menu, and the station file must say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from instruments.balances.sbi_grammar import read_text, weight_reader
from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import ProtocolError
from instruments.links.link import Link
from instruments.links.ports import PortSearch
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport
from instruments.options import Deadline, DriverOptions, Text
from instruments.readings import Identity, MassReading

_MAKER = "Sartorius"
_ESCAPE = "\x1b"
_FILTERS = {"very stable": "K", "stable": "L", "unstable": "M", "very unstable": "N"}
_NO_WEIGHT_REMEDY = "Wait until the balance shows a weight, then tare again"
AtTheMenu = Literal["off at the menu"]


class SbiOptions(DriverOptions):
    """Options of the station file. The last four cannot be set or read through SBI: an engineer's word."""

    address: Text
    """VISA address: `TCPIP::host::port::SOCKET` or `ASRL/dev/...::INSTR`; balance set to 8 data bits, no parity."""
    serial: Text
    """Serial number the balance must report."""
    port_search: PortSearch = ()
    """Patterns of other ports to look at when this one is gone: `/dev/ttyUSB*`. Each is asked who is there."""
    visa_library: Text = "@py"
    deadline_s: Deadline = 1.0
    baud: Annotated[int, Field(gt=0)] = 9600
    environment: Literal["very stable", "stable", "unstable", "very unstable"] = "stable"
    unit: Literal["g", "mg", "kg"] = "g"
    """The unit the balance weighs in; it leaves it out while the weight is unstable."""
    auto_zero: AtTheMenu
    internal_adjustment: AtTheMenu
    print_after_stability: AtTheMenu
    automatic_print: AtTheMenu


class SbiBalance:
    """A balance that speaks SBI."""

    def __init__(self, name: str, transport: Transport, options: SbiOptions, clock: Clock) -> None:
        """Make an unconnected driver; `connect` comes first."""
        self.name = name
        self._options = options
        self._configured = False
        self._last_text = ("", "")
        self._read_weight = weight_reader(options.unit)
        self.link = Link(
            transport,
            instrument=name,
            clock=clock,
            deadline_s=options.deadline_s,
            resynchronise=self._resynchronise,
            identify=self.identify,
            separate=lambda: self._ask_text("x2_"),
        )

    def connect(self) -> None:
        """Find out who answers; `ProtocolError` unless it is the balance of the station file."""
        self.link.connect(expected_serial=self._options.serial)

    def identify(self) -> Identity:
        """Ask the balance who it is."""
        model, serial, firmware = (self._ask_text(command) for command in ("x1_", "x2_", "x3_"))
        return Identity(maker=_MAKER, model=model, serial=serial, firmware=firmware)

    def configure(self) -> Mapping[str, str]:
        """Send the filter; return what was sent and what the station file says of the menu: SBI reads nothing back."""
        self._configured = True
        self._tell(_FILTERS[self._options.environment])
        options = self._options
        menu = "off by the station file; not settable through SBI, not readable"
        return {
            "environment": f"{options.environment} ({_FILTERS[options.environment]}; sent, SBI reads nothing back)",
            "unit": f"{options.unit} (by the station file; confirmed by every stable reading)",
            "auto_zero": menu,
            "internal_adjustment": menu,
            "print_after_stability": menu,
            "automatic_print": menu,
        }

    def read(self) -> MassReading:
        """Return the present reading, settled or not."""

        def read(line: bytes) -> MassReading | None:
            repeats = _words(line) == self._last_text[1]
            return None if repeats else self._read_weight(line)

        return self.link.ask(_command("P"), read, words="ESC P")

    def tare(self) -> None:
        """Tell the balance to set the present load as zero; `ProtocolError`, unsent, while it shows no weight.

        The command is silent and a balance may wait for stability with it: only the readings after it show it done.
        """
        before = self.read()
        if before.mass_g is None:
            raise ProtocolError(
                f"no tare in state {before.state.value!r}",
                instrument=self.name,
                command="ESC P",
                reply=before.reply.encode("ascii"),
                remedy=_NO_WEIGHT_REMEDY,
            )
        self._tell("U")

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another."""
        return self.link.doubts

    def close(self) -> None:
        """Give the transport back."""
        self.link.close()

    def _resynchronise(self) -> Identity:
        # Nothing cancels; but answers come in order, and a weight is told from a text: x1_ passes all late weights.
        identity = self.identify()
        if self._configured:
            self._tell(_FILTERS[self._options.environment])
        return identity

    def _ask_text(self, command: str) -> str:
        last_command, last_text = self._last_text

        def read(line: bytes) -> str | None:
            # No line says what it answers: one that repeats the answer to another question answers that one.
            text = read_text(line)
            return None if text == last_text and command != last_command else text

        text = self.link.ask(_command(command), read, words=f"ESC {command}")
        self._last_text = (command, text)
        return text

    def _tell(self, command: str) -> None:
        self.link.tell(_command(command))
        self._ask_text("x2_")  # answers come in order: with this one the silent command has been taken


def _words(line: bytes) -> str:
    return " ".join(line.decode("latin-1").split())


def _command(command: str) -> bytes:
    return f"{_ESCAPE}{command}\r\n".encode("ascii")


def open_sbi(name: str, options: SbiOptions, clock: Clock) -> SbiBalance:
    """Open the address and connect; one clear error when the balance is absent, silent, or another one."""
    transport = VisaTransport(
        options.address, visa_library=options.visa_library, baud=options.baud, search=options.port_search
    )
    balance = SbiBalance(name, transport, options, clock)
    try:
        balance.connect()
    except BaseException:
        balance.close()
        raise
    return balance


DRIVER = Driver(SbiOptions, open_sbi)
