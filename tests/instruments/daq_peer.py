"""A data acquisition device of the test's own making, behind the simulated bench's NI gRPC wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock
from instruments.simulated.wires.faults import LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire
from instruments.simulated.wires.ni_grpc.device import Quantity

SERIAL_NUMBER = 0x01A2B3C4
SERIAL = "01A2B3C4"


class BenchDaq:
    """Inputs with signals the test sets, and lines that remember, stick, or not."""

    name = "Dev1"
    product_type = "SIM-6210"
    analog_inputs = ("ai0", "ai1", "ai2")
    digital_lines = ("port0/line0", "port0/line1", "port0/line2")
    clock_factor = 1.0

    def __init__(self, signals: Mapping[str, tuple[Quantity, float]] | None = None) -> None:
        self.signals = dict(signals or {})
        self.levels = dict.fromkeys(self.digital_lines, False)
        self.stuck: dict[str, bool] = {}
        self.serial = SERIAL_NUMBER

    def serial_number(self, now_s: float) -> int:
        return self.serial

    def signal(
        self, channel: str, quantity: Quantity, times_s: NDArray[np.float64], first_sample: int
    ) -> NDArray[np.float64]:
        """The value set for the channel, plus a millionth of it per second: every sample differs."""
        wanted, value = self.signals[channel]
        assert quantity is wanted
        return value * (1.0 + 1e-6 * times_s)

    def write_line(self, line: str, high: bool, now_s: float) -> None:
        self.levels[line] = high

    def read_line(self, line: str, now_s: float) -> bool:
        return self.stuck.get(line, self.levels[line])


@contextmanager
def served(device: BenchDaq, clock: Clock) -> Iterator[tuple[NiGrpcWire, LinkFaults]]:
    """Serve a device on a loopback port."""
    faults = LinkFaults()
    wire = NiGrpcWire("daq", device, clock, faults)
    wire.start()
    try:
        yield wire, faults
    finally:
        wire.close()
