"""The power relay in the watchdog's hand: held open from its start, switched when the rig asks."""

from __future__ import annotations

from typing import cast

from instruments.clock import Clock
from instruments.drivers import DriverError
from instruments.errors import InstrumentError
from instruments.interfaces import ValveLines
from rig.safety.bounded import Hung, run_bounded
from rig.stations.device import Device
from rig.valves import PUMP_POWER

_CALLS_OF_A_WRITE = 3.0


class OwnedRelay:
    """Only the line `pump_power` of the lines' device; the other lines stay the rig's."""

    def __init__(self, lines: Device, *, clock: Clock) -> None:
        self._device = lines.with_lines(only=PUMP_POWER)
        self._clock = clock
        self._lines: ValveLines | None = None
        self.is_energised = False
        self.has_fed = True
        """Whether the pump had power at any time since the line was taken; False only where the line has said so."""

    def open(self) -> None:
        """Take the line; raises `InstrumentError` or `DriverError`. Its level stays as it is until it is switched."""
        if self._lines is None:
            self._lines = cast(ValveLines, self._device.open(self._clock))
            self.has_fed = self._lines.read(PUMP_POWER)

    def switch(self, energised: bool) -> None:
        """Switch it and confirm it; raises what a driver raises."""
        self.open()
        if self._lines is not None:
            self.is_energised = self.is_energised or energised
            self.has_fed = self.has_fed or energised
            self._lines.write(PUMP_POWER, energised)
            self.is_energised = energised

    def try_to_switch(self, energised: bool) -> str:
        """Switch it within a bound of time, and return what went wrong, or ""."""
        bound_s = _CALLS_OF_A_WRITE * self._device.deadline_s
        try:
            run_bounded(lambda: self.switch(energised), bound_s=bound_s, name="relay")
        except (InstrumentError, DriverError, Hung) as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Give the line back; its level stays."""
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()
