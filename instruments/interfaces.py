"""What a pump, a balance, a pressure input, an ambient sensor and a set of valve lines can do, whoever made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from instruments.capabilities import PumpCapabilities
from instruments.program import FlowRange, InfusionProgram
from instruments.readings import AmbientReading, Identity, MassReading, PressureBlock, PumpAlarm, PumpStatus


class Instrument(Protocol):
    """A connected device."""

    @property
    def name(self) -> str:
        """Its name in the station file; every error carries it."""

    def identify(self) -> Identity:
        """Ask the device who it is."""

    def configure(self) -> Mapping[str, str]:
        """Set what matters, read it back and return it for the record; `ProtocolError` where it cannot be set."""

    def close(self) -> None:
        """Give the transport back; idempotent."""


class Polled(Instrument, Protocol):
    """A device that is asked for each of its readings over a wire."""

    @property
    def doubts(self) -> int:
        """How many of its answers so far may have been the repetition of another, seen only after they were taken."""


class Pump(Polled, Protocol):
    """A pump under test. What `capabilities` does not have is refused with `ProgramError`, and nothing is sent."""

    @property
    def capabilities(self) -> PumpCapabilities:
        """What it can do."""

    @property
    def flow_range(self) -> FlowRange:
        """The flows it accepts."""

    def upload(self, program: InfusionProgram) -> None:
        """Send a program, read it back and compare; `ProtocolError` with the pump's words when it refuses."""

    def start(self) -> None:
        """Run the uploaded program."""

    def stop(self) -> None:
        """Stop delivery; idempotent, and accepted in every state."""

    def status(self) -> PumpStatus:
        """Read what the pump says of itself."""

    def acknowledge(self) -> frozenset[PumpAlarm]:
        """Acknowledge alarms and return those that stood."""

    def set_reservoir(self, volume_ul: float) -> None:
        """Tell it what its reservoir holds now, uL: after a refill."""

    def set_low_reservoir(self, volume_ul: float) -> None:
        """Set the calculated volume (uL) below which it raises the low-reservoir alarm."""

    def set_volume_to_be_infused(self, volume_ul: float | None) -> None:
        """Set the volume (uL, counted from now) after which the infusion ends; None: no end."""

    def set_occlusion_threshold(self, threshold_kpa: float) -> None:
        """Choose one of its occlusion alarm thresholds, kPa gauge."""

    def set_automatic_restart(self, on: bool) -> None:
        """Let it go on by itself, or not, when an occlusion goes away."""


class Balance(Polled, Protocol):
    """A balance."""

    def read(self) -> MassReading:
        """Return the present reading, settled or not; never blocks until stable."""

    def tare(self) -> None:
        """Set the present load as zero."""


class AmbientSensor(Polled, Protocol):
    """A sensor of the air at the bench."""

    def read(self) -> AmbientReading:
        """Return the present air temperature, humidity and pressure."""


class PressureInput(Instrument, Protocol):
    """Hardware-timed pressure channels of one task."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the pressure channels, in the order of the rows of a block."""

    @property
    def voltages(self) -> tuple[str, ...]:
        """Names of the voltages sampled beside them, in the order of the rows of a block; possibly none."""

    @property
    def transfer_s(self) -> float:
        """How long after it was taken a sample may become readable, s."""

    def start(self, *, rate_hz: float, block_samples: int) -> None:
        """Arm the task and start sampling at `rate_hz`."""

    def read_available(self) -> PressureBlock:
        """Return all samples acquired and not yet read (possibly none); never waits for more."""

    def stop(self) -> None:
        """Stop sampling; idempotent."""


class ValveLines(Instrument, Protocol):
    """Valve and relay lines with read-back."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines."""

    def write(self, line: str, energised: bool) -> None:
        """Set a line and confirm it by reading it back; `ProtocolError` when the read-back differs."""

    def read(self, line: str) -> bool:
        """Read a line back."""
