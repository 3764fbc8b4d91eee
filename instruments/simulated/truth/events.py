"""Scheduled disturbances: what goes wrong on the bench, when, and for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from instruments.simulated.truth.drawn import Positive, Strict
from instruments.simulated.truth.measuring import ChannelName


class _At(Strict):
    at_s: Annotated[float, Field(ge=0.0)]


class _Lasting(_At):
    duration_s: Positive

    @property
    def end_s(self) -> float:
        """First instant after the event, s of bench time."""
        return self.at_s + self.duration_s


class Stall(_Lasting):
    """The motor turns in vain: strokes deliver nothing."""

    kind: Literal["stall"]


class PumpFailure(_At):
    """The firmware finds its battery spent or its program lost, and alarms."""

    kind: Literal["pump_failure"]
    alarm: Literal["END_OF_SERVICE", "MEMORY_ERROR"]


class RateError(_Lasting):
    """Strokes are too large or too small."""

    kind: Literal["rate_error"]
    percent: Annotated[float, Field(ge=-100.0, le=500.0)]


class Drift(_Lasting):
    """Strokes grow (or shrink) steadily from the event's start; at its end they are as before."""

    kind: Literal["drift"]
    percent_per_day: float


class Leak(_Lasting):
    """Liquid escapes before the tip, in proportion to the gauge pressure at the pump's outlet."""

    kind: Literal["leak"]
    resistance_kpa_h_per_ml: Positive


class Bubble(_At):
    """A bubble in the outlet tube passes into the vessel: while it does, no mass arrives."""

    kind: Literal["bubble"]
    volume_ul: Positive


class Evaporation(_Lasting):
    """The oil film is lost or torn: the stated rate holds instead of the vessel's own (at 20 C, 50 %RH)."""

    kind: Literal["evaporation"]
    ug_per_min: Annotated[float, Field(ge=0.0)]


class Spike(_Lasting):
    """A knock or vibration: a half-sine in the load."""

    kind: Literal["spike"]
    amplitude_mg: float


class DoorOpen(_Lasting):
    """The draught shield stands open: a step, noise, and a recovery after it is closed."""

    kind: Literal["door_open"]
    step_mg: float


class Load(_Lasting):
    """Somebody lays something on the pan, or lifts something off it."""

    kind: Literal["load"]
    load_g: float


class ReZero(_At):
    """Somebody or something sets the balance's indication to a value in mid-run."""

    kind: Literal["rezero"]
    indication_mg: float = 0.0


class BalanceRefusal(_Lasting):
    """The balance answers requests for the weight with words instead of numbers."""

    kind: Literal["balance_refusal"]
    answer: Literal["S I", "ES", "ET", "EL", "S S Error 10b"]


class SensorFault(_Lasting):
    """A pressure channel's wire breaks, its signal leaves the range, or it freezes."""

    kind: Literal["sensor_fault"]
    channel: ChannelName
    fault: Literal["wire_break", "over_range", "under_range", "frozen"]


class DaqError(_Lasting):
    """The data acquisition fails: samples were overwritten before they were read, or the device is gone."""

    kind: Literal["daq_error"]
    error: Literal["overrun", "device_lost"]


ActionName = Literal[
    "place_weight",
    "remove_weight",
    "refill",
    "set_back_pressure",
    "set_bath",
    "remove_bath",
    "set_ambient_pressure",
    "empty_vessel",
    "isolate_pump",
    "connect_pump",
    "hold_rotor",
    "free_rotor",
    "inject_fixture",
    "apply_pressure",
    "release_pressure",
]
"""What a person can do at the bench."""


class Operation(_At):
    """Somebody does something at the bench, unasked."""

    kind: Literal["operation"]
    action: ActionName
    values: dict[str, float] = Field(default_factory=dict)


class LinkFaultEvent(_Lasting):
    """A device's link misbehaves; carried to the wires as data."""

    kind: Literal["link_fault"]
    device: Literal["pump", "balance", "balance_serial", "balance_sbi", "ambient", "daq"]
    mode: Literal[
        "silent",
        "reply_lost",
        "garbage",
        "half_line",
        "late",
        "duplicate",
        "repeated",
        "babbling",
        "drop_connection",
        "unplugged",
        "replugged",
        "power_cycled",
        "wrong_device",
    ]
    delay_s: Positive = 5.0


BenchEvent = Annotated[
    Stall
    | PumpFailure
    | RateError
    | Drift
    | Leak
    | Bubble
    | Evaporation
    | Spike
    | DoorOpen
    | Load
    | ReZero
    | BalanceRefusal
    | SensorFault
    | Operation
    | DaqError
    | LinkFaultEvent,
    Field(discriminator="kind"),
]
