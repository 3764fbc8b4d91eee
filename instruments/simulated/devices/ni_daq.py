"""The data acquisition device of the bench: pressure transducers on its inputs, valves on its lines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.devices.witness import Witness
from instruments.simulated.physics.bench import Bench
from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.truth.measuring import ChannelName
from instruments.simulated.wires.ni_grpc import Quantity

DEVICE_NAME = "Dev1"
PRODUCT_TYPE = "SIM-USB-DAQ"

TRANSDUCERS: Mapping[str, ChannelName] = {"ai0": "line", "ai1": "catheter"}
"""Analog input -> pressure channel of the bench. An input with nothing on it reads zero."""

VALVE_INPUT, ALARM_INPUT = "ai2", "ai3"
"""Voltages: the occluder's drive, and the alarm contact of the pump."""

OUTLET_LINE, OCCLUDER_LINE, PUMP_POWER_LINE = "port0/line0", "port0/line1", "port0/line2"
"""High energises: outlet valve to the weighed vessel, occluder closed, pump's power on (where wired)."""

_INPUTS = ("ai0", "ai1", "ai2", "ai3")
_LINES = tuple(f"port0/line{number}" for number in range(8))

# Quantity a transducer gives, and its unit in the quantity's own.
_SIGNALS = {
    "current_ma": (Quantity.CURRENT, 1e-3),
    "voltage_v": (Quantity.VOLTAGE, 1.0),
    "bridge_mv_per_v": (Quantity.BRIDGE_RATIO, 1e-3),
}


class SimulatedDaq:
    """One multifunction device. All lines are low at power-up."""

    name = DEVICE_NAME
    product_type = PRODUCT_TYPE
    analog_inputs: Sequence[str] = _INPUTS
    digital_lines: Sequence[str] = _LINES

    def __init__(
        self,
        bench: Bench,
        *,
        serial_number: Callable[[float], int],
        clock_error_ppm: float,
        alarm_contacts: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
        pump_power: Callable[[float, bool], None] | None = None,
        witness: Witness | None = None,
    ) -> None:
        """Wire a device to the bench.

        `alarm_contacts` says whether the pump's alarm contact was closed, at bench times until now. `pump_power`
        switches the pump's power at a bench time; None where no relay is wired to line 2.
        """
        self.clock_factor = 1.0 + 1e-6 * clock_error_ppm
        self._bench = bench
        self._serial_number = serial_number
        self._witness = witness
        self._lock = threading.Lock()
        self._levels = dict.fromkeys(_LINES, False)
        self._occluder = [(0.0, False)]
        self._alarm_contacts = alarm_contacts
        self._voltage_noise = {
            name: NormalTrack(bench.seed, "daq", f"noise {name}") for name in (VALVE_INPUT, ALARM_INPUT)
        }
        self._wired: dict[str, Callable[[float, bool], None]] = {
            OUTLET_LINE: lambda t_s, high: bench.set_valve(t_s, "outlet", energised=high),
            OCCLUDER_LINE: lambda t_s, high: bench.set_valve(t_s, "occluder", energised=high),
        }
        if pump_power is not None:
            self._wired[PUMP_POWER_LINE] = pump_power

    def serial_number(self, now_s: float) -> int:
        """Return the serial number."""
        return self._serial_number(now_s)

    def signal(
        self, channel: str, quantity: Quantity, times_s: NDArray[np.float64], first_sample: int
    ) -> NDArray[np.float64]:
        """Return what the input measures: the transducer's signal if it is of that quantity, else nothing."""
        name = TRANSDUCERS.get(channel)
        if name is not None:
            given, unit = _SIGNALS[getattr(self._bench.drawn.channel, name).signal]
            if given is quantity:
                return self._bench.electrical(name, times_s, first_sample) * unit
        elif channel in self._voltage_noise and quantity is Quantity.VOLTAGE and times_s.size:
            truth = self._bench.drawn.daq
            noise = self._voltage_noise[channel].numbers(first_sample, times_s.size)
            return truth.high_v * self._is_high(channel, times_s) + truth.voltage_noise_v * noise
        return np.zeros(times_s.shape)

    def _is_high(self, channel: str, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        if channel == ALARM_INPUT:
            return self._alarm_contacts(times_s)
        changes_s, levels = zip(*self._occluder, strict=True)
        return np.array(levels)[np.searchsorted(np.array(changes_s), times_s, side="right") - 1]

    def write_line(self, line: str, high: bool, now_s: float) -> None:
        """Drive a line, and what is wired to it."""
        if self._witness is not None:
            self._witness.note(now_s, "daq", f"{line} {'high' if high else 'low'}")
        with self._lock:
            changed = self._levels[line] is not high
            self._levels[line] = high
            if changed and line == OCCLUDER_LINE:
                self._occluder.append((now_s, high))
            if changed and line in self._wired:
                self._wired[line](now_s, high)

    def read_line(self, line: str, now_s: float) -> bool:
        """Return the level of a line."""
        return self._levels[line]
