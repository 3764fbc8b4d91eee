"""Driver for an implantable pump that speaks the bench interface (docs/bench-interface.md) on a serial port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Annotated, TypeVar

from pydantic import Field

from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import InstrumentError, LinkLost, ProtocolError
from instruments.links.link import Garbled, Link, RefusedByDevice
from instruments.links.serial import SerialTransport
from instruments.links.transport import Transport
from instruments.options import Deadline, DriverOptions, Text
from instruments.program import IMPLANT_THERAPEUTIC_RANGE, FlowRange, InfusionProgram, ProgramError, ProgramMode
from instruments.pumps.bench_interface.frames import DamagedFrame, FrameDecoder, encode_frame
from instruments.pumps.bench_interface.messages import (
    SEQUENCE_NUMBERS,
    ErrorCode,
    MessageError,
    Request,
    format_number,
    format_request,
    parse_reply,
)
from instruments.pumps.bench_interface.replies import (
    Introduction,
    Limits,
    ProgramHead,
    StatusReport,
    no_fields,
    read_alarm_times,
    read_alarms,
    read_introduction,
    read_limits,
    read_program_head,
    read_seconds,
    read_status,
    read_step,
    step_numbers,
    step_words,
)
from instruments.readings import Identity, PumpAlarm, PumpStatus

_Answer = TypeVar("_Answer")
_TERMINATOR = b"\x03"
_INTERFACE = "1"
_PROFILE = "IMPLANTABLE"
_STOP_ATTEMPTS = 3
_REMEDIES = {
    ErrorCode.BAD_FRAME: "Check cable, grounding and line settings (115200 8N1)",
    ErrorCode.UNKNOWN_COMMAND: "The pump does not have this function",
    ErrorCode.OUT_OF_RANGE: "Choose a dose and concentration that give a flow within the pump's range",
    ErrorCode.NO_PROGRAM: "Upload a program first",
    ErrorCode.ALARM_STANDING: "Remove the cause of the alarm and acknowledge it",
    ErrorCode.LOCKOUT: "Wait for the end of the lockout",
}


class BenchInterfaceOptions(DriverOptions):
    """Options of the station file."""

    port: Text
    serial: Text
    """Serial number the pump must report."""
    deadline_s: Deadline = 1.0
    communication_timeout_s: Annotated[int, Field(ge=0, le=86400)] = 60
    """The pump stops by itself after this much silence while delivering; 0 is off."""


class BenchInterfacePump:
    """A pump of the bench interface."""

    def __init__(self, name: str, transport: Transport, options: BenchInterfaceOptions, clock: Clock) -> None:
        """Make an unconnected driver; `connect` comes first."""
        self.name = name
        self._options = options
        self._sequence = count()
        self._limits: Limits | None = None
        self._timeout_armed = False
        self._uptime_s = 0.0
        self.link = Link(
            transport,
            instrument=name,
            clock=clock,
            deadline_s=options.deadline_s,
            resynchronise=self._resynchronise,
        )

    def connect(self) -> None:
        """Find out who answers; `ProtocolError` unless it is the pump of the station file with an implant's range."""
        self.link.connect(expected_serial=self._options.serial)
        limits = self._ask(read_limits, "LIM?")
        if limits.flow_range != IMPLANT_THERAPEUTIC_RANGE:
            raise ProtocolError(
                f"the pump reports a range of {limits.flow_range.minimum_ul_per_h:g} to "
                f"{limits.flow_range.maximum_ul_per_h:g} uL/h; an implantable pump of this interface has "
                f"{IMPLANT_THERAPEUTIC_RANGE.minimum_ul_per_h:g} to {IMPLANT_THERAPEUTIC_RANGE.maximum_ul_per_h:g}",
                instrument=self.name,
                command="LIM?",
                reply=repr(limits.flow_range).encode(),
                remedy="Use the driver that fits this pump",
            )
        self._limits = limits

    @property
    def flow_range(self) -> FlowRange:
        """The flows it accepts."""
        return self.limits.flow_range

    @property
    def limits(self) -> Limits:
        """What the pump said it can do."""
        if self._limits is None:
            raise LinkLost("not connected", instrument=self.name, remedy="Call connect() first")
        return self._limits

    def identify(self) -> Identity:
        """Ask the pump who it is."""
        return self._ask(self._checked_introduction, "IDN?")

    def configure(self) -> Mapping[str, str]:
        """Arm the communication time-out, read it back, and return settings and limits for the record."""
        self._arm()
        limits = self.limits
        return {
            "communication_timeout_s": str(self._options.communication_timeout_s),
            "flow_minimum_ul_per_h": f"{limits.flow_range.minimum_ul_per_h:g}",
            "flow_maximum_ul_per_h": f"{limits.flow_range.maximum_ul_per_h:g}",
            "minimum_rate_ul_per_h": f"{limits.minimum_rate_ul_per_h:g}",
            "capacity_ul": f"{limits.capacity_ul:g}",
        }

    def upload(self, program: InfusionProgram, *, lockout_s: float = 0.0) -> None:
        """Send a program, read it back and compare number by number.

        `ProtocolError` with the pump's words when it refuses or reads back another; `ProgramError` when it accepts a
        flow that lies outside the range it reports.
        """
        steps = [step_words(step) for step in program.steps]
        lockout = format_number(lockout_s)
        head = (program.mode.name, str(len(steps)), *(() if lockout_s == 0.0 else (f"LOCKOUT={lockout}",)))
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

    def close(self) -> None:
        """Give the port back; an armed communication time-out goes on protecting what is connected."""
        self.link.close()

    def _report(self) -> StatusReport:
        return self._ask(read_status, "STA?")

    def _arm(self) -> None:
        seconds = self._options.communication_timeout_s
        self._ask(no_fields, "CTO", str(seconds))
        self._compare("CTO?", self._ask(read_seconds, "CTO?"), seconds)
        self._timeout_armed = True

    def _check_flows(self, program: InfusionProgram) -> None:
        limits = self.limits
        timed_bolus = program.mode in (ProgramMode.SINGLE_BOLUS, ProgramMode.PRIMING_BOLUS, ProgramMode.BRIDGE_BOLUS)
        allowed = FlowRange(
            limits.flow_range.minimum_ul_per_h,
            limits.bolus_maximum_ul_per_h if timed_bolus else limits.flow_range.maximum_ul_per_h,
        )
        for step in program.steps:
            try:
                allowed.check(step.flow_ul_per_h)
            except ProgramError as error:
                raise ProgramError(f"{self.name}: the pump accepted a step it must refuse: {error}") from error

    def _compare(self, command: str, found: object, expected: object) -> None:
        if found != expected:
            raise ProtocolError(
                f"read-back differs: {found}, not {expected}",
                instrument=self.name,
                command=command,
                reply=repr(found).encode(),
                remedy="The pump cannot hold these numbers; do not use it for this program",
            )

    def _resynchronise(self) -> Identity:
        # Sequence numbers tell late replies apart: there is nothing to clear. A pump that restarted has forgotten
        # its time-out, so it is armed again.
        identity = self.identify()
        if self._timeout_armed:
            self._arm()
        return identity

    def _checked_introduction(self, fields: Mapping[str, str]) -> Identity:
        introduction: Introduction = read_introduction(fields)
        if (introduction.profile, introduction.interface) != (_PROFILE, _INTERFACE):
            raise RefusedByDevice(
                f"profile {introduction.profile}, interface {introduction.interface}; "
                f"this driver speaks profile {_PROFILE}, interface {_INTERFACE}",
                "Use the driver that fits this pump",
            )
        return introduction.identity

    def _ask(self, read: Callable[[Mapping[str, str]], _Answer], command: str, *arguments: str) -> _Answer:
        self.link.synchronise()  # so that its own questions come before this one in number, too
        request = Request(next(self._sequence) % SEQUENCE_NUMBERS, command, arguments)
        frame = encode_frame(format_request(request))

        def understand(unit: bytes) -> _Answer | None:
            received = FrameDecoder().feed(unit)
            if not received:
                return None  # noise that happened to end like a frame
            last = received[-1]
            if isinstance(last, DamagedFrame):
                raise Garbled(last.damage.value)
            try:
                reply = parse_reply(last)
                if reply.sequence is not None and (reply.sequence, reply.command) != (request.sequence, command):
                    return None
                if reply.error is None:
                    return read(reply.fields)
            except MessageError as error:
                raise Garbled(str(error)) from error
            raise _refusal(*reply.error)

        return self.link.ask(frame, understand, words=" ".join((command, *arguments)))


def _refusal(code: int, words: str) -> RefusedByDevice:
    known = code in ErrorCode.__members__.values()
    remedy = _REMEDIES.get(ErrorCode(code), "") if known else ""
    return RefusedByDevice(f"the pump refuses (error {code:02d}: {words})", remedy)


def open_bench_interface(name: str, options: BenchInterfaceOptions, clock: Clock) -> BenchInterfacePump:
    """Open the port and connect; one clear error when the pump is absent, silent, or another one."""
    pump = BenchInterfacePump(name, SerialTransport(options.port, terminator=_TERMINATOR), options, clock)
    try:
        pump.connect()
    except BaseException:
        pump.close()
        raise
    return pump


DRIVER = Driver(BenchInterfaceOptions, open_bench_interface)
