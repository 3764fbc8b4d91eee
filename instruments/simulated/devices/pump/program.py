"""Programs as the pump keeps them, and the upload that makes one: step by step, valid as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from instruments.program import LOCKOUT_MODES, ProgramMode
from instruments.pumps.bench_interface.messages import NOTHING, ErrorCode, MessageError, parse_number
from instruments.simulated.devices.pump.limits import DAY_S, PumpLimits, Refusal, check_range

_LOCKOUT = "LOCKOUT="
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step with its numbers exactly as they came; no duration: until stopped."""

    flow_ul_per_h: Decimal
    duration_s: Decimal | None


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A whole program."""

    mode: ProgramMode
    steps: tuple[StoredStep, ...]
    lockout_s: Decimal

    def flow_of(self, segment: int, limits: PumpLimits) -> float:
        """Return the flow of a segment, uL/h. A segment is a step; FLEX counts on from day to day."""
        if self.mode is ProgramMode.MINIMUM_RATE:
            return limits.minimum_rate_ul_per_h or 0.0
        return float(self.steps[segment % len(self.steps)].flow_ul_per_h) if self.steps else 0.0

    def end_of(self, segment: int) -> float | None:
        """Return the time after `RUN` (the pump's own, s) at which a segment ends; None: until stopped."""
        if not self.steps or self.steps[0].duration_s is None:
            return None
        days, index = divmod(segment, len(self.steps))
        return days * DAY_S + float(sum(step.duration_s or 0 for step in self.steps[: index + 1]))

    def segment_at(self, elapsed_s: float) -> int:
        """Return the segment that runs at a time after `RUN` (the pump's own, s)."""
        segment = int(elapsed_s // DAY_S) * len(self.steps) if self.mode is ProgramMode.FLEX else 0
        while (end_s := self.end_of(segment)) is not None and end_s <= elapsed_s + _ROUNDING_S:
            segment += 1
        return segment


@dataclass(slots=True)
class Upload:
    """A program on its way in."""

    mode: ProgramMode
    count: int
    lockout_s: Decimal
    steps: list[StoredStep] = field(default_factory=list)

    def add(self, arguments: Sequence[str], limits: PumpLimits) -> None:
        """Take a step, or raise `Refusal`."""
        if len(arguments) != 3:
            raise Refusal(ErrorCode.BAD_ARGUMENT, "STEP takes number, flow and duration")
        if arguments[0] != str(len(self.steps) + 1):
            raise Refusal(ErrorCode.BAD_ARGUMENT, f"step {len(self.steps) + 1} comes next")
        if len(self.steps) == self.count:
            raise Refusal(ErrorCode.BAD_ARGUMENT, f"the program has {self.count} steps")
        flow = number(arguments[1])
        check_range("flow", float(flow), limits.flow_minimum_ul_per_h, limits.flow_maximum(self.mode), "uL/h")
        self.steps.append(StoredStep(flow, self._duration(arguments[2])))

    def finished(self) -> StoredProgram:
        """Return the program, or raise `Refusal` when steps are missing or do not fill the day."""
        if len(self.steps) != self.count:
            raise Refusal(ErrorCode.UPLOAD_INCOMPLETE, f"{len(self.steps)} of {self.count} steps have come")
        if self.mode is ProgramMode.FLEX:
            total = sum(step.duration_s or Decimal(0) for step in self.steps)
            if total != Decimal(DAY_S):
                raise Refusal(ErrorCode.OUT_OF_RANGE, f"durations {total} s together, not {DAY_S:g} s")
        return StoredProgram(self.mode, tuple(self.steps), self.lockout_s)

    def _duration(self, text: str) -> Decimal | None:
        if (text == NOTHING) is not (self.mode is ProgramMode.CONTINUOUS):
            wanted = "no duration" if self.mode is ProgramMode.CONTINUOUS else "a duration"
            raise Refusal(ErrorCode.BAD_ARGUMENT, f"a step of {self.mode.name} has {wanted}")
        if text == NOTHING:
            return None
        duration = number(text)
        if duration == 0:
            raise Refusal(ErrorCode.OUT_OF_RANGE, "duration 0 is no duration")
        return duration


def open_upload(arguments: Sequence[str], limits: PumpLimits) -> Upload:
    """Return the upload a `PGM` opens, or raise `Refusal`."""
    if not 2 <= len(arguments) <= 3:
        raise Refusal(ErrorCode.BAD_ARGUMENT, "PGM takes mode, number of steps and LOCKOUT=")
    mode = ProgramMode.__members__.get(arguments[0])
    if mode not in limits.modes:
        raise Refusal(ErrorCode.BAD_ARGUMENT, "no such mode")
    count = whole(arguments[1])
    fewest, most = limits.step_counts(mode)
    check_range("steps", count, fewest, most, "")
    lockout = Decimal(0)
    if len(arguments) == 3:
        if not arguments[2].startswith(_LOCKOUT) or mode not in LOCKOUT_MODES:
            raise Refusal(ErrorCode.BAD_ARGUMENT, "LOCKOUT= goes with a bolus or MINIMUM_RATE only")
        lockout = number(arguments[2].removeprefix(_LOCKOUT))
    return Upload(mode, count, lockout)


def number(text: str) -> Decimal:
    """Return a number of the interface, or raise `Refusal`."""
    try:
        return parse_number(text)
    except MessageError:
        raise Refusal(ErrorCode.BAD_ARGUMENT, "no number") from None


def whole(text: str) -> int:
    """Return a whole number, or raise `Refusal`."""
    value = number(text)
    if value != int(value):
        raise Refusal(ErrorCode.BAD_ARGUMENT, "no whole number")
    return int(value)
