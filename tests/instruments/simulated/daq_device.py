"""A data acquisition device whose signals are known: what the tests put behind the gRPC wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import nidaqmx
import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock
from instruments.simulated.wires.faults import LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire, Quantity
from instruments.simulated.wires.ni_grpc.errors import ErrorPeriod


@dataclass
class RampDevice:
    """Input `aiN` reads (N + 1) * t in the unit of the quantity asked for; `asked` notes what was."""

    name: str = "Dev1"
    product_type: str = "SIM-RAMP"
    analog_inputs: tuple[str, ...] = ("ai0", "ai1", "ai2", "ai3")
    digital_lines: tuple[str, ...] = ("port0/line0", "port0/line1", "port0/line2", "port0/line3", "port1/line0")
    clock_factor: float = 1.0
    levels: dict[str, bool] = field(default_factory=dict)
    asked: list[tuple[str, Quantity, int, int]] = field(default_factory=list)

    def serial_number(self, now_s: float) -> int:
        return 0x1234

    def signal(
        self, channel: str, quantity: Quantity, times_s: NDArray[np.float64], first_sample: int
    ) -> NDArray[np.float64]:
        self.asked.append((channel, quantity, first_sample, times_s.size))
        return (int(channel[2:]) + 1) * times_s

    def write_line(self, line: str, high: bool, now_s: float) -> None:
        self.levels[line] = high

    def read_line(self, line: str, now_s: float) -> bool:
        return self.levels.get(line, False)


@dataclass
class Served:
    """A device behind its wire, and the options that lead a nidaqmx client there."""

    device: RampDevice
    wire: NiGrpcWire
    faults: LinkFaults
    channel: grpc.Channel

    def options(self, session_name: str = "") -> nidaqmx.GrpcSessionOptions:
        return nidaqmx.GrpcSessionOptions(self.channel, session_name)

    def task(self, name: str = "") -> nidaqmx.Task:
        return nidaqmx.Task(name, grpc_options=self.options(name))


@contextmanager
def served(
    clock: Clock, device: RampDevice | None = None, errors_to_come: Sequence[ErrorPeriod] = ()
) -> Iterator[Served]:
    device, faults = device or RampDevice(), LinkFaults()
    wire = NiGrpcWire("daq", device, clock, faults, errors_to_come)
    wire.start()
    channel = grpc.insecure_channel(wire.target, options=(("grpc.enable_http_proxy", 0),))
    try:
        yield Served(device, wire, faults, channel)
    finally:
        channel.close()
        wire.close()
