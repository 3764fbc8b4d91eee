"""What the fields of a granted reply mean; `MessageError` where they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from instruments.capabilities import PumpCapabilities
from instruments.program import LOCKOUT_MODES, FlowRange, FlowStep, ProgramMode
from instruments.pumps.bench_interface.messages import (
    NOTHING,
    MessageError,
    format_number,
    parse_list,
    parse_number,
)
from instruments.readings import Identity, PumpAlarm, PumpState, PumpStatus

Fields = Mapping[str, str]
_Kind = TypeVar("_Kind", bound=Enum)

ON_OFF = {True: "ON", False: "OFF"}
"""Switches as the wire carries them."""

_OCCLUSION_ALARM = "OCCLUSION_ALARM"
_OF_THE_OCCLUSION_ALARM = frozenset({"BOLUS_REDUCTION", "AUTOMATIC_RESTART"})


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a pump says it is; `interface` is the version of the document it speaks."""

    identity: Identity
    profile: str
    interface: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pump can do: flows in uL/h, reservoir in uL."""

    flow_range: FlowRange
    minimum_rate_ul_per_h: float | None
    bolus_maximum_ul_per_h: float
    capacity_ul: float
    steps: int
    modes: frozenset[ProgramMode]


@dataclass(frozen=True, slots=True)
class Functions:
    """What a pump has beyond its limits: words of the document, thresholds in kPa gauge, keep-open flow in uL/h."""

    words: frozenset[str]
    thresholds_kpa: tuple[float, ...]
    keep_open_ul_per_h: float | None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Status and the time since the pump was switched on, s."""

    status: PumpStatus
    mode: ProgramMode | None
    uptime_s: float


@dataclass(frozen=True, slots=True)
class ProgramHead:
    """Mode, number of steps and lockout (s) of the program stored last."""

    mode: ProgramMode
    steps: int
    lockout_s: Decimal


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """The numbers of one step as the wire carries them; `duration_s` is None for `-`."""

    flow_ul_per_h: Decimal
    duration_s: Decimal | None


@dataclass(frozen=True, slots=True)
class ToBeInfused:
    """The volume after which the infusion ends, uL; None: no end."""

    volume_ul: Decimal | None


def no_fields(_: Fields) -> bool:
    """Return True: the grant itself is the answer."""
    return True


def read_introduction(fields: Fields) -> Introduction:
    """Read the reply to `IDN?`."""
    identity = Identity(*(_text(fields, key) for key in ("MAKER", "MODEL", "SERIAL", "FIRMWARE")))
    return Introduction(identity, _text(fields, "PROFILE"), _text(fields, "INTERFACE"))


def read_limits(fields: Fields) -> Limits:
    """Read the reply to `LIM?`; modes this rig does not know are left out."""
    known = ProgramMode.__members__
    return Limits(
        flow_range=FlowRange(float(_number(fields, "FLOW_MIN")), float(_number(fields, "FLOW_MAX"))),
        minimum_rate_ul_per_h=_optional(fields, "MINIMUM_RATE"),
        bolus_maximum_ul_per_h=float(_number(fields, "BOLUS_MAX")),
        capacity_ul=float(_number(fields, "CAPACITY")),
        steps=_count(fields, "STEPS"),
        modes=frozenset(known[word] for word in parse_list(_text(fields, "MODES")) if word in known),
    )


def read_functions(fields: Fields) -> Functions:
    """Read the reply to `FUN?`; words this rig does not know do no harm, contradictions do."""
    words = frozenset(parse_list(_text(fields, "FUNCTIONS")))
    thresholds_kpa = tuple(float(parse_number(word)) for word in parse_list(_text(fields, "THRESHOLDS")))
    if list(thresholds_kpa) != sorted(set(thresholds_kpa)):
        raise MessageError(f"thresholds {fields['THRESHOLDS']} do not ascend")
    if _OCCLUSION_ALARM not in words and (thresholds_kpa or words & _OF_THE_OCCLUSION_ALARM):
        raise MessageError("functions of an occlusion alarm without one")
    return Functions(words, thresholds_kpa, _optional(fields, "KEEP_OPEN"))


def capabilities_of(limits: Limits, functions: Functions) -> PumpCapabilities:
    """Return what a pump of the bench interface can do; lockout, reservoir and time-out are part of the interface."""
    return PumpCapabilities(
        modes=limits.modes,
        flow_range=limits.flow_range,
        bolus_maximum_ul_per_h=limits.bolus_maximum_ul_per_h,
        lockout=bool(limits.modes & LOCKOUT_MODES),
        reservoir=True,
        reservoir_capacity_ul=limits.capacity_ul,
        stall_alarm="STALL_ALARM" in functions.words,
        occlusion_alarm=_OCCLUSION_ALARM in functions.words,
        occlusion_thresholds_kpa=functions.thresholds_kpa,
        bolus_reduction="BOLUS_REDUCTION" in functions.words,
        automatic_restart="AUTOMATIC_RESTART" in functions.words,
        volume_to_be_infused="VOLUME_TO_BE_INFUSED" in functions.words,
        keep_open_ul_per_h=functions.keep_open_ul_per_h,
        communication_timeout=True,
    )


def read_status(fields: Fields) -> StatusReport:
    """Read the reply to `STA?`; a state or alarm this rig does not know is an error, never ignored."""
    mode = _text(fields, "MODE")
    return StatusReport(
        status=PumpStatus(
            state=_member(PumpState, _text(fields, "STATE")),
            set_flow_ul_per_h=float(_number(fields, "FLOW")),
            delivered_ul=float(_number(fields, "DELIVERED")),
            reservoir_ul=float(_number(fields, "RESERVOIR")),
            alarms=read_alarms(fields),
        ),
        mode=None if mode == NOTHING else _member(ProgramMode, mode),
        uptime_s=float(_number(fields, "UPTIME")),
    )


def read_alarms(fields: Fields) -> frozenset[PumpAlarm]:
    """Read the alarms of a reply to `ACK`, `ALM?` or `STA?`."""
    return frozenset(_member(PumpAlarm, word) for word in parse_list(_text(fields, "ALARMS")))


def read_alarm_times(fields: Fields) -> Mapping[PumpAlarm, float]:
    """Read the reply to `ALM?`: alarm -> time it was raised, s since the pump was switched on."""
    words, times = parse_list(_text(fields, "ALARMS")), parse_list(_text(fields, "RAISED"))
    if len(words) != len(times):
        raise MessageError(f"{len(words)} alarms with {len(times)} times")
    return {_member(PumpAlarm, word): float(parse_number(time)) for word, time in zip(words, times, strict=True)}


def read_program_head(fields: Fields) -> ProgramHead:
    """Read the reply to `PGM?`."""
    mode = _member(ProgramMode, _text(fields, "MODE"))
    return ProgramHead(mode, _count(fields, "STEPS"), _number(fields, "LOCKOUT"))


def read_step(fields: Fields) -> StepNumbers:
    """Read the reply to `STEP?`."""
    duration = _text(fields, "FOR")
    return StepNumbers(_number(fields, "FLOW"), None if duration == NOTHING else parse_number(duration))


def read_seconds(fields: Fields) -> int:
    """Read the reply to `CTO?`."""
    return _count(fields, "SECONDS")


def read_low_reservoir(fields: Fields) -> Decimal:
    """Read the reply to `LOW?`, uL."""
    return _number(fields, "VOLUME")


def read_threshold(fields: Fields) -> Decimal:
    """Read the reply to `OCC?`, kPa gauge."""
    return _number(fields, "THRESHOLD")


def read_to_be_infused(fields: Fields) -> ToBeInfused:
    """Read the volume that was set from the reply to `VTI?`."""
    return ToBeInfused(None if _text(fields, "VOLUME") == NOTHING else _number(fields, "VOLUME"))


def read_restart(fields: Fields) -> bool:
    """Read from the reply to `ARS?` whether automatic restart is on."""
    return _switch(fields, "RESTART")


def read_reduction(fields: Fields) -> bool:
    """Read from the reply to `RLS?` whether bolus reduction is on."""
    return _switch(fields, "REDUCTION")


def read_drawn_back(fields: Fields) -> float:
    """Read from the reply to `RLS?` what the last bolus reduction drew back, uL."""
    return float(_number(fields, "DRAWN_BACK"))


def step_words(step: FlowStep) -> tuple[str, str]:
    """Return flow and duration of a step as the wire carries them."""
    return format_number(step.flow_ul_per_h), NOTHING if step.duration_s is None else format_number(step.duration_s)


def step_numbers(words: tuple[str, str]) -> StepNumbers:
    """Return the numbers those words stand for."""
    flow, duration = words
    return StepNumbers(parse_number(flow), None if duration == NOTHING else parse_number(duration))


def _text(fields: Fields, key: str) -> str:
    value = fields.get(key)
    if not value:
        raise MessageError(f"field {key} is missing")
    return value


def _number(fields: Fields, key: str) -> Decimal:
    return parse_number(_text(fields, key))


def _count(fields: Fields, key: str) -> int:
    number = _number(fields, key)
    if number != int(number):
        raise MessageError(f"{key} is {number}, not a whole number")
    return int(number)


def _optional(fields: Fields, key: str) -> float | None:
    return None if _text(fields, key) == NOTHING else float(_number(fields, key))


def _switch(fields: Fields, key: str) -> bool:
    word = _text(fields, key)
    for on, known in ON_OFF.items():
        if word == known:
            return on
    raise MessageError(f"{key} is {word!r}, neither ON nor OFF")


def _member(kind: type[_Kind], word: str) -> _Kind:
    try:
        return kind[word]
    except KeyError:
        raise MessageError(f"{word!r} is no {kind.__name__}") from None
