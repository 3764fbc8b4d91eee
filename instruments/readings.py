"""What instruments report: numbers with their state, and states that carry no number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class ReadingState(Enum):
    """State of one reading. Only the first two carry a number."""

    STABLE = "stable"
    DYNAMIC = "dynamic"
    OVERLOAD = "overload"
    UNDERLOAD = "underload"
    BUSY = "busy"
    DEVICE_ERROR = "device error"
    WIRE_BREAK = "wire break"
    OVER_RANGE = "over range"
    UNDER_RANGE = "under range"

    @property
    def carries_number(self) -> bool:
        """True when a reading in this state has a value."""
        return self in (ReadingState.STABLE, ReadingState.DYNAMIC)


@dataclass(frozen=True, slots=True)
class MassReading:
    """One balance reading: mass in g (None unless the state carries a number) and the device's own words."""

    mass_g: float | None
    state: ReadingState
    reply: str

    def __post_init__(self) -> None:
        if (self.mass_g is not None) is not self.state.carries_number:
            raise ValueError(f"a reading in state {self.state.value!r} with mass {self.mass_g!r}")


@dataclass(frozen=True, slots=True)
class AmbientReading:
    """Air at the bench: temperature (Celsius), relative humidity (%), absolute pressure (hPa); None where faulty."""

    temperature_c: float | None
    humidity_percent: float | None
    pressure_hpa: float | None
    state: ReadingState
    reply: str


@dataclass(frozen=True, slots=True)
class PressureBlock:
    """Hardware-timed samples of all channels of one task.

    `first_sample` counts from the start of the task; sample k was taken `k * period_s` after it on the DAQ's own clock.
    `pressure_kpa` has shape (channels, samples), gauge pressure, NaN where the state carries no number.
    `voltage_v` has shape (voltages, samples), V: what is sampled beside the pressures.
    `states` has a row for each pressure and then for each voltage, and holds `ReadingState` members.
    """

    first_sample: int
    period_s: float
    pressure_kpa: NDArray[np.float64]
    voltage_v: NDArray[np.float64]
    states: NDArray[np.object_]


class PumpState(Enum):
    """What the pump says it does."""

    STOPPED = "stopped"
    INFUSING = "infusing"
    BOLUS = "bolus"
    PRIMING = "priming"
    MINIMUM_RATE = "minimum rate"
    ALARM = "alarm"
    KEEP_OPEN = "keep open"
    """The infusion has ended; a small flow keeps the line open."""
    CHECKING_LINE = "checking line"
    """Stopped by pressure in the line; goes on by itself if that falls soon, else alarms."""
    BOLUS_REDUCTION = "bolus reduction"
    """Running back after an occlusion alarm."""


class PumpAlarm(Enum):
    """Alarms of the bench interface; a pump reports a set of them."""

    MOTOR_STALL = "motor stall"
    LOW_RESERVOIR = "low reservoir"
    EMPTY_RESERVOIR = "empty reservoir"
    COMMUNICATION_TIMEOUT = "communication time-out"
    STOPPED_TOO_LONG = "stopped too long"
    END_OF_SERVICE = "end of service"
    MEMORY_ERROR = "memory error"
    OCCLUSION = "occlusion"
    END_OF_INFUSION = "end of infusion"


@dataclass(frozen=True, slots=True)
class PumpStatus:
    """What the pump reports of itself: its own calculation, never a measurement of delivery."""

    state: PumpState
    set_flow_ul_per_h: float
    delivered_ul: float
    reservoir_ul: float | None
    """None where the pump keeps no count of a reservoir."""
    alarms: frozenset[PumpAlarm]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers at an address, read from the device."""

    maker: str
    model: str
    serial: str
    firmware: str
