"""What the fields of a granted reply mean; `MessageError` where they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from instruments.program import FlowRange, FlowStep, ProgramMode
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
    minimum_rate_ul_per_h: float
    bolus_maximum_ul_per_h: float
    capacity_ul: float
    steps: int
    modes: frozenset[ProgramMode]


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
        minimum_rate_ul_per_h=float(_number(fields, "MINIMUM_RATE")),
        bolus_maximum_ul_per_h=float(_number(fields, "BOLUS_MAX")),
        capacity_ul=float(_number(fields, "CAPACITY")),
        steps=_count(fields, "STEPS"),
        modes=frozenset(known[word] for word in parse_list(_text(fields, "MODES")) if word in known),
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


def _member(kind: type[_Kind], word: str) -> _Kind:
    try:
        return kind[word]
    except KeyError:
        raise MessageError(f"{word!r} is no {kind.__name__}") from None
