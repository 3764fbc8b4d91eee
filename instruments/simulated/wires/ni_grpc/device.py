"""What the gRPC wire needs of the data acquisition device behind it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Quantity(Enum):
    """What an analog input measures at its terminals; the value is the unit of the raw electrical signal."""

    VOLTAGE = "V"
    CURRENT = "A"
    BRIDGE_RATIO = "V/V"


class DaqDevice(Protocol):
    """A device with analog inputs and digital lines. Safe to call from several threads; never waits."""

    @property
    def name(self) -> str:
        """Its name in physical channels, e.g. `Dev1`."""

    @property
    def product_type(self) -> str:
        """Its product type; a simulated one begins with `SIM-`."""

    @property
    def analog_inputs(self) -> Sequence[str]:
        """Names of the analog inputs, without the device: `ai0`."""

    @property
    def digital_lines(self) -> Sequence[str]:
        """Names of the digital lines, without the device: `port0/line0`."""

    @property
    def clock_factor(self) -> float:
        """True rate of its sample clock over the nominal one."""

    def serial_number(self, now_s: float) -> int:
        """Return the serial number of the device that sits in the slot at bench time `now_s`."""

    def signal(
        self, channel: str, quantity: Quantity, times_s: NDArray[np.float64], first_sample: int
    ) -> NDArray[np.float64]:
        """Return the raw electrical signal, in the quantity's unit, at bench times `times_s` (none ahead).

        `first_sample` is the number of the first one since the task began: noise belongs to the sample.
        """

    def write_line(self, line: str, high: bool, now_s: float) -> None:
        """Drive a line."""

    def read_line(self, line: str, now_s: float) -> bool:
        """Return the level of a line."""
