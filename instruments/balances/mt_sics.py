"""Driver for a Mettler-Toledo balance with MT-SICS, on a serial port or a TCP socket, through VISA.

A flow is weighed with immediate readings (`SI`), settled or not: waiting for a stable one would pick the quiet moments.
Zero tracking and an adaptive filter swallow a slow flow, so both are set off, read back, and insisted upon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from instruments.balances.mt_sics_grammar import answer_to, read_weight
from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import ProtocolError
from instruments.links.link import Link
from instruments.links.ports import PortSearch
from instruments.links.transport import Transport
from instruments.links.visa import VisaTransport
from instruments.options import Deadline, DriverOptions, Text
from instruments.readings import Identity, MassReading

_MAKER = "Mettler-Toledo"
_MODES = {"universal": "0", "dosing": "1", "sensor": "2"}
_ENVIRONMENTS = {"very stable": "0", "stable": "1", "standard": "2", "unstable": "3", "very unstable": "4"}
_RATE_TOLERANCE = 0.2
_SETTING_REMEDY = "Set it at the balance's menu if its menu has it; else use a balance where it can be set"


class MtSicsOptions(DriverOptions):
    """Options of the station file."""

    address: Text
    """VISA address: `TCPIP::host::port::SOCKET` or `ASRL/dev/...::INSTR`."""
    serial: Text
    """Serial number the balance must report."""
    port_search: PortSearch = ()
    """Patterns of other ports to look at when this one is gone: `/dev/ttyUSB*`. Each is asked who is there."""
    visa_library: Text = "@py"
    deadline_s: Deadline = 1.0
    baud: Annotated[int, Field(gt=0)] = 9600
    mode: Literal["universal", "dosing", "sensor"] = "sensor"
    """`sensor` has a fixed filter; the others adapt theirs to what they take for disturbances."""
    environment: Literal["very stable", "stable", "standard", "unstable", "very unstable"] = "standard"
    update_rate_hz: Annotated[float, Field(gt=0.0, le=200.0)] | None = None
    """Rate at which the balance renews its reading; None leaves it as it is."""


class MtSicsBalance:
    """A balance that speaks MT-SICS."""

    def __init__(self, name: str, transport: Transport, options: MtSicsOptions, clock: Clock) -> None:
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
            separate=lambda: self._ask("I4"),
        )

    def connect(self) -> None:
        """Find out who answers; `ProtocolError` unless it is the balance of the station file."""
        self.link.connect(expected_serial=self._options.serial)

    def identify(self) -> Identity:
        """Ask the balance who it is."""
        return self._identity(self._ask("I4"))

    def configure(self) -> Mapping[str, str]:
        """Fix mode, filter, update rate; auto-zero and internal adjustment off; return what was read back."""
        self._configured = True
        return self._apply_settings()

    def read(self) -> MassReading:
        """Return the present reading, settled or not."""
        return self.link.ask(b"SI\r\n", read_weight, words="SI")

    def tare(self) -> None:
        """Set the present load as zero, without waiting for a settled reading."""
        self._ask("TI")

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another."""
        return self.link.doubts

    def close(self) -> None:
        """Give the transport back."""
        self.link.close()

    def _resynchronise(self) -> Identity:
        # `@` cancels all that is pending and answers with the serial number, and with nothing else.
        serial = self._ask("@", answered_as="I4")
        identity = self._identity(serial)
        if self._configured:
            self._apply_settings()
        return identity

    def _identity(self, serial: tuple[str, ...]) -> Identity:
        model, firmware = self._ask("I2"), self._ask("I3")
        for command, found in (("I4", serial), ("I2", model), ("I3", firmware)):
            if not any(found):
                raise self._setting_error(command, found, "an identity without text")
        return Identity(maker=_MAKER, model=" ".join(model), serial=serial[0], firmware=" ".join(firmware))

    def _apply_settings(self) -> Mapping[str, str]:
        options = self._options
        settings = {
            "mode": (options.mode, self._set("M01", _MODES[options.mode])),
            "environment": (options.environment, self._set("M02", _ENVIRONMENTS[options.environment])),
            "auto_zero": ("off", self._set("M03", "0")),
        }
        found = {name: f"{word} ({code})" for name, (word, code) in settings.items()}
        found["update_rate_hz"] = self._set_update_rate(options.update_rate_hz)
        found["internal_adjustment"] = self._switch_adjustment_off()
        return found

    def _set(self, command: str, value: str) -> str:
        try:
            self._ask(command, value)
            found = self._read_back(command)
        except ProtocolError as error:
            if _is_refusal(error):
                error.remedy = _SETTING_REMEDY
            raise
        if found[:1] != (value,):
            raise self._setting_error(command, found, f"it was set to {value}")
        return value

    def _set_update_rate(self, rate_hz: float | None) -> str:
        if rate_hz is not None:
            self._ask("UPD", f"{rate_hz:g}")
        found = self._read_back("UPD")
        try:
            found_hz = float(found[0])
        except (IndexError, ValueError):
            raise self._setting_error("UPD", found, "that is no rate") from None
        if rate_hz is not None and not abs(found_hz - rate_hz) <= _RATE_TOLERANCE * rate_hz:
            raise self._setting_error("UPD", found, f"it was set to {rate_hz:g} Hz")
        return f"{found_hz:g}"

    def _switch_adjustment_off(self) -> str:
        # C0 <0 manual, 1 automatic> <0 internal, 1 external weight>; not every balance has it.
        try:
            self._ask("C0", "0", "0")
        except ProtocolError as error:
            if not _is_refusal(error):
                raise
            return f"not settable ({error.reply.decode('latin-1').strip()})"
        found = self._read_back("C0")
        if found[:1] != ("0",):
            raise self._setting_error("C0", found, "it was set to 0 (manual)")
        return "off"

    def _read_back(self, command: str) -> tuple[str, ...]:
        # An answer without a value may be the repetition of the acknowledgement.
        return self._ask(command) or self._ask(command)

    def _setting_error(self, command: str, found: tuple[str, ...], problem: str) -> ProtocolError:
        return ProtocolError(
            f"{command} reads {' '.join(found)!r}; {problem}",
            instrument=self.name,
            command=command,
            reply=" ".join(found).encode("latin-1"),
            remedy=_SETTING_REMEDY,
        )

    def _ask(self, command: str, *parameters: str, answered_as: str | None = None) -> tuple[str, ...]:
        words = " ".join((command, *parameters))
        return self.link.ask(f"{words}\r\n".encode("ascii"), answer_to(answered_as or command), words=words)


def _is_refusal(error: ProtocolError) -> bool:
    reply = error.reply.strip()
    return reply in (b"ES", b"EL") or reply[-2:] in (b" L", b" I")


def open_mt_sics(name: str, options: MtSicsOptions, clock: Clock) -> MtSicsBalance:
    """Open the address and connect; one clear error when the balance is absent, silent, or another one."""
    transport = VisaTransport(
        options.address, visa_library=options.visa_library, baud=options.baud, search=options.port_search
    )
    balance = MtSicsBalance(name, transport, options, clock)
    try:
        balance.connect()
    except BaseException:
        balance.close()
        raise
    return balance


DRIVER = Driver(MtSicsOptions, open_mt_sics)
