"""Driver for pumps that speak the bench interface (docs/bench-interface.md) on a serial port: implantable, external."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from instruments.capabilities import PumpCapabilities
from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import InstrumentError, LinkLost, ProtocolError
from instruments.links.link import Link
from instruments.links.ports import PortSearch
from instruments.links.serial import SerialTransport
from instruments.links.transport import Transport
from instruments.options import Deadline, DriverOptions, Text
from instruments.program import BOLUS_MODES, IMPLANT_THERAPEUTIC_RANGE, FlowRange, InfusionProgram, ProgramError
from instruments.pumps.bench_interface.conversation import Conversation
from instruments.pumps.bench_interface.messages import NOTHING, format_number, parse_number
from instruments.pumps.bench_interface.replies import (
    ON_OFF,
    Limits,
    ProgramHead,
    StatusReport,
    ToBeInfused,
    capabilities_of,
    no_fields,
    read_alarm_times,
    read_alarms,
    read_drawn_back,
    read_functions,
    read_limits,
    read_low_reservoir,
    read_program_head,
    read_reduction,
    read_restart,
    read_seconds,
    read_status,
    read_step,
    read_threshold,
    read_to_be_infused,
    step_numbers,
    step_words,
)
from instruments.readings import Identity, PumpAlarm, PumpStatus

_TERMINATOR = b"\x03"
_STOP_ATTEMPTS = 3


class BenchInterfaceOptions(DriverOptions):
    """Options of the station file."""

    port: Text
    serial: Text
    """Serial number the pump must report."""
    port_search: PortSearch = ()
    """Patterns of other ports to look at when this one is gone: `/dev/ttyUSB*`. Each is asked who is there."""
    deadline_s: Deadline = 1.0
    communication_timeout_s: Annotated[int, Field(ge=0, le=86400)] = 60
    """The pump stops by itself after this much silence while delivering; 0 is off."""


class BenchInterfacePump:
    """A pump of the bench interface."""

    def __init__(self, name: str, transport: Transport, options: BenchInterfaceOptions, clock: Clock) -> None:
        """Make an unconnected driver; `connect` comes first."""
        self.name = name
        self._options = options
        self._limits: Limits | None = None
        self._capabilities: PumpCapabilities | None = None
        self._timeout_armed = False
        self._uptime_s = 0.0
        self._conversation = Conversation(
            name, transport, clock=clock, deadline_s=options.deadline_s, restore=self._restore
        )
        self._ask = self._conversation.ask
        self._compare = self._conversation.compare

    def connect(self) -> None:
        """Find out who answers and what it can do.

        `ProtocolError` unless it is the pump of the station file, and an implantable one has an implant's range.
        """
        self.link.connect(expected_serial=self._options.serial)
        limits = self._ask(read_limits, "LIM?")
        if self._conversation.profile == "IMPLANTABLE" and limits.flow_range != IMPLANT_THERAPEUTIC_RANGE:
            raise ProtocolError(
                f"the pump reports a range of {limits.flow_range.minimum_ul_per_h:g} to "
                f"{limits.flow_range.maximum_ul_per_h:g} uL/h; an implantable pump of this interface has "
                f"{IMPLANT_THERAPEUTIC_RANGE.minimum_ul_per_h:g} to {IMPLANT_THERAPEUTIC_RANGE.maximum_ul_per_h:g}",
                instrument=self.name,
                command="LIM?",
                reply=repr(limits.flow_range).encode(),
                remedy="Use the driver that fits this pump",
            )
        self._capabilities = capabilities_of(limits, self._ask(read_functions, "FUN?"))
        self._limits = limits

    @property
    def link(self) -> Link:
        """The link to the pump."""
        return self._conversation.link

    @property
    def flow_range(self) -> FlowRange:
        """The flows it accepts."""
        return self.limits.flow_range

    @property
    def capabilities(self) -> PumpCapabilities:
        """What it said it can do."""
        if self._capabilities is None:
            raise self._not_connected()
        return self._capabilities

    @property
    def limits(self) -> Limits:
        """What the pump said of its flows, reservoir and modes."""
        if self._limits is None:
            raise self._not_connected()
        return self._limits

    def identify(self) -> Identity:
        """Ask the pump who it is."""
        return self._conversation.identify()

    def configure(self) -> Mapping[str, str]:
        """Arm the communication time-out, put an external pump's functions in a known state, and return the record.

        Known is: bolus reduction on, automatic restart off, no volume to be infused; the threshold stays as it is.
        """
        self._arm()
        limits, can = self.limits, self.capabilities
        record = {
            "profile": self._conversation.profile,
            "communication_timeout_s": str(self._options.communication_timeout_s),
            "flow_minimum_ul_per_h": f"{limits.flow_range.minimum_ul_per_h:g}",
            "flow_maximum_ul_per_h": f"{limits.flow_range.maximum_ul_per_h:g}",
            "bolus_maximum_ul_per_h": f"{limits.bolus_maximum_ul_per_h:g}",
            "capacity_ul": f"{limits.capacity_ul:g}",
        }
        if limits.minimum_rate_ul_per_h is not None:
            record["minimum_rate_ul_per_h"] = f"{limits.minimum_rate_ul_per_h:g}"
        if can.bolus_reduction:
            self.set_bolus_reduction(True)
            record["bolus_reduction"] = "on"
        if can.automatic_restart:
            self.set_automatic_restart(False)
            record["automatic_restart"] = "off"
        if can.volume_to_be_infused:
            self.set_volume_to_be_infused(None)
        if can.occlusion_thresholds_kpa:
            record["occlusion_threshold_kpa"] = f"{float(self._ask(read_threshold, 'OCC?')):g}"
        return record

    def upload(self, program: InfusionProgram) -> None:
        """Send a program, read it back and compare number by number.

        `ProtocolError` with the pump's words when it refuses or reads back another; `ProgramError` when the pump does
        not have the mode, or accepts a flow that lies outside the range it reports.
        """
        self._require(program.mode in self.capabilities.modes, f"mode {program.mode.value!r}")
        steps = [step_words(step) for step in program.steps]
        lockout = format_number(program.lockout_s)
        head = (program.mode.name, str(len(steps)), *(() if program.lockout_s == 0.0 else (f"LOCKOUT={lockout}",)))
        self._ask(no_fields, "PGM", *head)
        for number, words in enumerate(steps, start=1):
            self._ask(no_fields, "STEP", str(number), *words)
        self._check_flows(program)
        self._ask(no_fields, "STORE")
        stored = self._ask(read_program_head, "PGM?")
        expected = ProgramHead(program.mode, len(steps), step_numbers((lockout, "-")).flow_ul_per_h)
        self._compare("PGM?", stored, expected)
        for number, words in enumerate(steps, start=1):
            self._compare(f"STEP? {number}", self._ask(read_step, "STEP?", str(number)), step_numbers(words))
        self._uptime_s = self._report().uptime_s

    def start(self) -> None:
        """Run the program uploaded last."""
        self._ask(no_fields, "RUN")

    def stop(self) -> None:
        """Stop delivery; tried three times, because nothing matters more."""
        for attempt in range(1, _STOP_ATTEMPTS + 1):
            try:
                self._ask(no_fields, "STOP")
                return
            except InstrumentError:
                if attempt == _STOP_ATTEMPTS:
                    raise

    def status(self) -> PumpStatus:
        """Read what the pump says of itself; `ProtocolError` when it has restarted since the last upload."""
        report = self._report()
        if report.uptime_s < self._uptime_s:
            raise ProtocolError(
                f"the pump has restarted ({report.uptime_s:g} s since it was switched on)",
                instrument=self.name,
                command="STA?",
                reply=repr(report.status).encode(),
                remedy="Its program and counters are gone: find out why, and start the run anew",
            )
        self._uptime_s = report.uptime_s
        return report.status

    def acknowledge(self) -> frozenset[PumpAlarm]:
        """Acknowledge alarms and return those that stood."""
        return self._ask(read_alarms, "ACK")

    def alarms(self) -> Mapping[PumpAlarm, float]:
        """Return the standing alarms and when each was raised, s since the pump was switched on."""
        return self._ask(read_alarm_times, "ALM?")

    def set_reservoir(self, volume_ul: float) -> None:
        """Tell the pump what its reservoir holds after a refill, uL."""
        self._ask(no_fields, "RES", format_number(volume_ul))

    def set_low_reservoir(self, volume_ul: float) -> None:
        """Set the threshold of the low-reservoir alarm, uL, and read it back."""
        words = format_number(volume_ul)
        self._ask(no_fields, "LOW", words)
        self._compare("LOW?", self._ask(read_low_reservoir, "LOW?"), parse_number(words))

    def set_volume_to_be_infused(self, volume_ul: float | None) -> None:
        """Set the volume (uL, counted from now) after which the infusion ends, and read it back; None: no end."""
        self._require(self.capabilities.volume_to_be_infused, "volume to be infused")
        words = NOTHING if volume_ul is None else format_number(volume_ul)
        self._ask(no_fields, "VTI", words)
        expected = ToBeInfused(None if volume_ul is None else parse_number(words))
        self._compare("VTI?", self._ask(read_to_be_infused, "VTI?"), expected)

    def set_occlusion_threshold(self, threshold_kpa: float) -> None:
        """Choose one of the pump's occlusion alarm thresholds, kPa gauge, and read it back."""
        thresholds_kpa = self.capabilities.occlusion_thresholds_kpa
        self._require(bool(thresholds_kpa), "selectable occlusion threshold")
        if threshold_kpa not in thresholds_kpa:
            choice = ", ".join(f"{kpa:g}" for kpa in thresholds_kpa)
            raise ProgramError(f"{self.name}: no occlusion threshold of {threshold_kpa:g} kPa; there are {choice} kPa")
        words = format_number(threshold_kpa)
        self._ask(no_fields, "OCC", words)
        self._compare("OCC?", self._ask(read_threshold, "OCC?"), parse_number(words))

    def set_automatic_restart(self, on: bool) -> None:
        """Let the pump go on by itself, or not, when an occlusion goes away, and read it back."""
        self._require(self.capabilities.automatic_restart, "automatic restart")
        self._ask(no_fields, "ARS", ON_OFF[on])
        self._compare("ARS?", self._ask(read_restart, "ARS?"), on)

    def set_bolus_reduction(self, on: bool) -> None:
        """Let the pump run back, or not, after an occlusion alarm, and read it back."""
        self._require(self.capabilities.bolus_reduction, "bolus reduction")
        self._ask(no_fields, "RLS", ON_OFF[on])
        self._compare("RLS?", self._ask(read_reduction, "RLS?"), on)

    def drawn_back_ul(self) -> float:
        """Return what the pump says its last bolus reduction drew back, uL."""
        self._require(self.capabilities.bolus_reduction, "bolus reduction")
        return self._ask(read_drawn_back, "RLS?")

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another."""
        return self.link.doubts

    def close(self) -> None:
        """Give the port back; an armed communication time-out goes on protecting what is connected."""
        self.link.close()

    def _report(self) -> StatusReport:
        return self._ask(read_status, "STA?")

    def _not_connected(self) -> LinkLost:
        return LinkLost("not connected", instrument=self.name, remedy="Call connect() first")

    def _require(self, present: bool, function: str) -> None:
        if not present:
            profile = self._conversation.profile.lower()
            raise ProgramError(
                f"{self.name}: this {profile} pump has no {function}; nothing was sent. Choose a pump that has it"
            )

    def _restore(self) -> None:
        # A pump that restarted has forgotten its time-out.
        if self._timeout_armed:
            self._arm()

    def _arm(self) -> None:
        seconds = self._options.communication_timeout_s
        self._ask(no_fields, "CTO", str(seconds))
        self._compare("CTO?", self._ask(read_seconds, "CTO?"), seconds)
        self._timeout_armed = True

    def _check_flows(self, program: InfusionProgram) -> None:
        limits = self.limits
        allowed = FlowRange(
            limits.flow_range.minimum_ul_per_h,
            limits.bolus_maximum_ul_per_h if program.mode in BOLUS_MODES else limits.flow_range.maximum_ul_per_h,
        )
        for step in program.steps:
            try:
                allowed.check(step.flow_ul_per_h)
            except ProgramError as error:
                raise ProgramError(f"{self.name}: the pump accepted a step it must refuse: {error}") from error


def open_bench_interface(name: str, options: BenchInterfaceOptions, clock: Clock) -> BenchInterfacePump:
    """Open the port and connect; one clear error when the pump is absent, silent, or another one."""
    transport = SerialTransport(options.port, terminator=_TERMINATOR, search=options.port_search)
    pump = BenchInterfacePump(name, transport, options, clock)
    try:
        pump.connect()
    except BaseException:
        pump.close()
        raise
    return pump


DRIVER = Driver(BenchInterfaceOptions, open_bench_interface)
