"""Driver for the New Era NE-1000 syringe pump on a serial port.

The pump stops by itself when it hears nothing for the communication time-out; without one it speaks its basic mode.
Its first reply to any command while an alarm stands is that alarm, acknowledged thereby, and the command is not carried
out. So the driver keeps the alarm until `acknowledge`, repeats what may be repeated, and refuses `start` meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import Field

from instruments.capabilities import PumpCapabilities
from instruments.clock import Clock
from instruments.drivers import Driver
from instruments.errors import InstrumentError, ProtocolError, ReadBackDiffers
from instruments.links.link import Link
from instruments.links.serial import SerialTransport
from instruments.links.transport import Transport
from instruments.options import Deadline, DriverOptions, Text
from instruments.program import FlowRange, InfusionProgram, ProgramError, ProgramMode
from instruments.pumps.ne1000.packets import ETX, encode_basic, encode_safe
from instruments.pumps.ne1000.replies import (
    Reply,
    ReplyReader,
    format_flow,
    format_number,
    read_direction,
    read_flow_ul_per_h,
    read_infused_ul,
    read_nothing,
    read_number,
    read_version,
    read_volume_ul,
)
from instruments.readings import Identity, PumpAlarm, PumpState, PumpStatus

_BAUD = 19200
_ATTEMPTS = 3
_SLOWEST_CM_PER_H = 0.004205
_FASTEST_CM_PER_MIN = 5.1005
_MICROLITRES_UP_TO_MM = 14.0
_ALARMS = {"S": PumpAlarm.MOTOR_STALL, "T": PumpAlarm.COMMUNICATION_TIMEOUT}
_STATES = {"I": PumpState.INFUSING, "X": PumpState.PRIMING}
_STATES |= dict.fromkeys("SPTU", PumpState.STOPPED)
_FAILURES = {
    "R": ("has restarted", "Find out why it lost power, and start the run anew"),
    "E": ("has found an error in its program", "Upload the program again; if it comes back, have the pump serviced"),
    "O": ("was sent to a phase it does not have", "Upload the program again"),
}


class Ne1000Options(DriverOptions):
    """Options of the station file."""

    port: Text
    serial: Text
    """Serial number on its label: the pump does not tell it, so another NE-1000 at this port is not noticed."""
    address: Annotated[int, Field(ge=0, le=99)] = 0
    deadline_s: Deadline = 1.0
    communication_timeout_s: Annotated[int, Field(ge=0, le=255)] = 60
    """The pump stops by itself after this much silence; 0 is off: basic mode, without CRC."""
    syringe_diameter_mm: Annotated[float, Field(ge=0.1, le=50.0)]
    """Inner diameter of the syringe: it scales every flow and volume."""


class Ne1000Pump:
    """An NE-1000."""

    def __init__(self, name: str, transport: Transport, options: Ne1000Options, clock: Clock) -> None:
        """Make an unconnected driver; `connect` comes first."""
        self.name = name
        self._options = options
        self._flows = flow_range(options.syringe_diameter_mm)
        self._noted: frozenset[PumpAlarm] = frozenset()
        self._running_is_expected = False
        self._failed: str | None = None
        """The letter of a restart or an error while it was to run; it says that once only."""
        self._flow_ul_per_h = 0.0
        self.link = Link(
            transport,
            instrument=name,
            clock=clock,
            deadline_s=options.deadline_s,
            resynchronise=self._resynchronise,
            identify=self.identify,  # it tells no serial number: looked for behind its own USB adapter only
            separate=self.identify,
        )

    def connect(self) -> None:
        """Find out who answers, and switch it to the mode of the options."""
        self.link.connect(expected_serial=self._options.serial)

    @property
    def flow_range(self) -> FlowRange:
        """The flows it accepts with this syringe."""
        return self._flows

    @property
    def capabilities(self) -> PumpCapabilities:
        """What it can do: a stall against a pressure nobody can choose is all it notices of an occlusion."""
        return PumpCapabilities(
            modes=frozenset({ProgramMode.CONTINUOUS, ProgramMode.PRIMING_BOLUS, ProgramMode.STOP}),
            flow_range=self._flows,
            bolus_maximum_ul_per_h=self._flows.maximum_ul_per_h,
            lockout=False,
            reservoir=False,
            reservoir_capacity_ul=None,
            stall_alarm=True,
            occlusion_alarm=False,
            occlusion_thresholds_kpa=(),
            bolus_reduction=False,
            automatic_restart=False,
            volume_to_be_infused=False,
            keep_open_ul_per_h=None,
            communication_timeout=self._options.communication_timeout_s > 0,
        )

    def identify(self) -> Identity:
        """Ask the pump for model and firmware; its serial number is that of the station file."""
        model, firmware = read_version(self._ask("VER", read_version).data)
        return Identity("New Era Pump Systems", model, self._options.serial, firmware)

    def configure(self) -> Mapping[str, str]:
        """Stop it, set the syringe and infusion, and return what it reads back."""
        options = self._options
        self.stop()
        diameter = format_number(options.syringe_diameter_mm)
        if self._number("DIA") != float(diameter):  # setting it clears the dispensed volumes
            self._ask(f"DIA{diameter}")
            self._compare("DIA", self._number("DIA"), float(diameter))
        self._set_direction()
        return {
            "serial": "by the station file; the pump does not tell it",
            "mode": "safe" if options.communication_timeout_s else "basic",
            "communication_timeout_s": str(options.communication_timeout_s),
            "syringe_diameter_mm": diameter,
            "direction": "INF",
            "flow_minimum_ul_per_h": f"{self._flows.minimum_ul_per_h:.4g}",
            "flow_maximum_ul_per_h": f"{self._flows.maximum_ul_per_h:.4g}",
            "occlusion": "no pressure sensor, no threshold to choose: it alarms when its motor stalls",
        }

    def upload(self, program: InfusionProgram) -> None:
        """Set phase 1 to a flow and, for a priming bolus, its volume and phase 2 to stop; read back and compare."""
        if program.mode not in self.capabilities.modes or program.lockout_s:
            raise self._absent(f"program {program.mode.value!r}" if not program.lockout_s else "lockout")
        self.stop()
        if program.mode is ProgramMode.STOP:
            self._flow_ul_per_h = 0.0
            return
        (step,) = program.steps
        self._flows.check(step.flow_ul_per_h)
        volume_ul = 0.0 if step.duration_s is None else step.flow_ul_per_h * step.duration_s / 3600.0
        words = format_flow(step.flow_ul_per_h)
        self._ask("PHN1")
        self._ask("FUNRAT")
        self._ask(f"RAT{words}")
        self._compare("RAT", read_flow_ul_per_h(self._ask("RAT", read_flow_ul_per_h).data), read_flow_ul_per_h(words))
        self._set_direction()
        self._set_volume(volume_ul)
        self._ask("PHN2")
        self._ask("FUNSTP")  # else a volume that is reached rolls on into whatever phase 2 holds
        self._ask("PHN1")
        self._flow_ul_per_h = step.flow_ul_per_h

    def start(self) -> None:
        """Run the program uploaded last; `ProtocolError` while an alarm is not acknowledged."""
        if self._flow_ul_per_h == 0.0:
            return
        alarm = "" if self._noted else self._ask("RUN1", repeat=False).alarm
        if self._noted or alarm:
            standing = ", ".join(sorted(one.value for one in self._noted)) or f"A?{alarm}"
            raise self._error("RUN1", f"it was not started: an alarm stands ({standing})")
        self._running_is_expected = True

    def stop(self) -> None:
        """Stop delivery for good: the first STP of a running pump only pauses it. Tried three times."""
        self._running_is_expected = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._halt()
                self._failed = None
                return
            except InstrumentError:
                if attempt == _ATTEMPTS:
                    raise

    def status(self) -> PumpStatus:
        """Read what the pump says of itself; `ProtocolError` from a restart while it was to run until its stop."""
        reply = self._ask("DIS", read_infused_ul)
        self._refuse_failed("DIS")
        state = _STATES.get(reply.prompt)
        if state is None:
            raise self._error("DIS", f"it reports {reply.prompt!r}, no state of an infusion", reply.data)
        running = state is not PumpState.STOPPED
        return PumpStatus(
            state=PumpState.ALARM if self._noted and not running else state,
            set_flow_ul_per_h=self._flow_ul_per_h if running else 0.0,
            delivered_ul=read_infused_ul(reply.data),
            reservoir_ul=None,
            alarms=self._noted,
        )

    def acknowledge(self) -> frozenset[PumpAlarm]:
        """Acknowledge alarms and return those that stood."""
        self._ask("", restart_matters=False)
        noted, self._noted = self._noted, frozenset()
        return noted

    def set_reservoir(self, volume_ul: float) -> None:
        """Refuse: `ProgramError`."""
        raise self._absent("count of a reservoir")

    def set_low_reservoir(self, volume_ul: float) -> None:
        """Refuse: `ProgramError`."""
        raise self._absent("count of a reservoir")

    def set_volume_to_be_infused(self, volume_ul: float | None) -> None:
        """Refuse: `ProgramError`."""
        raise self._absent("volume to be infused beside a program")

    def set_occlusion_threshold(self, threshold_kpa: float) -> None:
        """Refuse: `ProgramError`."""
        raise self._absent("selectable occlusion threshold")

    def set_automatic_restart(self, on: bool) -> None:
        """Refuse: `ProgramError`."""
        raise self._absent("automatic restart")

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another."""
        return self.link.doubts

    def close(self) -> None:
        """Give the port back; an armed communication time-out goes on protecting what is connected."""
        self.link.close()

    def _resynchronise(self) -> Identity:
        # Taken in basic mode, too; so the pump is in the wanted mode whatever it was left in.
        self._ask(f"SAF{self._options.communication_timeout_s}", restart_matters=False, safe=True)
        return self.identify()

    def _halt(self) -> None:
        for _ in range(_ATTEMPTS):
            if self._ask("", restart_matters=False).prompt == "S":
                return
            try:
                self._ask("STP", restart_matters=False)
            except ProtocolError as error:
                if b"?NA" not in error.reply:  # it has stopped by itself meanwhile
                    raise
        raise self._error("STP", "it does not stop")

    def _set_direction(self) -> None:
        self._ask("DIRINF")
        found = self._ask("DIR", read_direction).data
        self._compare("DIR", found, "INF")

    def _set_volume(self, volume_ul: float) -> None:
        micro = self._options.syringe_diameter_mm <= _MICROLITRES_UP_TO_MM
        words = "0.000" if volume_ul == 0.0 else format_number(volume_ul if micro else volume_ul / 1000.0)
        self._ask(f"VOL{words}")
        self._compare(
            "VOL", read_volume_ul(self._ask("VOL", read_volume_ul).data), float(words) * (1.0 if micro else 1000.0)
        )

    def _number(self, command: str) -> float:
        return read_number(self._ask(command, read_number).data)

    def _compare(self, command: str, found: object, expected: object) -> None:
        if found != expected:
            problem = f"read-back differs: {found}, not {expected}"
            raise self._error(command, problem, str(found), kind=ReadBackDiffers)

    def _ask(
        self,
        command: str,
        check: Callable[[str], object] = read_nothing,
        *,
        repeat: bool = True,
        restart_matters: bool = True,
        safe: bool = False,
    ) -> Reply:
        options = self._options
        text = f"{options.address:02d}{command}"
        in_safe_mode = safe or options.communication_timeout_s > 0
        question = encode_safe(text.encode("ascii")) if in_safe_mode else encode_basic(options.address, command)
        for _ in range(_ATTEMPTS):
            reply = self.link.ask(question, ReplyReader(options.address, check), words=text)
            if not reply.alarm:
                return reply
            # It may have come unasked, and the reply to the question after it.
            self.link.distrust()
            self._note(command, reply.alarm, restart_matters=restart_matters)
            if not repeat:
                return reply
        raise self._error(command, "its alarm does not go away", f"A?{reply.alarm}")

    def _note(self, command: str, letter: str, *, restart_matters: bool) -> None:
        if letter in _ALARMS:
            self._noted |= {_ALARMS[letter]}
        elif self._running_is_expected:
            self._failed = letter
            if restart_matters:
                self._refuse_failed(command)

    def _refuse_failed(self, command: str) -> None:
        if self._failed is not None:
            problem, remedy = _FAILURES[self._failed]
            raise self._error(command, f"the pump {problem}", f"A?{self._failed}", remedy)

    def _error(
        self,
        command: str,
        problem: str,
        reply: str = "",
        remedy: str = "",
        *,
        kind: type[ProtocolError] = ProtocolError,
    ) -> ProtocolError:
        return kind(
            problem,
            instrument=self.name,
            command=command,
            reply=reply.encode("latin-1"),
            remedy=remedy or "Acknowledge its alarms, find their cause, and try again",
        )

    def _absent(self, function: str) -> ProgramError:
        return ProgramError(f"{self.name}: an NE-1000 has no {function}; nothing was sent. Choose a pump that has it")


def flow_range(diameter_mm: float) -> FlowRange:
    """Return the flows (uL/h) with a syringe: its bore times 0.004205 cm/h to 5.1005 cm/min (NE-1000 manual)."""
    area_cm2 = math.pi / 4.0 * (diameter_mm / 10.0) ** 2
    return FlowRange(area_cm2 * _SLOWEST_CM_PER_H * 1000.0, area_cm2 * _FASTEST_CM_PER_MIN * 60.0 * 1000.0)


def open_ne1000(name: str, options: Ne1000Options, clock: Clock) -> Ne1000Pump:
    """Open the port and connect; one clear error when the pump is absent, silent, or something else."""
    transport = SerialTransport(options.port, terminator=ETX, baud=_BAUD)
    pump = Ne1000Pump(name, transport, options, clock)
    try:
        pump.connect()
    except BaseException:
        pump.close()
        raise
    return pump


DRIVER = Driver(Ne1000Options, open_ne1000)
