"""Infusion programs as data, and the one conversion from dose to flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class ProgramError(ValueError):
    """A program no pump could run, or this pump refuses."""


class ProgramMode(Enum):
    """Modes of the therapy. `MINIMUM_RATE` and `STOP` carry no flow of their own."""

    CONTINUOUS = "continuous"
    FLEX = "flex"
    SINGLE_BOLUS = "single bolus"
    PRIMING_BOLUS = "priming bolus"
    BRIDGE_BOLUS = "bridge bolus"
    MINIMUM_RATE = "minimum rate"
    STOP = "stop"


BOLUS_MODES = frozenset({ProgramMode.SINGLE_BOLUS, ProgramMode.PRIMING_BOLUS, ProgramMode.BRIDGE_BOLUS})
"""Modes with one timed step, after which the pump goes on with something else."""

LOCKOUT_MODES = BOLUS_MODES | {ProgramMode.MINIMUM_RATE}


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A constant flow for a time; `duration_s` is None in a program that runs until it is stopped."""

    flow_ul_per_h: float
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.flow_ul_per_h) and self.flow_ul_per_h >= 0):
            raise ProgramError(f"flow must be a finite number >= 0 uL/h, not {self.flow_ul_per_h!r}")
        if self.duration_s is not None and not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise ProgramError(f"duration must be a finite number > 0 s, not {self.duration_s!r}")


@dataclass(frozen=True, slots=True)
class InfusionProgram:
    """What a pump is asked to deliver. CONTINUOUS has one step; FLEX repeats its steps; a bolus has one timed step.

    `lockout_s` goes with a bolus (no other bolus may begin for so long after this one began) and with MINIMUM_RATE
    (nothing but STOP may follow for so long).
    """

    mode: ProgramMode
    steps: tuple[FlowStep, ...] = ()
    lockout_s: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lockout_s) and self.lockout_s >= 0):
            raise ProgramError(f"lockout must be a finite number >= 0 s, not {self.lockout_s!r}")
        if self.lockout_s > 0 and self.mode not in LOCKOUT_MODES:
            raise ProgramError(f"a lockout goes with a bolus or the minimum rate, not with {self.mode.value!r}")


@dataclass(frozen=True, slots=True)
class FlowRange:
    """The flows a pump accepts in therapy, uL/h."""

    minimum_ul_per_h: float
    maximum_ul_per_h: float

    def check(self, flow_ul_per_h: float) -> None:
        """Raise `ProgramError` unless the flow lies in the range."""
        if not self.minimum_ul_per_h <= flow_ul_per_h <= self.maximum_ul_per_h:
            raise ProgramError(
                f"{flow_ul_per_h:g} uL/h lies outside the pump's range "
                f"{self.minimum_ul_per_h:g} to {self.maximum_ul_per_h:g} uL/h"
            )


IMPLANT_THERAPEUTIC_RANGE = FlowRange(minimum_ul_per_h=0.048 * 1000 / 24, maximum_ul_per_h=24 * 1000 / 24)
"""0.048 to 24 mL/day, the therapeutic range of the implanted pump."""


def flow_ul_per_h_from_dose(*, dose_ug_per_day: float, concentration_ug_per_ml: float) -> float:
    """Return the flow (uL/h) that gives a dose (ug/day) at a concentration (ug/mL): dose / concentration * 1000 / 24.

    Raises `ProgramError` unless both are finite and positive. 108 ug/day at 500 ug/mL is 9 uL/h.
    """
    for name, value in (("dose", dose_ug_per_day), ("concentration", concentration_ug_per_ml)):
        if not (math.isfinite(value) and value > 0):
            raise ProgramError(f"{name} must be a finite number > 0, not {value!r}")
    return dose_ug_per_day / concentration_ug_per_ml * 1000.0 / 24.0


def continuous(flow_ul_per_h: float) -> InfusionProgram:
    """Return the simple continuous program at a flow (uL/h)."""
    return InfusionProgram(ProgramMode.CONTINUOUS, (FlowStep(flow_ul_per_h),))


def flex(steps: Sequence[FlowStep]) -> InfusionProgram:
    """Return the day-step program: timed steps that fill a day together, and begin again the next day."""
    return InfusionProgram(ProgramMode.FLEX, tuple(steps))


def bolus(mode: ProgramMode, *, volume_ul: float, duration_s: float, lockout_s: float = 0.0) -> InfusionProgram:
    """Return a single, priming or bridge bolus of a volume (uL) over a duration (s)."""
    return InfusionProgram(mode, (FlowStep(volume_ul * 3600.0 / duration_s, duration_s),), lockout_s)


def bridge_bolus(*, dead_volume_ul: float, dose_ug_per_day: float, concentration_ug_per_ml: float) -> InfusionProgram:
    """Return the bridge bolus after a change of concentration: the old dose until the old drug has left the catheter.

    `dead_volume_ul` is what pump tubing and catheter hold of the old drug; dose and concentration are the old ones.
    It lasts dead volume * old concentration / old dose (the programming guides of implanted pumps): 441 uL of
    500 ug/mL at 108 ug/day take 49 h.
    """
    flow_ul_per_h = flow_ul_per_h_from_dose(
        dose_ug_per_day=dose_ug_per_day, concentration_ug_per_ml=concentration_ug_per_ml
    )
    duration_s = dead_volume_ul * 3600.0 / flow_ul_per_h
    return InfusionProgram(ProgramMode.BRIDGE_BOLUS, (FlowStep(flow_ul_per_h, duration_s),))


def minimum_rate(*, lockout_s: float = 0.0) -> InfusionProgram:
    """Return the program of the pump's own minimum flow, below the therapeutic range."""
    return InfusionProgram(ProgramMode.MINIMUM_RATE, (), lockout_s)
